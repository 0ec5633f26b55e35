#pragma once
// What the server adds to every answer, whoever made it. Pure functions of their arguments.

#include "http/access.hpp"
#include "http/message.hpp"

namespace hub::http {

// Fills in what the handler left open: 304 for a matching If-None-Match, Cache-Control (no-cache
// with an ETag, else no-store), X-Request-Id, Date, the security headers (and a Content Security
// Policy for HTML), CORS headers for a foreign origin that the operator allowed. Drops the body
// of 204 and 304 and headers whose name or value would break the message.
Response finished(const Request&, Response, const Access&);

// The answer to the OPTIONS request that a browser sends before a foreign page's real one.
bool is_preflight(const Request&);

// Whether an If-None-Match value names the ETag: "*", or a list with it, weak or strong.
bool etag_matches(std::string_view if_none_match, std::string_view etag);

}  // namespace hub::http
