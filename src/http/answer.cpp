#include "http/answer.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace hub::http {
namespace {

constexpr std::string_view content_security_policy =
    "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self'; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'";

std::string http_date(Time time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

bool is_broken(const std::pair<std::string, std::string>& header) {
  const auto bad = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  return header.first.empty() || std::any_of(header.first.begin(), header.first.end(), bad) ||
         std::any_of(header.second.begin(), header.second.end(), bad);
}

void add_cors(const Request& request, const Access& access, Response& response) {
  const auto origin = access.allowed_foreign_origin(request);
  if (!origin) return;
  response.set_header("Access-Control-Allow-Origin", *origin);
  response.set_header("Access-Control-Expose-Headers", "ETag, Location, Retry-After, X-Request-Id");
  if (!is_preflight(request)) return;
  response.set_header("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  response.set_header("Access-Control-Allow-Headers",
                      "Authorization, Content-Type, If-None-Match, X-AdaOS-Token, X-AdaOS-Request");
  response.set_header("Access-Control-Max-Age", "600");
}

std::string_view without_weakness(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

}  // namespace

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && !request.header("access-control-request-method").empty();
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  if (etag.empty()) return false;
  while (!if_none_match.empty()) {
    const auto end = std::min(if_none_match.find(','), if_none_match.size());
    auto one = if_none_match.substr(0, end);
    if_none_match.remove_prefix(std::min(end + 1, if_none_match.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one == "*" || without_weakness(one) == without_weakness(etag)) return true;
  }
  return false;
}

Response finished(const Request& request, Response response, const Access& access) {
  const bool cors = access.allowed_foreign_origin(request).has_value();
  if (cors && is_preflight(request)) response = empty(204);  // whatever the route would want
  std::erase_if(response.headers, is_broken);
  const std::string etag(response.header("ETag"));  // the headers below move
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads && response.status == 200 && etag_matches(request.header("if-none-match"), etag)) {
    response.status = 304;
  }
  if (response.header("Cache-Control").empty()) {
    response.set_header("Cache-Control", etag.empty() ? "no-store" : "no-cache");
  }
  if (response.header("Content-Type").starts_with("text/html")) {
    response.set_header("Content-Security-Policy", std::string(content_security_policy));
  }
  if (response.status == 204 || response.status == 304) {
    response.body.clear();
    response.shared_body.reset();
    std::erase_if(response.headers,
                  [](const auto& header) { return header.first == "Content-Type"; });
  }
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("X-Frame-Options", "DENY");
  response.set_header("Referrer-Policy", "no-referrer");
  response.set_header("Cross-Origin-Resource-Policy", "same-origin");
  response.set_header("X-Request-Id", request.request_id);
  response.set_header("Date", http_date(access.clock().now()));
  add_cors(request, access, response);
  return response;
}

}  // namespace hub::http
