#pragma once
// A request and a response as handlers see them: plain values, no sockets, no Beast. The only
// place that knows which HTTP status an Error becomes.
//
// Values: copied or moved freely, used by one thread at a time.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "http/body_source.hpp"

namespace hub::http {

// In the order of the wire. Names are lower case in a Request; in a Response any case will do.
using Headers = std::vector<std::pair<std::string, std::string>>;

// Who asks. Roles come with named tokens; today every principal may do everything.
struct Principal {
  enum class By { token, session };
  By by = By::token;
};

struct Request {
  std::string method;  // upper case; HEAD reaches the GET handler, which need not care
  // Percent-decoded and normalised: begins with '/', no empty, "." or ".." segment, no trailing
  // slash, valid UTF-8. A decoded segment never holds '/', '\' or a control character.
  std::string path;
  std::map<std::string, std::string> path_values;  // "{id}" of the route's pattern
  std::multimap<std::string, std::string> query;   // decoded, '+' is a space; valid UTF-8
  Headers headers;
  std::string body;
  std::string peer_address;  // "127.0.0.1", "::1"; no port
  std::string request_id;    // ours, also in the X-Request-Id of the answer and in the log
  std::optional<Principal> principal;  // empty only on open routes (and see socket.hpp)

  // The first of that name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const;
  std::optional<std::string> query_value(const std::string& name) const;
  // Empty when the pattern has no such name.
  const std::string& path_value(const std::string& name) const;
  // The value of a cookie; empty when there is none.
  std::string_view cookie(std::string_view name) const;
};

// The server adds what every answer carries: Content-Length, Date, X-Request-Id, the security
// headers, Cache-Control when the handler gave none, and 304 when the handler's ETag matches.
struct Response {
  int status = 200;
  Headers headers = {};
  std::string body = {};
  // Sent instead of `body` when set: bytes that many answers share.
  std::shared_ptr<const std::string> shared_body = {};
  // Sent instead of both when set. Shared with what gives the pieces, which may outlive the stream.
  std::shared_ptr<BodySource> source = {};

  std::string_view bytes() const { return shared_body ? *shared_body : std::string_view(body); }
  std::string_view header(std::string_view name) const;  // any case; empty when there is none
  // Replaces what is there under that name.
  Response& set_header(std::string_view name, std::string value);
};

std::string_view status_text(int status);  // "Not Found"; "Unknown" for one we never send
// exhausted: 507 for "disk_full", 503 for what the hub as a whole has too many of, else 429;
// invalid: 422 for "idempotency_key_reused", else 400.
int status_of(const Error&);

Response json(int status, const Json& body);
Response text(int status, std::string body);  // text/plain; charset=utf-8
Response empty(int status);
// RFC 9457 application/problem+json: {type, title, status, detail, code, hint?, details?}.
// `detail` is the message (AdaOS clients read it); `code` is the reason, or the name of the
// ErrorCode when there is none. 429 and 503 say Retry-After: details.retry_after_s, or 2 seconds.
Response problem(const Error&);
Response problem(int status, const Error&);  // where the map of codes is not precise enough

// The value as JSON with `status_on_success`, or the problem.
template <class T>
Response reply_of(int status_on_success, const Result<T>& result) {
  if (!result) return problem(result.error());
  if constexpr (std::is_void_v<T>) {
    return empty(status_on_success);
  } else {
    return json(status_on_success, to_json(*result));
  }
}

// The body as JSON (depth <= 32). invalid, reason "body_not_json": empty or malformed.
Result<Json> json_body(const Request&);
// The same, read into a described type. invalid: names the path of the first bad field.
template <class T>
Result<T> body_as(const Request& request) {
  HUB_TRY(body, json_body(request));
  return from_json<T>(body, "body");
}

// The path and query of a request line ("/a%20b?x=1"), decoded into `path` and `query`.
// invalid: not a path ("http://…", "*"), a bad escape, not UTF-8, a dot segment, an encoded
// slash, a control character.
Result<> read_target(std::string_view target, Request& into);

}  // namespace hub::http
