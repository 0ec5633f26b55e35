#pragma once
// What the server adds to every answer, whoever made it. Pure functions of their arguments.

#include "http/access.hpp"
#include "http/message.hpp"

namespace hub::http {

// What an answer needs to know of its request, once the handler has the rest.
struct Asked {
  std::string method;
  std::string request_id;
  std::string if_none_match;
  std::string origin;
  // The OPTIONS request that a browser sends before a foreign page's real one.
  enum class Preflight { no, yes } preflight = Preflight::no;
  unsigned version = 11;  // of HTTP, times ten
};
Asked asked_of(const Request&, unsigned version);

// Fills in what the handler left open: 304 for a matching If-None-Match, Cache-Control (no-cache
// with an ETag, else no-store), a Content Security Policy for HTML, CORS headers for a foreign
// origin that the operator allowed. Drops the body of 204 and 304, headers whose name or value
// would break the message, and those that head_text() writes.
Response finished(const Asked&, Response, const Access&);

enum class Framing {
  length,  // Content-Length, unless the status forbids it
  chunks,
  until_close,
};
enum class Afterwards { keep, close };

// The head of a finished answer, with its empty line: status, the response's headers, X-Request-Id,
// Date, the security headers, and what the framing and the connection need.
std::string head_text(const Asked&, const Response&, Framing, Afterwards, Time now);

// Whether an If-None-Match or If-Match value names the ETag: "*", or a list with it, weak or
// strong.
bool etag_matches(std::string_view listed, std::string_view etag);

}  // namespace hub::http
