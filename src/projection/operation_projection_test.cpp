#include <doctest/doctest.h>

#include "projection/legacy_toasts.hpp"
#include "projection/operation_projection_service.hpp"
#include "projection/test_peer.hpp"

namespace hub::projection {
namespace {

using namespace std::chrono_literals;

OperationState operation(int number, OperationStatus status) {
  OperationState out;
  out.operation_id = OperationId("op_" + std::to_string(number));
  out.kind = OperationKind("skill.install");
  out.status = status;
  out.progress = 0;
  return out;
}

OperationNotification notification(int number, NotificationLevel level) {
  OperationNotification out;
  out.id = "notif:op_" + std::to_string(number);
  out.level = level;
  out.message = "number " + std::to_string(number);
  out.operation_id = OperationId("op_" + std::to_string(number));
  out.ts = from_millis(1'700'000'000'000 + number);
  return out;
}

ProjectionInput one_running() {
  ProjectionInput out;
  out.feed_id = "f1";
  out.seq = 7;
  out.operations.push_back(operation(1, OperationStatus::running));
  out.update_actions = {{{"id", "adaos_update"}}};
  return out;
}

struct Document {
  ydoc::AuthoredDocument document{1};
  TickTimes ticks;
  Instant now = Instant{} + 1h;

  // The size of the update that it takes to be equal to the input.
  std::size_t project(const ProjectionInput& input) {
    again = projection::project(input, document, ticks, now);
    return document.commit().size();
  }
  Json at(const std::string& pointer) const { return document.to_json().at_pointer(pointer); }

