#include "tcp_socket.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace hub::benchmarks {

sockaddr_in ipv4_address(const std::string& address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &out.sin_addr) != 1) {
    throw std::runtime_error("cannot connect to " + address + ": want an IPv4 address");
  }
  return out;
}

Descriptor tcp_socket(int flags) {
  Descriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!out.ok()) throw std::system_error(errno, std::generic_category(), "socket");
  const int on = 1;
  ::setsockopt(out.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return out;
}

Descriptor connected_socket(const std::string& address, std::uint16_t port) {
  Descriptor out = tcp_socket(0);
  const sockaddr_in to = ipv4_address(address, port);
  if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  return out;
}

}  // namespace hub::benchmarks
