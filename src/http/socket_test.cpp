#include "http/socket.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <thread>

#include <doctest/doctest.h>

#include "http/test_hub.hpp"

namespace hub::http {
namespace {

using projection::Frame;

Frame frame(std::string bytes) { return std::make_shared<const std::string>(std::move(bytes)); }

// A hub with one WebSocket route; keeps what was opened and how it ended.
struct SocketHub : TestHub {
  explicit SocketHub(SocketRoute route = {}, AccessOptions options = {})
      : TestHub(std::move(options)) {
    if (route.pattern.empty()) route.pattern = "/yws/{webspace}";
    route.open = [this](const std::shared_ptr<Socket>& socket, const Request& request) {
      const std::lock_guard lock(mutex);
      opened.push_back(socket);
      last_request = request;
      changed.notify_all();
      return SocketEvents{.on_message =
                              [socket](std::string_view bytes) {
                                if (bytes == "throw") throw std::runtime_error("a bug");
                                if (bytes == "bye") return socket->close(4000, "asked");
                                if (bytes == "text") return socket->send_text(frame("as text"));
                                socket->send(frame(std::string(bytes)));
                              },
                          .on_close =
                              [this](std::uint16_t code) {
                                const std::lock_guard relock(mutex);
                                closed.push_back(code);
                                changed.notify_all();
                              }};
    };
    sockets.push_back(std::move(route));
  }
  ~SocketHub() { server.reset(); }
  SocketHub(const SocketHub&) = delete;
  SocketHub& operator=(const SocketHub&) = delete;

  std::shared_ptr<Socket> wait_for_socket(std::size_t number = 1) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(10), [&] { return opened.size() >= number; });
    REQUIRE(opened.size() >= number);
    return opened[number - 1];
  }
  std::uint16_t wait_for_close() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(10), [&] { return !closed.empty(); });
    REQUIRE(closed.size() == 1);
    return closed[0];
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<Socket>> opened;
  std::vector<std::uint16_t> closed;
  Request last_request;
};

