#include "projection/room.hpp"

#include <doctest/doctest.h>

#include "projection/test_peer.hpp"

namespace hub::projection {
namespace {

using ydoc::MessageKind;
using namespace std::chrono_literals;

const std::string kStep1("\x00\x00\x01\x00", 4);  // of a browser that has nothing

// An update of one struct: {client, clock} sets a key of a root to null.
std::string update_message(ydoc::ClientId client, ydoc::Clock clock, std::string_view root) {
  ydoc::Writer item;
  ydoc::ItemHead head;
  head.root = root;
  head.key = "k" + std::to_string(clock);
  const std::string key = "k" + std::to_string(clock);
  head.key = key;
  ydoc::write_item_head(item, head, ydoc::ContentKind::any);
  item.var_uint(1);
  item.any(nullptr);
  ydoc::UpdateWriter update;
  update.client({client, clock}, 1, item.take());
  return *ydoc::update_frame(update.take());
}

std::string awareness_message(ydoc::ClientId client, std::uint64_t clock, std::string_view state) {
  return *ydoc::awareness_frame(ydoc::encode_awareness({{client, clock, state}}));
}

struct Fixture {
  Fixture() : room("desktop", ydoc::SharedDocument(1, 1, ydoc::ForeignStore())) {
    room.write([](auto& document) { document.set({"runtime", "seq"}, 0); }, now);
  }

  std::shared_ptr<TestPeer> join(SessionId id) {
    auto peer = std::make_shared<TestPeer>();
    room.join(id, peer, now);
    return peer;
  }
  std::shared_ptr<TestPeer> synced(SessionId id) {
    auto peer = join(id);
    room.message(id, kStep1, now);
    peer->take();
    return peer;
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    room.tick(now);
  }
  void hub_writes(int seq) {
    room.write([&](auto& document) { document.set({"runtime", "seq"}, seq); }, now);
  }

