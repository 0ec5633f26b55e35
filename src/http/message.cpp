#include "http/message.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hub::http {
namespace {

constexpr std::size_t json_depth_max = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::forbidden: return "forbidden";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::exhausted: return "exhausted";
  }
  return "internal";
}

Response with_body(int status, std::string type, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  response.headers.emplace_back("Content-Type", std::move(type));
  return response;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::optional<std::string> Request::query_value(const std::string& name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

const std::string& Request::path_value(const std::string& name) const {
  static const std::string none;
  const auto found = path_values.find(name);
  return found == path_values.end() ? none : found->second;
}

std::string_view Request::cookie(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
        return pair.substr(equals + 1);
      }
    }
  }
  return {};
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

Response& Response::set_header(std::string_view name, std::string value) {
  std::erase_if(headers, [&](const auto& pair) { return equal_ignoring_case(pair.first, name); });
  headers.emplace_back(name, std::move(value));
  return *this;
}

std::string_view status_text(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid: return error.reason == "idempotency_key_reused" ? 422 : 400;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::cancelled: return 409;
    case ErrorCode::exhausted:
      if (error.reason == "disk_full") return 507;
      return error.reason == "too_many_operations" || error.reason == "too_many_streams" ? 503
                                                                                         : 429;
  }
  return 500;
}

namespace {

// When to come again: what the error knows, else a guess that spares us a storm.
std::string retry_after(const Error& error) {
  const auto* seconds = error.details.if_contains("retry_after_s");
  return std::to_string(seconds && seconds->is_int64() ? seconds->get_int64() : 2);
}

}  // namespace

Response json(int status, const Json& body) {
  return with_body(status, "application/json", boost::json::serialize(body));
}

Response text(int status, std::string body) {
  return with_body(status, "text/plain; charset=utf-8", std::move(body));
}

Response empty(int status) {
  Response response;
  response.status = status;
  return response;
}

Response problem(const Error& error) { return problem(status_of(error), error); }

Response problem(int status, const Error& error) {
  boost::json::object body{
      {"type", "about:blank"},
      {"title", status_text(status)},
      {"status", status},
      {"detail", error.message},
      {"code", error.reason.empty() ? name_of(error.code) : std::string_view(error.reason)}};
  if (!error.hint.empty()) body["hint"] = error.hint;
  if (!error.details.empty()) body["details"] = error.details;
  auto response = with_body(status, "application/problem+json", boost::json::serialize(body));
  if (status == 429 || status == 503) response.set_header("Retry-After", retry_after(error));
  return response;
}

Result<Json> json_body(const Request& request) {
  boost::json::parse_options options;
  options.max_depth = json_depth_max;
  boost::json::error_code ec;
  Json body = boost::json::parse(request.body, ec, {}, options);
  if (ec) {
    return fail(ErrorCode::invalid, "cannot read the request body: " + ec.message(),
                "body_not_json", "Send one JSON value as the body.");
  }
  return body;
}

}  // namespace hub::http
