#include "http/answer.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace hub::http {
namespace {

constexpr std::string_view content_security_policy =
    "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self'; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'";

constexpr std::string_view security_headers =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

constexpr std::array<std::string_view, 9> ours{"connection",
                                               "content-length",
                                               "cross-origin-resource-policy",
                                               "date",
                                               "referrer-policy",
                                               "transfer-encoding",
                                               "x-frame-options",
                                               "x-content-type-options",
                                               "x-request-id"};

std::string http_date(std::int64_t unix_seconds) {
  const std::time_t seconds = unix_seconds;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

// Made once a second and thread.
const std::string& date_text(Time now) {
  struct Made {
    std::int64_t second = -1;
    std::string text;
  };
  thread_local Made made;
  const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (made.second != second) made = {second, http_date(second)};
  return made.text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_lower(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

bool is_unwanted(const std::pair<std::string, std::string>& header) {
  const std::string& name = header.first;
  const std::string& value = header.second;
  constexpr std::string_view breaking("\r\n\0", 3);
  if (name.empty() || name.find_first_of(breaking) != std::string::npos ||
      value.find_first_of(breaking) != std::string::npos) {
    return true;
  }
  return std::ranges::any_of(ours, [&name](auto one) { return equals_lower(name, one); });
}

void add_cors(const Asked& asked, const Access& access, Response& response) {
  if (asked.origin.empty() || !access.is_allowed_foreign_origin(asked.origin)) return;
  response.set_header("Access-Control-Allow-Origin", asked.origin);
  response.set_header("Access-Control-Expose-Headers", "ETag, Location, Retry-After, X-Request-Id");
  if (asked.preflight == Asked::Preflight::no) return;
  response.set_header("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  response.set_header("Access-Control-Allow-Headers",
                      "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
                      "Last-Event-ID, X-AdaOS-Token, X-AdaOS-Request");
  response.set_header("Access-Control-Max-Age", "600");
}

std::string_view without_weakness(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Asked asked_of(const Request& request, unsigned version) {
  Asked asked;
  asked.method = request.method;
  asked.request_id = request.request_id;
  asked.if_none_match = request.header("if-none-match");
  asked.origin = request.header("origin");
  if (request.method == "OPTIONS" && !request.header("access-control-request-method").empty()) {
    asked.preflight = Asked::Preflight::yes;
  }
  asked.version = version;
  return asked;
}

bool etag_matches(std::string_view listed, std::string_view etag) {
  if (etag.empty()) return false;
  while (!listed.empty()) {
    const auto end = std::min(listed.find(','), listed.size());
    auto one = listed.substr(0, end);
    listed.remove_prefix(std::min(end + 1, listed.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one == "*" || without_weakness(one) == without_weakness(etag)) return true;
  }
  return false;
}

Response finished(const Asked& asked, Response response, const Access& access) {
  if (asked.preflight == Asked::Preflight::yes && access.is_allowed_foreign_origin(asked.origin)) {
    response = empty(204);  // whatever the route would want
  }
  std::erase_if(response.headers, is_unwanted);
  const std::string_view etag = response.header("ETag");
  const bool reads = asked.method == "GET" || asked.method == "HEAD";
  if (reads && response.status == 200 && etag_matches(asked.if_none_match, etag)) {
    response.status = 304;
  }
  if (response.header("Cache-Control").empty()) {
    const std::string_view rule = etag.empty() ? "no-store" : "no-cache";
    response.headers.emplace_back("Cache-Control", rule);
  }
  if (response.header("Content-Type").starts_with("text/html")) {
    response.set_header("Content-Security-Policy", std::string(content_security_policy));
  }
  if (response.status == 204 || response.status == 304) {
    response.body.clear();
    response.shared_body.reset();
    response.source.reset();
    std::erase_if(response.headers,
                  [](const auto& header) { return equals_lower(header.first, "content-type"); });
  }
  add_cors(asked, access, response);
  return response;
}

std::string head_text(const Asked& asked, const Response& response, Framing framing,
                      Afterwards afterwards, Time now) {
  std::string out;
  out.reserve(640);
  out.append(asked.version >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ");
  out.append(std::to_string(response.status)).append(" ");
  out.append(status_text(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  append_header(out, "X-Request-Id", asked.request_id);
  append_header(out, "Date", date_text(now));
  out.append(security_headers);
  if (framing == Framing::chunks) {
    append_header(out, "Transfer-Encoding", "chunked");
  } else if (framing == Framing::length && response.status != 204 && response.status != 304) {
    append_header(out, "Content-Length", std::to_string(response.bytes().size()));
  }
  if (afterwards == Afterwards::close) {
    append_header(out, "Connection", "close");
  } else if (asked.version < 11) {
    append_header(out, "Connection", "keep-alive");
  }
  return out.append("\r\n");
}

}  // namespace hub::http
