#pragma once
// The HTTP/1.1 and WebSocket server. Boost.Beast lives behind this header, in server.cpp,
// connection.cpp and beast_socket.cpp (docs/decisions/0004-http-server.md).
//
//   Server server(options, std::move(router), std::move(socket_routes), access);
//   HUB_CHECK(server.start());
//   …
//   server.stop(std::chrono::seconds(5));
//
// start() and stop() belong to one thread; port() to any. Handlers run on the io threads.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/access.hpp"
#include "http/router.hpp"
#include "http/socket.hpp"

namespace hub::http {

// Each has one meaning and one answer; a test may make them small.
struct ServerLimits {
  std::uint32_t header_bytes_max = 16U << 10U;            // 431
  std::uint64_t body_bytes_max = 4U << 20U;               // 413
  std::size_t connections_max = 10'000;                   // 503 and closed
  std::chrono::milliseconds header_timeout{10'000};       // from its first byte to its last; closed
  std::chrono::milliseconds body_timeout{30'000};         // from head to last byte; closed
  std::chrono::milliseconds write_timeout{60'000};        // of one answer, of one piece of a stream
  std::chrono::milliseconds stream_heartbeat{15'000};     // what goes out while nothing comes
  std::chrono::milliseconds idle_timeout{60'000};         // between two requests
  std::chrono::milliseconds socket_idle_timeout{60'000};  // a ping at half of it, then closed
  std::chrono::milliseconds socket_close_timeout{3'000};  // for the other side's close frame
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8777;  // 0: a free one
  std::size_t io_threads = 1;
  ServerLimits limits = {};
};

class Server {
 public:
  // Access outlives the server, as does what the handlers refer to.
  Server(ServerOptions, Router, SocketRoutes, Access&);
  ~Server();  // stops at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and returns. conflict, reason "port_in_use"; forbidden, reason "port_forbidden";
  // invalid, reason "address_invalid".
  Result<> start();

  std::uint16_t port() const;  // the real one; 0 before start()

  // Takes no new connection, ends idle ones, closes WebSockets with 1001, lets running requests
  // finish; after `patience` cuts what is left. Every on_close has been called when it returns.
  void stop(std::chrono::milliseconds patience);

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace hub::http
