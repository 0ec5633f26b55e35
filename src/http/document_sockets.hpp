#pragma once
// /yws/{webspace} and /yws?ws={webspace}: the WebSockets of the Yjs documents (contracts.md §7).
// Who may open one: socket.hpp. A client that cannot send its token with the request says
// `?auth=message` and sends the token as a y-protocols auth message: 02 00 varString(token). What
// it sent before (y-websocket begins with its step 1) waits until then. A wrong token closes with
// 4401, a webspace id that can't be one with 4400, after which y-websocket does not come back.

#include "http/access.hpp"
#include "http/socket.hpp"
#include "projection/document_server.hpp"

namespace hub::http {

namespace close_code {
inline constexpr std::uint16_t bad_webspace = 4400;
}  // namespace close_code

// Clients without a token yet: the oldest makes room (1013).
inline constexpr std::size_t arrivals_max = 64;
// What one of them may send before it: more closes with 4401.
inline constexpr std::size_t early_messages_max = 8, early_bytes_max = std::size_t{64} << 10U;

// `access` and `documents` outlive the server.
void add_document_sockets(SocketRoutes&, Access& access, projection::DocumentServer& documents);

}  // namespace hub::http
