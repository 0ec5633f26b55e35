#pragma once
// For tests: a real server on a free port with a token, a temporary state folder and what routes
// the test adds before start().

#include <stdexcept>

#include "base/files.hpp"
#include "base/time.hpp"
#include "http/server.hpp"
#include "http/test_client.hpp"

namespace hub::http {

struct TestHub {
  explicit TestHub(AccessOptions access_options = {}) : workers(2) {
    access_options.state = directory.path() / "state";
    access = Access::open(std::move(access_options), clock).value();
  }

  void start(ServerLimits limits = {}, std::size_t io_threads = 1) {
    server = std::make_unique<Server>(
        ServerOptions{
            .address = "127.0.0.1", .port = 0, .io_threads = io_threads, .limits = limits},
        std::move(router), std::move(sockets), *access);
    if (const auto started = server->start(); !started) {
      throw std::runtime_error(started.error().message);
    }
    port = server->port();
  }

  std::string token_header() const { return "X-AdaOS-Token: " + access->token() + "\r\n"; }

  TemporaryDirectory directory;
  SystemClock clock;
  Workers workers;
  std::unique_ptr<Access> access;
  Router router;
  SocketRoutes sockets;
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

inline Handler says(std::string what) {
  return inline_handler([what = std::move(what)](const Request&) { return text(200, what); });
}

}  // namespace hub::http