  Instant now = Instant{} + 1h;
  WebspaceRoom room;
};

TEST_CASE_FIXTURE(Fixture, "a browser is greeted with step 1 and its own is answered") {
  const auto peer = join(1);
  const auto greeting = peer->take();
  REQUIRE(greeting.size() == 1);
  CHECK(ydoc::decode_message(*greeting[0])->kind == MessageKind::step1);
  hub_writes(1);
  CHECK(peer->take().empty());  // its answer will have it
  room.message(1, kStep1, now);
  CHECK(peer->count(MessageKind::step2) == 1);
  hub_writes(2);
  CHECK(peer->count(MessageKind::update) == 1);
}

TEST_CASE_FIXTURE(Fixture, "a broadcast is one buffer for everybody but its author") {
  const auto a = synced(1), b = synced(2), c = synced(3);
  room.message(1, update_message(70'000, 0, "ui"), now);
  CHECK(a->take().empty());
  CHECK(b->take().at(0) == c->take().at(0));
  CHECK(room.take_unsaved().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "broken and too large messages close the connection, nothing else") {
  const auto broken = synced(1), large = synced(2), honest = synced(3);
  const std::string before = room.document().encode_diff({});
  room.message(1, std::string("\x00\x02\x02\x01\x01", 5), now);
  CHECK(broken->closed_with == kCloseMalformed);
  room.message(2, std::string((1U << 20U) + 1, '\0'), now);
  CHECK(large->closed_with == kCloseTooLarge);
  CHECK(room.document().encode_diff({}) == before);
  CHECK(honest->take().empty());
  CHECK(room.sessions() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a forger is told each time, and closed when it goes on") {
  const auto forger = synced(1), honest = synced(2);
  for (ydoc::Clock clock = 0; clock < 8; ++clock) {
    CHECK(forger->closed_with == 0);
    room.message(1, update_message(70'000, clock, "runtime"), now);
  }
  CHECK(forger->count(MessageKind::auth) == 8);
  CHECK(forger->closed_with == kClosePolicy);
  CHECK(honest->closed_with == 0);
  CHECK(room.counters().forgeries == 8);
}

TEST_CASE_FIXTURE(Fixture, "a slow browser gets no updates, then one diff with all it missed") {
  const auto slow = synced(1);
  slow->queued = std::size_t{600} << 10U;
  hub_writes(1);
  CHECK(slow->take().size() == 1);  // the one that filled its queue
  for (int seq = 2; seq < 100; ++seq) hub_writes(seq);
  pass(1s);
  CHECK(slow->take().empty());
  slow->queued = 0;
  pass(50ms);
  const auto diff = slow->take();
  REQUIRE(diff.size() == 1);
  CHECK(ydoc::decode_message(*diff[0])->kind == MessageKind::update);
  hub_writes(100);
  CHECK(slow->take().size() == 1);
  CHECK(room.counters().resyncs == 1);
}

TEST_CASE_FIXTURE(Fixture, "a browser that stays behind is let go") {
  const auto slow = synced(1);
  slow->queued = std::size_t{600} << 10U;
  hub_writes(1);
  pass(29s);
  CHECK(slow->closed_with == 0);
  pass(2s);
  CHECK(slow->closed_with == kCloseTryLater);
}

TEST_CASE_FIXTURE(Fixture, "who asks again and again without reading is let go") {
  const auto greedy = synced(1);
  greedy->queued = std::size_t{600} << 10U;
  room.message(1, kStep1, now);
  CHECK(greedy->closed_with == kCloseTryLater);
}

TEST_CASE_FIXTURE(Fixture, "silence is broken every 15 seconds") {
  const auto peer = synced(1);
  pass(14s);
  CHECK(peer->take().empty());
  pass(1s);
  const auto frames = peer->take();
  REQUIRE(frames.size() == 1);
  CHECK(*frames[0] == std::string("\x01\x01\x00", 3));
  pass(1s);
  CHECK(peer->take().empty());
}

TEST_CASE_FIXTURE(Fixture, "awareness reaches everybody, its sender and newcomers too") {
  const auto a = synced(1), b = synced(2);
  room.message(1, awareness_message(70'000, 1, R"({"name":"a"})"), now);
  pass(1ms);
  CHECK(a->count(MessageKind::awareness) == 1);
  CHECK(b->count(MessageKind::awareness) == 1);
  CHECK(join(3)->count(MessageKind::awareness) == 1);
  b->take();
  room.message(2, "\x03", now);
  CHECK(b->count(MessageKind::awareness) == 1);
}

TEST_CASE_FIXTURE(Fixture, "who leaves or falls silent is gone from awareness") {
  const auto a = synced(1), b = synced(2);
  room.message(1, awareness_message(70'000, 5, "{}"), now);
  room.message(2, awareness_message(70'001, 7, "{}"), now);
  pass(1s);
  b->take();
  room.leave(1, now);
  pass(1s);
  const auto left = b->take();
  REQUIRE(left.size() == 1);
  const auto message = ydoc::decode_message(*left[0]);
  const auto gone = ydoc::decode_awareness(message->payload);
  REQUIRE(gone->size() == 1);
  CHECK(gone->at(0).client == 70'000);
  CHECK(gone->at(0).clock == 5);
  CHECK(gone->at(0).state == "null");
  pass(30s);
  CHECK(b->count(MessageKind::awareness) >= 1);
  const auto late = join(3);
  CHECK(late->count(MessageKind::awareness) == 0);  // nobody is left
}

TEST_CASE_FIXTURE(Fixture, "awareness of many is sent as few frames") {
  std::vector<std::shared_ptr<TestPeer>> peers;
  for (SessionId id = 1; id <= 200; ++id) peers.push_back(synced(id));
  for (SessionId id = 1; id <= 200; ++id) {
    room.message(id, awareness_message(70'000 + id, 1, "{}"), now);
    pass(1ms);
  }
  pass(1s);
  CHECK(peers[0]->count(MessageKind::awareness) <= 3);
  peers[0]->take();
  // Renewals tell nothing new, but must arrive well within 30 s.
  for (std::uint64_t clock = 2; clock < 32; ++clock) {  // one a second
    for (SessionId id = 1; id <= 200; ++id) {
      room.message(id, awareness_message(70'000 + id, clock, "{}"), now);
    }
    pass(1s);
  }
  CHECK(peers[0]->count(MessageKind::awareness) >= 5);
  CHECK(peers[0]->count(MessageKind::awareness) <= 8);
}

TEST_CASE("the awareness table is bounded and takes nothing old") {
  AwarenessTable table({.clients_max = 2, .state_bytes_max = 10, .bytes_max = 100});
  table.take(1, {{1, 5, "{}"}, {2, 1, "{}"}, {3, 1, "{}"}}, {});
  CHECK(table.clients() == 2);
  table.take(1, {{1, 4, "null"}, {2, 2, R"("longer than ten")"}}, {});
  CHECK(table.clients() == 2);
  table.take(1, {{1, 5, "null"}}, {});
  CHECK(table.clients() == 1);
}

}  // namespace
}  // namespace hub::projection
