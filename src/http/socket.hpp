#pragma once
// WebSockets as handlers see them: no Beast.
//
//   SocketRoute{.pattern = "/yws/{webspace}", .messages = SocketMessages::binary,
//               .open = [&](std::shared_ptr<Socket> socket, const Request& request) {
//                 auto client = sessions.join(socket, request.path_value("webspace"));
//                 return SocketEvents{.on_message = …, .on_close = …};
//               }}
//
// Before the upgrade: Host and Origin as for HTTP, then the credential: an Authorization or
// X-AdaOS-Token header, a `token` query parameter, or the session cookie (only together with an
// Origin, which every browser sends). None or a wrong one is answered 401 (429 after too many)
// without an upgrade; a y-websocket client then goes on trying, as it should after a hub got a
// new token. Only where `auth` is token_or_message, a client that says `?auth=message` is let in
// without a credential: request.principal is empty, and the handler must have a good y-protocols
// auth message (Access::check_token) before it serves anything, or close with 4401.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "projection/peer.hpp"

namespace hub::http {

namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;  // the hub stops
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported = 1003;  // text where binary is wanted, or the reverse
inline constexpr std::uint16_t abnormal = 1006;     // never sent: the connection broke
inline constexpr std::uint16_t policy = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;  // a handler threw
inline constexpr std::uint16_t restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;  // its queue is full
// y-websocket never comes back after 4400-4499.
inline constexpr std::uint16_t unauthorized = 4401;
}  // namespace close_code

// One open connection. Every method may be called from any thread, at any time (also after the
// connection or the server is gone, then it does nothing), and never blocks. Messages go out in
// the order of the calls. After close() nothing more is sent; what was queued before still is,
// except when the queue was full.
class Socket : public projection::Peer {
 public:
  // More than this in the queue closes the connection with 1013 (one message of any size is
  // taken while the queue is empty). Handlers that merge or drop do so well before it.
  static constexpr std::size_t queue_bytes_max = std::size_t{8} << 20U;

  virtual void send_text(projection::Frame utf8) = 0;
  // send() of Peer sends a binary message.
};

// Called on the connection's io thread, one at a time and in order; must not block. An exception
// closes the connection with 1011. No call comes after on_close, which comes exactly once, also
// when the server stops.
struct SocketEvents {
  std::function<void(std::string_view bytes)> on_message = {};
  std::function<void(std::uint16_t code)> on_close = {};
};

enum class SocketMessages { binary, text };
enum class SocketAuth { token, token_or_message };

struct SocketRoute {
  std::string pattern;                               // as in Router: "/yws/{webspace}"
  SocketMessages messages = SocketMessages::binary;  // the other kind closes with 1003
  SocketAuth auth = SocketAuth::token;
  std::size_t message_bytes_max = std::size_t{1} << 20U;  // more closes with 1009
  // Called on the io thread once the connection is open.
  std::function<SocketEvents(std::shared_ptr<Socket>, const Request&)> open = {};
};

using SocketRoutes = std::vector<SocketRoute>;

}  // namespace hub::http
