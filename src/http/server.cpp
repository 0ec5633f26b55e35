#include "http/server.hpp"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "http/beast.hpp"

namespace hub::http {
namespace {

using asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

constexpr std::chrono::milliseconds accept_pause{100};  // after EMFILE and its like
constexpr std::chrono::seconds cut_patience{2};
constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n";

// Names a port that cannot be had, and what to do.
Error listen_error(const std::string& address, std::uint16_t port, const error_code& ec) {
  const std::string where = address + ":" + std::to_string(port);
  Error error{.code = ErrorCode::invalid,
              .message = "cannot listen on " + where + ": " + ec.message(),
              .reason = "address_invalid",
              .hint = "Give --host an address of this machine: 127.0.0.1 or ::1.",
              .details = {{"address", address}, {"port", port}}};
  if (ec == asio::error::address_in_use) {
    error.code = ErrorCode::conflict;
    error.message = "cannot listen on " + where + ": another program has the port";
    error.reason = "port_in_use";
    error.hint =
        "Stop that program (ss -ltnp shows it), or choose another port with --port; "
        "--port 0 takes a free one.";
  } else if (ec == asio::error::access_denied) {
    error.code = ErrorCode::forbidden;
    error.reason = "port_forbidden";
    error.hint = "Ports below 1024 need root; choose a higher one with --port.";
  }
  return error;
}

Awaitable<> accept_all(Acceptor& acceptor, asio::io_context& context, ServerParts& parts) {
  while (acceptor.is_open()) {
    Tcp socket(asio::make_strand(context));
    const auto [ec] = co_await acceptor.async_accept(socket, as_result);
    if (parts.stopping || ec == asio::error::operation_aborted) co_return;
    if (ec) {
      log::warning("http", "accept_failed", {{"error", ec.message()}});
      Timer pause(acceptor.get_executor(), accept_pause);
      co_await pause.async_wait(as_result);
      continue;
    }
    error_code ignored;
    ignored = socket.set_option(tcp::no_delay(true), ignored);
    if (parts.connections.size() >= parts.options.limits.connections_max) {
      ignored = socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(busy_answer), ignored);
      continue;
    }
    start_connection(std::move(socket), parts);
  }
}

}  // namespace

struct Server::Core {
  Core(ServerOptions options, Router router, SocketRoutes routes, Access& access)
      : parts(std::move(options), std::move(router), std::move(routes), access) {}

  Result<> listen() {
    const auto& [address, port, io_threads, limits] = parts.options;
    try {
      const tcp::endpoint endpoint(asio::ip::make_address(address), port);
      acceptor.open(endpoint.protocol());
      acceptor.set_option(tcp::acceptor::reuse_address(true));
      acceptor.bind(endpoint);
      acceptor.listen(tcp::acceptor::max_listen_connections);
      bound_port = acceptor.local_endpoint().port();
      return {};
    } catch (const boost::system::system_error& error) {
      if (acceptor.is_open()) acceptor.close();
      return tl::unexpected(listen_error(address, port, error.code()));
    }
  }

  void run_threads() {
    for (std::size_t number = 0; number < std::max<std::size_t>(parts.options.io_threads, 1);
         ++number) {
      threads.emplace_back([this] { run_one(); });
    }
  }

  void run_one() {
    name_this_thread("http");
    for (;;) {
      try {
        context.run();
        return;
      } catch (const std::exception& error) {
        log::error("http", "io_thread_failed", {{"error", error.what()}});
      }
    }
  }

  ServerParts parts;  // before the context: coroutines that die with it use the parts
  asio::io_context context;
  Acceptor acceptor{asio::make_strand(context)};
  std::atomic<std::uint16_t> bound_port{0};
  std::vector<std::thread> threads;
};

Server::Server(ServerOptions options, Router router, SocketRoutes routes, Access& access)
    : core_(std::make_unique<Core>(std::move(options), std::move(router), std::move(routes),
                                   access)) {}

// NOLINTNEXTLINE(bugprone-exception-escape): a thread that cannot be joined has no cure
Server::~Server() { stop(std::chrono::milliseconds(0)); }

Result<> Server::start() {
  HUB_CHECK(core_->listen());
  core_->parts.access.listening_on(core_->parts.options.address, core_->bound_port);
  auto accepting = accept_all(core_->acceptor, core_->context, core_->parts);
  asio::co_spawn(core_->acceptor.get_executor(), std::move(accepting), asio::detached);
  core_->run_threads();
  return {};
}

std::uint16_t Server::port() const { return core_->bound_port; }

void Server::stop(std::chrono::milliseconds patience) {
  if (core_->threads.empty()) return;
  auto& parts = core_->parts;
  const auto now = std::chrono::steady_clock::now();
  parts.stopping = true;
  asio::post(core_->acceptor.get_executor(), [core = core_.get()] {
    error_code ignored;
    ignored = core->acceptor.close(ignored);
  });
  parts.sockets.stop_all();
  parts.connections.stop_all();
  if (!parts.connections.wait_until_empty(now + patience)) {
    log::info("http", "connections_cut", {{"count", parts.connections.size()}});
    parts.sockets.cut_all();
    parts.connections.cut_all();
    parts.connections.wait_until_empty(now + patience + cut_patience);
  }
  core_->context.stop();
  for (auto& thread : core_->threads) thread.join();
  core_->threads.clear();
}

}  // namespace hub::http
