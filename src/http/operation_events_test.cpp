// The feed as Server-Sent Events, on a real store: what readers get, without a server between.

#include "http/operation_events.hpp"

#include <atomic>
#include <future>

#include <doctest/doctest.h>

#include "base/hash.hpp"

namespace hub::http {
namespace {

using Then = BodySource::Then;

struct Event {
  std::int64_t id = 0;
  std::string name;
  Json data;
};

// One reader as the server would be: asks for a piece, takes it apart, asks for the next.
class Listener {
 public:
  explicit Listener(std::shared_ptr<BodySource> source) : source_(std::move(source)) {}
  ~Listener() { source_->close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Event next() {
    while (text_.find("\n\n") == std::string::npos) {
      REQUIRE_MESSAGE(then_ == Then::more, "the stream has ended");
      auto piece = ask();
      text_ += piece.bytes;
      then_ = piece.then;
    }
    const auto end = text_.find("\n\n");
    const auto block = text_.substr(0, end + 1);
    text_.erase(0, end + 2);
    return block.find("event: ") == std::string::npos ? next() : parsed(block);
  }
  bool is_at_end() { return text_.empty() && then_ == Then::end; }

 private:
  BodySource::Piece ask() {
    const auto promise = std::make_shared<std::promise<BodySource::Piece>>();
    source_->pull([promise](BodySource::Piece piece) { promise->set_value(std::move(piece)); });
    auto piece = promise->get_future();
    REQUIRE(piece.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    return piece.get();
  }
  static Event parsed(const std::string& block) {
    const auto field = [&](const std::string& name) {
      const auto at = block.find(name + ": ");
      if (at == std::string::npos) return std::string();
      const auto begin = at + name.size() + 2;
      return block.substr(begin, block.find('\n', begin) - begin);
    };
    const auto id = field("id");
    return {id.empty() ? 0 : std::stoll(id), field("event"), boost::json::parse(field("data"))};
  }

  std::shared_ptr<BodySource> source_;
  std::string text_;
  Then then_ = Then::more;
};

struct Bench {
  TemporaryDirectory directory;
  SystemClock clock;
  std::unique_ptr<store::Database> database =
      store::Database::open(directory.path() / "hub.db").value();
  store::OperationStore store{*database, clock};
  store::ProgressBoard board;

  OperationId accept(int number) {
    store::NewOperation wanted;
    auto& state = wanted.state;
    state.operation_id = OperationId("op_" + uuid_v7(to_millis(clock.now())));
    state.kind = OperationKind("skill.install");
    state.target_kind = "skill";
    state.target_id = "s" + std::to_string(number);
    state.can_cancel = true;
    state.webspace_id = "desktop";
    wanted.fingerprint = state.target_id;
    wanted.locks = {{Resource("skill:" + state.target_id)}};
    return store.accept(wanted).value().state.operation_id;
  }
};

TEST_CASE("a reader without a number begins at the present end, and is told where that is") {
  Bench bench;
  bench.accept(1);
  OperationEvents events(bench.store, bench.board);
  Listener listener(events.open({}).value());
  const auto hello = listener.next();
  CHECK(hello.name == "hello");
  CHECK(hello.id == 1);
  CHECK(hello.data == Json{{"feed_id", bench.database->feed_id()}, {"seq", 1}});
  const auto id = bench.accept(2);
  const auto event = listener.next();
  CHECK(event.name == "operation");
  CHECK(event.id == 2);
  CHECK(event.data.at("seq") == 2);
  CHECK(event.data.at("operation_id") == Json(id.text()));
  CHECK(event.data.at("kind") == "skill.install");
  CHECK(event.data.at("revision") == 1);
  CHECK(event.data.at("from").is_null());
  CHECK(event.data.at("status") == "accepted");
  CHECK(event.data.at("operation").at("target_id") == "s2");
  REQUIRE(bench.store.cancel(id));
  const auto end = listener.next();
  CHECK(end.data.at("from") == "accepted");
  CHECK(end.data.at("status") == "cancelled");
}

TEST_CASE("what happened before is told from the store, with a state only where it is that one") {
  Bench bench;
  const auto id = bench.accept(1);
  REQUIRE(bench.store.cancel(id));
  OperationEvents events(bench.store, bench.board);
  Listener listener(events.open(0).value());
  const auto accepted = listener.next();
  CHECK(accepted.id == 1);
  CHECK_FALSE(accepted.data.as_object().contains("operation"));
  const auto cancelled = listener.next();
  CHECK(cancelled.id == 2);
  CHECK(cancelled.data.at("operation").at("revision") == 2);
}

TEST_CASE("a number that the feed no longer has, or never had, is refused with what it has") {
  Bench bench;
  bench.accept(1);
  bench.accept(2);
  OperationEvents events(bench.store, bench.board);
  const auto ahead = events.open(3);
  REQUIRE_FALSE(ahead);
  CHECK(ahead.error().reason == "feed_gone");
  CHECK(ahead.error().details.at("first_seq") == 1);
  CHECK(ahead.error().details.at("last_seq") == 2);
  CHECK(events.open(2));
}

TEST_CASE("a reader is told when what it still needed was pruned") {
  Bench bench;
  for (int at = 0; at < 20; ++at) bench.accept(at);
  EventLimits limits;
  limits.behind_page = 2;
  OperationEvents events(bench.store, bench.board, limits);
  Listener listener(events.open(0).value());
  CHECK(listener.next().id == 1);
  bench.database->write(
      [](sql::Connection& db) { db.run("DELETE FROM operation_events WHERE seq < 10"); });
  CHECK(listener.next().id == 2);  // it had that already
  const auto gone = listener.next();
  CHECK(gone.name == "gone");
  CHECK(gone.data.at("first_seq") == 10);
  CHECK(listener.is_at_end());
}

TEST_CASE("there are so many streams and no more; a closed one makes room") {
  Bench bench;
  EventLimits limits;
  limits.readers_max = 2;
  OperationEvents events(bench.store, bench.board, limits);
  Listener first(events.open({}).value());
  {
    const Listener second(events.open({}).value());
    const auto third = events.open({});
    REQUIRE_FALSE(third);
    CHECK(third.error().reason == "too_many_streams");
  }
  CHECK_NOTHROW(Listener(events.open({}).value()));
}

TEST_CASE("no event is lost or comes twice, however slow a reader is and wherever it begins") {
  constexpr std::int64_t total = 1500;
  Bench bench;
  EventLimits limits;  // so small that readers change between memory and store all the time
  limits.kept_bytes_max = 20'000;
  limits.page = 16;
  limits.behind_page = 5;
  OperationEvents events(bench.store, bench.board, limits);
  std::atomic<std::int64_t> written{0};
  const auto follow = [&](std::int64_t after, int yields) {
    Listener listener(events.open(after).value());
    for (auto want = after + 1; want <= total; ++want) {
      if (const auto event = listener.next(); event.id != want || event.data.at("seq") != want) {
        return false;
      }
      for (int at = 0; at < yields; ++at) std::this_thread::yield();
    }
    return true;
  };
  std::vector<std::future<bool>> readers;
  readers.push_back(std::async(std::launch::async, follow, 0, 0));
  readers.push_back(std::async(std::launch::async, follow, 0, 200));
  std::vector<std::future<void>> writers;
  for (int number = 0; number < 3; ++number) {
    writers.push_back(std::async(std::launch::async, [&, number] {
      for (int at = 0; at < total / 3; ++at) {
        bench.accept(number * 10'000 + at);
        ++written;
      }
    }));
  }
  while (written < total / 4) std::this_thread::yield();
  readers.push_back(std::async(std::launch::async, follow, 7, 0));
  while (written < total / 2) std::this_thread::yield();
  readers.push_back(std::async(std::launch::async, follow, bench.store.last_seq(), 0));
  for (auto& writer : writers) writer.get();
  readers.push_back(std::async(std::launch::async, follow, 3, 0));
  for (auto& reader : readers) CHECK(reader.get());
  CHECK(events.lag() == 0);
}

}  // namespace
}  // namespace hub::http
