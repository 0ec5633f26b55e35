// Bodies that come bit by bit, through a real server.

#include <condition_variable>
#include <deque>
#include <future>

#include <doctest/doctest.h>

#include "http/test_hub.hpp"

namespace hub::http {
namespace {

using std::chrono::milliseconds;
using Piece = BodySource::Piece;
using Then = BodySource::Then;

// Gives what the test pushes.
class PushedSource final : public BodySource {
 public:
  explicit PushedSource(std::string heartbeat = {}) : heartbeat_(std::move(heartbeat)) {}

  void pull(Give give) override {
    std::unique_lock lock(mutex_);
    ++pulls_;
    changed_.notify_all();
    if (waiting_.empty()) {
      give_ = std::move(give);
      return;
    }
    Piece piece = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    give(std::move(piece));
  }
  void close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  std::string_view heartbeat() const override { return heartbeat_; }

  void push(std::string bytes, Then then = Then::more) {
    std::unique_lock lock(mutex_);
    if (!give_) return waiting_.push_back({std::move(bytes), then});
    const auto give = std::exchange(give_, {});
    lock.unlock();
    give({std::move(bytes), then});
  }
  Give take_give() {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return give_ != nullptr; });
    return std::exchange(give_, {});
  }
  void wait_for_close() {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return closed_; });
  }
  void wait_for_pull() {
    std::unique_lock lock(mutex_);
    wait(lock, [&] { return pulls_ > 0; });
  }

 private:
  template <class Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition) {
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(10), condition));
  }

  const std::string heartbeat_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> waiting_;
  Give give_;
  int pulls_ = 0;
  bool closed_ = false;
};

// As much as anybody takes.
class EndlessSource final : public BodySource {
 public:
  void pull(Give give) override {
    bytes_ += piece_bytes_max;
    give({std::string(piece_bytes_max, 'x'), Then::more});
  }
  void close() override { closed_.set_value(); }
  std::size_t bytes() const { return bytes_; }
  std::future<void> closed() { return closed_.get_future(); }

 private:
  std::atomic<std::size_t> bytes_{0};
  std::promise<void> closed_;
};

class ThrowingSource final : public BodySource {
 public:
  void pull(Give) override { throw std::runtime_error("a bug in a source"); }
};

struct StreamHub : TestHub {
  explicit StreamHub(std::shared_ptr<BodySource> given, ServerLimits limits = {}) {
    router.add("GET", "/stream", Auth::open, inline_handler([given](const Request&) {
                 auto response = text(200, "");
                 response.source = given;
                 return response;
               }));
    router.add("GET", "/", Auth::open, says("page"));
    start(limits);
  }
};

TEST_CASE("pieces arrive in chunks as they come, and the connection goes on after the last") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient client(hub.port);
  source->push("one");
  const auto head = client.ask("GET", "/stream");
  CHECK(head.status == 200);
  CHECK(head.header("transfer-encoding") == "chunked");
  CHECK(head.header("content-length").empty());
  CHECK(head.header("x-content-type-options") == "nosniff");
  CHECK(client.read_chunk() == "one");
  source->push("");  // nothing to say is no end
  source->push("two");
  CHECK(client.read_chunk() == "two");
  source->push("three", Then::end);
  CHECK(client.read_chunk() == "three");
  CHECK(client.read_chunk() == "");
  source->wait_for_close();
  CHECK(client.ask("GET", "/").body == "page");
}

TEST_CASE("a request that comes early is answered when the stream has ended") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient client(hub.port);
  client.ask("GET", "/stream");
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  source->wait_for_pull();
  source->push("all", Then::end);
  CHECK(client.read_chunk() == "all");
  CHECK(client.read_chunk() == "");
  CHECK(client.read_answer().body == "page");
}

TEST_CASE("HTTP/1.0 gets the bytes alone, up to the end of the connection") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient client(hub.port);
  client.send("GET /stream HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
  source->push("one ");
  source->push("two", Then::end);
  const auto head = client.read_answer();
  CHECK(head.status == 200);
  CHECK(head.header("transfer-encoding").empty());
  CHECK(head.header("connection") == "close");
  CHECK(client.read_to_end() == "one two");
}

