#pragma once
// One keep-alive connection of the load client: one request at a time, non-blocking, and as cheap
// as it can be, because the client shares the machine with the hub it measures.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tcp_socket.hpp"

namespace hub::benchmarks {

struct HttpAnswer {
  int status = 0;
  std::string_view body;  // until the next send()
};

class HttpConnection {
 public:
  // Connects at once. Throws std::system_error when nobody listens there.
  HttpConnection(const std::string& ipv4_address, std::uint16_t port);

  int descriptor() const { return socket_.get(); }

  // The whole request. It is small: a socket that does not take it all at once is an error.
  void send(std::string_view request);

  // Reads what has come. The answer when it is whole; throws std::runtime_error when the hub closed
  // the connection or answered without Content-Length.
  std::optional<HttpAnswer> receive();

 private:
  bool parse_head();

  Descriptor socket_;
  std::string received_;
  std::size_t used_ = 0;        // bytes of received_ that are filled
  std::size_t head_bytes_ = 0;  // 0: the head is not whole yet
  std::size_t body_bytes_ = 0;
  int status_ = 0;
};

}  // namespace hub::benchmarks