TEST_CASE("a WebSocket echoes, knows its webspace, and hears its client's close") {
  SocketHub hub;
  hub.start();
  TestClient client(hub.port);
  CHECK(client.upgrade("/yws/%D0%BC?token=" + hub.access->token() + "&x=1").status == 101);
  client.send_frame(2, std::string("\0\1\2", 3));
  const auto echo = client.read_frame();
  CHECK(echo.opcode == 2);
  CHECK(echo.bytes == std::string("\0\1\2", 3));
  CHECK(hub.last_request.path_value("webspace") == "\xD0\xBC");
  CHECK(hub.last_request.query_value("x") == "1");
  CHECK(hub.last_request.principal.has_value());
  client.send_frame(2, std::string(100'000, 'x'));
  CHECK(client.read_frame().bytes.size() == 100'000);
  client.send_frame(2, "text");
  CHECK(client.read_frame().opcode == 1);
  client.send_frame(9, "ping");
  CHECK(client.read_frame().opcode == 10);
  client.send_close(1000);
  CHECK(client.read_frame().close_code() == 1000);
  CHECK(client.is_closed());
}

TEST_CASE("a client that says goodbye but does not hang up is not waited for") {
  SocketHub hub;
  ServerLimits limits;
  limits.socket_close_timeout = std::chrono::milliseconds(50);
  hub.start(limits);
  TestClient client(hub.port);
  REQUIRE(client.upgrade("/yws/desktop", hub.token_header()).status == 101);
  client.send_close(1000);
  CHECK(hub.wait_for_close() == 1000);
}

TEST_CASE("a WebSocket opens only for who may come in") {
  SocketHub hub;
  hub.router.add("GET", "/", Auth::open, says("page"));
  hub.start();
  const auto status = [&](const std::string& target, const std::string& headers = {}) {
    return TestClient(hub.port).upgrade(target, headers).status;
  };
  const auto token = "?token=" + hub.access->token();
  CHECK(status("/yws/desktop") == 401);
  CHECK(status("/yws/desktop?token=wrong") == 401);
  CHECK(status("/yws/desktop?auth=message") == 401);
  CHECK(status("/yws/desktop", hub.token_header()) == 101);
  CHECK(status("/yws/desktop" + token, "Origin: http://evil.example\r\n") == 403);
  CHECK(status("/yws/desktop" + token,
               "Origin: http://127.0.0.1:" + std::to_string(hub.port) + "\r\n") == 101);
  CHECK(status("/yws/desktop" + token, "Host: evil.example\r\n") == 421);
  CHECK(status("/other" + token) == 404);
  CHECK(status("/yws/a/b" + token) == 404);
  CHECK(TestClient(hub.port).ask("GET", "/yws/desktop").status == 426);
  const auto cookie = "Cookie: adaos_session=" + hub.access->start_session().value() + "\r\n";
  CHECK(status("/yws/desktop", cookie) == 401);
  CHECK(status("/yws/desktop",
               cookie + "Origin: http://127.0.0.1:" + std::to_string(hub.port) + "\r\n") == 101);
}

TEST_CASE("a route may let a client in that shows its token in a message") {
  SocketHub hub({.pattern = "/yws", .auth = SocketAuth::token_or_message});
  hub.start();
  CHECK(TestClient(hub.port).upgrade("/yws?ws=desktop").status == 401);
  CHECK(TestClient(hub.port).upgrade("/yws?auth=message&token=wrong").status == 401);
  TestClient client(hub.port);
  CHECK(client.upgrade("/yws?ws=desktop&auth=message").status == 101);
  hub.wait_for_socket();
  CHECK_FALSE(hub.last_request.principal.has_value());
}

TEST_CASE("the wrong kind of message, one too large, and a handler's bug each have their code") {
  SocketHub hub({.pattern = "/yws/{webspace}", .message_bytes_max = 1000});
  hub.start();
  const auto code_after = [&](int opcode, const std::string& bytes) {
    TestClient client(hub.port);
    REQUIRE(client.upgrade("/yws/desktop", hub.token_header()).status == 101);
    client.send_frame(opcode, bytes);
    const auto code = client.read_frame().close_code();
    client.send_close(1000);
    CHECK(client.is_closed());
    client.hang_up();
    const auto heard = hub.wait_for_close();
    hub.closed.clear();
    CHECK(heard == code);
    return code;
  };
  CHECK(code_after(1, "text") == 1003);
  CHECK(code_after(2, std::string(1001, 'x')) == 1009);
  CHECK(code_after(2, "throw") == 1011);
  CHECK(code_after(2, "bye") == 4000);
  CHECK(code_after(3, "reserved") == 1002);
}

TEST_CASE("messages from several threads arrive whole, each thread's in its order") {
  SocketHub hub;
  hub.start({}, 2);
  TestClient client(hub.port);
  REQUIRE(client.upgrade("/yws/desktop", hub.token_header()).status == 101);
  const auto socket = hub.wait_for_socket();
  constexpr int threads_count = 4, messages_count = 300;
  std::vector<std::thread> threads;
  for (int number = 0; number < threads_count; ++number) {
    threads.emplace_back([&, number] {
      for (int at = 0; at < messages_count; ++at) {
        socket->send(frame(std::to_string(number) + ":" + std::to_string(at) + ":" +
                           std::string(static_cast<std::size_t>(at), 'x')));
      }
    });
  }
  std::vector<int> next(threads_count, 0);
  bool right = true;
  for (int at = 0; at < threads_count * messages_count; ++at) {
    const auto bytes = client.read_frame().bytes;
    const auto colon = bytes.find(':'), second = bytes.find(':', colon + 1);
    if (second == std::string::npos) {
      right = false;
      break;
    }
    const auto number = std::stoul(bytes.substr(0, colon));
    const auto count = std::stoi(bytes.substr(colon + 1, second - colon - 1));
    right = right && number < next.size() && next[number]++ == count &&
            bytes.size() - second - 1 == static_cast<std::size_t>(count);
  }
  for (auto& thread : threads) thread.join();
  CHECK(right);
  while (socket->queued_bytes() > 0) std::this_thread::yield();
}

TEST_CASE("close sends what was queued before it and nothing after") {
  SocketHub hub;
  hub.start();
  TestClient client(hub.port);
  REQUIRE(client.upgrade("/yws/desktop", hub.token_header()).status == 101);
  const auto socket = hub.wait_for_socket();
  socket->send(frame("first"));
  socket->close(4403, std::string(500, 'x'));
  socket->send(frame("never"));
  CHECK(client.read_frame().bytes == "first");
  const auto last = client.read_frame();
  CHECK(last.close_code() == 4403);
  CHECK(last.bytes.size() == 125);
  client.send_close(4403);
  CHECK(client.is_closed());
  client.hang_up();
  CHECK(hub.wait_for_close() == 4403);
}

TEST_CASE("a client that does not read is closed; its queue stays within its bound") {
  SocketHub hub;
  ServerLimits limits;
  limits.socket_close_timeout = std::chrono::milliseconds(100);
  hub.start(limits);
  TestClient client(hub.port);
  REQUIRE(client.upgrade("/yws/desktop", hub.token_header()).status == 101);
  const auto socket = hub.wait_for_socket();
  const auto megabyte = frame(std::string(std::size_t{1} << 20U, 'x'));
  std::size_t most = 0;
  for (int at = 0; at < 64; ++at) {
    socket->send(megabyte);
    most = std::max(most, socket->queued_bytes());
  }
  CHECK(most <= Socket::queue_bytes_max);
  CHECK(hub.wait_for_close() == 1013);
  CHECK(socket->queued_bytes() == 0);
}

TEST_CASE("a WebSocket that says nothing is pinged, then ended") {
  SocketHub hub;
  ServerLimits limits;
  limits.socket_idle_timeout = std::chrono::milliseconds(200);
  hub.start(limits);
  TestClient client(hub.port);
  REQUIRE(client.upgrade("/yws/desktop", hub.token_header()).status == 101);
  CHECK(client.read_frame().opcode == 9);
  CHECK(hub.wait_for_close() == 1006);
}

TEST_CASE("a stopping server says going away, and a kept Socket outlives it") {
  SocketHub hub;
  hub.start();
  TestClient polite(hub.port), silent(hub.port);
  REQUIRE(polite.upgrade("/yws/desktop", hub.token_header()).status == 101);
  REQUIRE(silent.upgrade("/yws/desktop", hub.token_header()).status == 101);
  hub.wait_for_socket(2);
  auto stopping =
      std::async(std::launch::async, [&] { hub.server->stop(std::chrono::milliseconds(300)); });
  CHECK(polite.read_frame().close_code() == 1001);
  polite.send_close(1001);
  stopping.get();
  CHECK(silent.read_frame().close_code() == 1001);
  CHECK(hub.closed == std::vector<std::uint16_t>{1001, 1001});
  hub.server.reset();
  for (const auto& socket : hub.opened) {
    socket->send(frame("nobody hears"));
    socket->close(1000, "");
    CHECK(socket->queued_bytes() == 0);
  }
}

TEST_CASE("a socket that breaks is heard of as abnormal") {
  SocketHub hub;
  hub.start();
  auto client = std::make_unique<TestClient>(hub.port);
  REQUIRE(client->upgrade("/yws/desktop", hub.token_header()).status == 101);
  hub.wait_for_socket();
  client.reset();
  CHECK(hub.wait_for_close() == 1006);
}

}  // namespace
}  // namespace hub::http