TEST_CASE("HEAD of a stream has its head and lets the source go") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient client(hub.port);
  CHECK(client.ask("HEAD", "/stream").status == 200);
  source->wait_for_close();
  CHECK(client.ask("GET", "/").body == "page");
}

TEST_CASE("a silent stream says its heartbeat, and a source without one says nothing") {
  ServerLimits limits;
  limits.stream_heartbeat = milliseconds(20);
  const auto source = std::make_shared<PushedSource>(": still here\n\n");
  StreamHub hub(source, limits);
  TestClient client(hub.port);
  client.ask("GET", "/stream");
  CHECK(client.read_chunk() == ": still here\n\n");
  CHECK(client.read_chunk() == ": still here\n\n");
  source->push("end", Then::end);
  CHECK(client.read_chunks_until("end").ends_with("end"));

  const auto mute = std::make_shared<PushedSource>();
  StreamHub quiet_hub(mute, limits);
  TestClient listener(quiet_hub.port);
  listener.ask("GET", "/stream");
  TestClient watch(hub.port);
  watch.ask("GET", "/stream");
  watch.read_chunks_until(": still here");  // so much time has passed
  mute->push("only this", Then::end);
  CHECK(listener.read_chunk() == "only this");
}

TEST_CASE("a reader that hangs up is noticed while nothing comes") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient client(hub.port);
  client.ask("GET", "/stream");
  const auto late = source->take_give();
  client.hang_up();
  source->wait_for_close();
  late({"nobody hears", Then::more});
  CHECK(TestClient(hub.port).ask("GET", "/").body == "page");
}

TEST_CASE("a reader that does not read costs little and is disconnected; others are served") {
  ServerLimits limits;
  limits.write_timeout = milliseconds(300);
  const auto source = std::make_shared<EndlessSource>();
  StreamHub hub(source, limits);
  auto closed = source->closed();
  TestClient slow(hub.port);
  slow.shrink_receive_buffer(4096);
  slow.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (source->bytes() == 0) std::this_thread::yield();
  CHECK(TestClient(hub.port).ask("GET", "/").body == "page");
  REQUIRE(closed.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK(source->bytes() < (std::size_t{2} << 20U));
}

TEST_CASE("a stopping server ends a stream cleanly, and a kept Give outlives it") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient client(hub.port);
  client.ask("GET", "/stream");
  source->push("before");
  CHECK(client.read_chunk() == "before");
  const auto late = source->take_give();
  const auto began = std::chrono::steady_clock::now();
  hub.server->stop(std::chrono::seconds(10));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  CHECK(client.read_chunk() == "");
  CHECK(client.is_closed());
  source->wait_for_close();
  hub.server.reset();
  late({"nobody hears", Then::more});
}

TEST_CASE("a stream that its source lost is cut, so that nobody takes it for whole") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient dropped(hub.port);
  dropped.ask("GET", "/stream");
  source->push("some");
  CHECK(dropped.read_chunk() == "some");
  {
    const auto gone = source->take_give();
  }
  CHECK(dropped.read_chunk() == std::nullopt);

  TestClient broken(hub.port);
  broken.ask("GET", "/stream");
  source->push("half", Then::broken);
  CHECK(broken.read_chunk() == "half");
  CHECK(broken.read_chunk() == std::nullopt);

  StreamHub buggy(std::make_shared<ThrowingSource>());
  TestClient client(buggy.port);
  CHECK(client.ask("GET", "/stream").status == 200);
  CHECK(client.read_chunk() == std::nullopt);
  CHECK(TestClient(buggy.port).ask("GET", "/").body == "page");
}

TEST_CASE("a piece may be given from any thread, and more than one Give is one piece") {
  const auto source = std::make_shared<PushedSource>();
  StreamHub hub(source);
  TestClient client(hub.port);
  client.ask("GET", "/stream");
  for (int round = 0; round < 50; ++round) {
    const auto give = source->take_give();
    std::vector<std::thread> threads;
    for (int at = 0; at < 3; ++at) {
      threads.emplace_back([&give, round] { give({std::to_string(round), Then::more}); });
    }
    for (auto& thread : threads) thread.join();
    CHECK(client.read_chunk() == std::to_string(round));
  }
}

}  // namespace
}  // namespace hub::http