  std::optional<Instant> again;
};

TEST_CASE_FIXTURE(Document, "the document has the shape of the contract") {
  ProjectionInput input = one_running();
  input.notifications.push_back(notification(1, NotificationLevel::warning));
  project(input);
  CHECK(at("/runtime/operations/by_id/op_1") == to_json(input.operations[0]));
  CHECK(at("/runtime/operations/order") == Json{"op_1"});
  CHECK(at("/runtime/operations/active") == Json{"op_1"});
  CHECK(at("/runtime/notifications/0") == to_json(input.notifications[0]));
  CHECK(at("/runtime/meta") == Json{{"feed_id", "f1"}, {"seq", 7}, {"protocol", 1}});
  CHECK(at("/data/infrastate/update_actions/0/id") == "adaos_update");
  CHECK(at("/data/desktop/toasts/0") == Json{{"level", "danger"},
                                             {"message", "number 1"},
                                             {"code", "op_1"},
                                             {"source", "operations"},
                                             {"ts", "2023-11-14T22:13:20.001Z"}});
  CHECK(document.is_map({"runtime", "operations", "by_id", "op_1"}));
}

TEST_CASE_FIXTURE(Document, "what is equal is not written, and a tick takes tens of bytes") {
  ProjectionInput input = one_running();
  CHECK(project(input) > 300);
  CHECK(project(input) == 0);
  now += 1s;
  input.operations[0].progress = 42;
  input.operations[0].updated_at += 1s;
  const std::size_t bytes = project(input);
  CHECK(bytes > 0);
  CHECK(bytes < 70);
  CHECK(at("/runtime/operations/by_id/op_1/progress") == 42);
}

TEST_CASE_FIXTURE(Document, "an operation's ticks come four times a second, changes at once") {
  ProjectionInput input = one_running();
  project(input);
  now += 100ms;
  input.operations[0].progress = 10;
  CHECK(project(input) == 0);
  REQUIRE(again);
  CHECK(*again == now + 150ms);
  input.operations[0].current_step = "verify";
  CHECK(project(input) > 0);
  CHECK(at("/runtime/operations/by_id/op_1/progress") == 10);
  input.operations[0].progress = 20;
  now += 250ms;
  CHECK(project(input) > 0);
  CHECK_FALSE(again);
}

TEST_CASE_FIXTURE(Document, "fields and operations that are gone leave the document") {
  ProjectionInput input = one_running();
  input.operations[0].progress_detail = ProgressDetail{1, 2, "bytes"};
  project(input);
  input.operations[0].progress_detail.reset();
  input.operations[0].status = OperationStatus::succeeded;
  project(input);
  CHECK_FALSE(at("/runtime/operations/by_id/op_1").as_object().contains("progress_detail"));
  CHECK(at("/runtime/operations/active").as_array().empty());
  input.operations.clear();
  project(input);
  CHECK(at("/runtime/operations/by_id").as_object().empty());
  CHECK(at("/runtime/operations/order").as_array().empty());
}

TEST_CASE_FIXTURE(Document, "the window holds every live operation and the last 50 ended") {
  ProjectionInput input;
  input.operations.push_back(operation(0, OperationStatus::running));
  for (int i = 1; i <= 80; ++i) input.operations.push_back(operation(i, OperationStatus::failed));
  for (int i = 0; i < 80; ++i) {
    input.notifications.push_back(notification(i, NotificationLevel::success));
  }
  project(input);
  const Json order = at("/runtime/operations/order");
  CHECK(order.as_array().size() == 51);
  CHECK(order.at(0) == "op_0");
  CHECK(order.at(50) == "op_80");
  CHECK(at("/runtime/operations/by_id").as_object().size() == 51);
  CHECK(at("/runtime/notifications").as_array().size() == 50);
  CHECK(at("/data/desktop/toasts").as_array().size() == kToastsMax);
  CHECK(at("/data/desktop/toasts/19/code") == "op_79");
}

TEST_CASE_FIXTURE(Document, "many ticks do not make the document grow") {
  ProjectionInput input = one_running();
  for (int i = 2; i <= 4; ++i) {
    input.operations.push_back(operation(i, OperationStatus::running));
  }
  for (int tick = 0; tick < 4'000; ++tick) {
    now += 250ms;
    OperationState& one = input.operations[static_cast<std::size_t>(tick % 4)];
    one.progress = tick;
    one.updated_at += 1s;
    input.seq = tick;
    project(input);
  }
  CHECK(document.encode_state().size() < 65'536);
  CHECK(at("/runtime/operations/by_id/op_4/progress") == 3'999);
}

template <class Condition>
bool soon(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

struct Service {
  TemporaryDirectory folder;
  SystemClock clock;
  DocumentServer server{{.folder = folder.path()}, clock};
  std::mutex mutex;
  ProjectionInput truth = one_running();
  int reads = 0;
  bool broken = false;
  OperationProjectionService service{server, [this](const std::string&) {
                                       const std::lock_guard lock(mutex);
                                       ++reads;
                                       if (broken) throw std::runtime_error("no database");
                                       return truth;
                                     }};
  std::shared_ptr<TestPeer> peer = std::make_shared<TestPeer>();

  Service() {
    server.message(*server.open("desktop", peer), std::string("\x00\x00\x01\x00", 4));
    REQUIRE(soon([&] { return peer->count(ydoc::MessageKind::step2) == 1; }));
  }
  void set_seq(std::int64_t seq) {
    const std::lock_guard lock(mutex);
    truth.seq = seq;
  }
  std::int64_t seq() {
    std::int64_t out = -1;
    server.write("desktop", [&](const ydoc::AuthoredDocument& document) {
      out = document.to_json().at_pointer("/runtime/meta/seq").as_int64();
    });
    return out;
  }
};

TEST_CASE_FIXTURE(Service, "a browser's first answer has the whole projection") {
  const auto frames = peer->take();
  CHECK(frames.back()->find("op_1") != std::string::npos);
  CHECK(seq() == 7);
}

TEST_CASE_FIXTURE(Service, "the last state always arrives, in few frames") {
  peer->take();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 100; i < 400; ++i) {
    set_seq(i);
    service.changed();
    std::this_thread::sleep_for(500us);
  }
  REQUIRE(soon([&] { return seq() == 399; }));
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(peer->count(ydoc::MessageKind::update) <= static_cast<std::size_t>(took / 50ms) + 2);
}

TEST_CASE_FIXTURE(Service, "a store that fails for a while is asked again") {
  {
    const std::lock_guard lock(mutex);
    broken = true;
    reads = 0;
  }
  service.changed();
  REQUIRE(soon([&] {
    const std::lock_guard lock(mutex);
    return reads == 1;
  }));
  {
    const std::lock_guard lock(mutex);
    broken = false;
    truth.seq = 50;
  }
  CHECK(soon([&] { return seq() == 50; }));
}

TEST_CASE("what changes while a document is being loaded is in it soon after") {
  const TemporaryDirectory folder;
  const SystemClock clock;
  DocumentServer server({.folder = folder.path()}, clock);
  std::mutex mutex;
  std::condition_variable seen;
  ProjectionInput truth = one_running();
  int reads = 0;
  OperationProjectionService* rung = nullptr;
  OperationProjectionService service(server, [&](const std::string&) {
    std::unique_lock lock(mutex);
    const ProjectionInput found = truth;
    if (++reads > 1) {
      seen.notify_all();
      return found;
    }
    // The first read is of the load. Now the store moves on, and a pass looks at it.
    truth.seq = 50;
    rung->changed();
    seen.wait_for(lock, 500ms, [&] { return reads > 1; });
    return found;
  });
  rung = &service;
  const auto peer = std::make_shared<TestPeer>();
  REQUIRE(server.open("desktop", peer));
  CHECK(soon([&] {
    std::int64_t seq = 0;
    server.write("desktop", [&](const ydoc::AuthoredDocument& document) {
      seq = document.to_json().at_pointer("/runtime/meta/seq").as_int64();
    });
    return seq == 50;
  }));
}

TEST_CASE_FIXTURE(Service, "it stops whichever of the two goes first") {
  server.stop();
  service.changed();
  service.stop();
}

}  // namespace
}  // namespace hub::projection
