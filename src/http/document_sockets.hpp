#pragma once
// /yws/{webspace} and /yws?ws={webspace}: the WebSockets of the Yjs documents (contracts.md §7).
// Who may open one: socket.hpp. A webspace id that can't be one closes with 4400, after which
// y-websocket does not come back.

#include "http/socket.hpp"
#include "projection/document_server.hpp"

namespace hub::http {

namespace close_code {
inline constexpr std::uint16_t bad_webspace = 4400;
}  // namespace close_code

// `documents` outlives the server.
void add_document_sockets(SocketRoutes&, projection::DocumentServer& documents);

}  // namespace hub::http
