#pragma once
// What the conformance tests stand on: a store of some engine, opened on a place of its own, that
// can be closed and opened again as a restart does. The tests see OperationStore alone. Another
// engine joins by a class like SqliteEngine and its name in HUB_ENGINES. For tests only.

#include <cstdlib>

#include <doctest/doctest.h>

#include "base/hash.hpp"
#include "store/operation_store.hpp"

namespace hub::store {

class SqliteEngine {
 public:
  explicit SqliteEngine(const Clock& clock, StoreOptions options)
      : clock_(clock), options_(options) {
    open();
  }
  void close() {
    store_.reset();
    database_.reset();
  }
  void open() {
    close();
    auto opened = Database::open(file());
    if (!opened) FAIL(opened.error().message);
    database_ = *std::move(opened);
    store_ = std::make_unique<OperationStore>(*database_, clock_, options_);
  }
  OperationStore& store() { return *store_; }
  fs::path file() const { return directory_.path() / "hub.db"; }

 private:
  const Clock& clock_;
  const StoreOptions options_;
  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<OperationStore> store_;
};

#define HUB_ENGINES SqliteEngine

inline const std::vector install_and_co{OperationKind("skill.install"),
                                        OperationKind("skill.uninstall")};

template <class Engine>
struct Bench {
  ManualClock clock{Time{std::chrono::hours(24 * 365 * 56)}};
  Engine engine;

  explicit Bench(StoreOptions options = {}) : engine(clock, options) {}
  OperationStore* operator->() { return &engine.store(); }
  void restart() { engine.open(); }

  NewOperation wanted(const std::string& skill, const std::string& kind = "skill.install") {
    NewOperation made;
    auto& state = made.state;
    state.operation_id = OperationId("op_" + uuid_v7(to_millis(clock.now())));
    clock.advance(std::chrono::milliseconds(1));
    state.kind = OperationKind(kind);
    state.target_kind = "skill";
    state.target_id = skill;
    state.can_cancel = true;
    state.webspace_id = "desktop";
    state.initiator = {"user", "browser"};
    state.steps = {{"fetch", StepStatus::pending, 1, {}, {}},
                   {"activate", StepStatus::pending, 1, {}, {}}};
    made.fingerprint = kind + ":" + skill;
    made.request = boost::json::object{{"target_id", skill}};
    made.intent = boost::json::object{{"name", skill}};
    made.locks = {{Resource("skill:" + skill)}};
    return made;
  }
  OperationState accept(const NewOperation& made) {
    auto accepted = engine.store().accept(made);
    REQUIRE(accepted);
    return accepted->state;
  }
  OperationId accept(const std::string& skill, const std::string& kind = "skill.install") {
    return accept(wanted(skill, kind)).operation_id;
  }
  std::optional<OperationRecord> claim(Priority first = Priority::interactive) {
    return engine.store().claim(install_and_co, first);
  }
  OperationId run(const std::string& skill) {  // accepted and claimed
    const auto id = accept(skill);
    const auto claimed = claim();
    REQUIRE(claimed);
    REQUIRE(claimed->state.operation_id == id);
    return id;
  }
  OperationState move(const OperationId& id, const OperationChange& change) {
    auto moved = engine.store().advance(id, change);
    REQUIRE(moved);
    return *moved;
  }
  OperationState move(const OperationId& id, OperationStatus status) {
    return move(id, OperationChange{.status = status});
  }
  OperationState end(const OperationId& id, Effects effects = Effects::none,
                     OperationStatus status = OperationStatus::succeeded) {
    return move(id, {.status = status,
                     .edit = [effects](OperationState& state) { state.effects = effects; }});
  }
  OperationState now(const OperationId& id) {
    auto found = engine.store().find(id);
    REQUIRE(found);
    return *found;
  }
};

// Temporary directories made while it lives are in memory, where there is such a place: for tests
// of many thousand commits that are not about the disk.
struct InMemory {
  std::string before = std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "";
  InMemory() {
    if (fs::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
  }
  ~InMemory() {
    if (before.empty()) {
      ::unsetenv("TMPDIR");
    } else {
      ::setenv("TMPDIR", before.c_str(), 1);
    }
  }
  InMemory(const InMemory&) = delete;
  InMemory& operator=(const InMemory&) = delete;
};

inline std::vector<OperationId> ids_of(const std::vector<OperationState>& states) {
  std::vector<OperationId> ids;
  for (const auto& state : states) ids.push_back(state.operation_id);
  return ids;
}

}  // namespace hub::store
