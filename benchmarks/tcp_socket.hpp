#pragma once
// TCP sockets of the load clients. IPv4, no delay, closed by programs that are started.

#include <cstdint>
#include <string>

#include <netinet/in.h>

#include "base/descriptor.hpp"

namespace hub::benchmarks {

// Throws std::runtime_error when that is no IPv4 address.
sockaddr_in ipv4_address(const std::string& address, std::uint16_t port);

// Not connected yet. `flags`: SOCK_NONBLOCK, or 0. Throws std::system_error.
Descriptor tcp_socket(int flags);

// Connected, blocking. Throws std::system_error when nobody listens there.
Descriptor connected_socket(const std::string& address, std::uint16_t port);

}  // namespace hub::benchmarks
