#pragma once
// For tests: a manager on a real store in a real folder, kinds written as lists of steps, and the
// means to stop a step where the test wants it.

#include <algorithm>
#include <future>

#include <doctest/doctest.h>

#include "operations/operation_manager.hpp"

namespace hub::operations {

// Where a step stops until the test lets it go on.
class Gate {
 public:
  // Of the step: waits for open(), or until the run is to stop. Whether it was opened.
  bool pass(const StepContext& run) {
    std::unique_lock guard(mutex_);
    ++arrived_;
    changed_.notify_all();
    while (!open_ && !run.stop_requested()) {
      changed_.wait_for(guard, std::chrono::milliseconds(2));
    }
    return open_;
  }
  // The same, deaf to the run.
  void hold() {
    std::unique_lock guard(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(guard, [this] { return open_; });
  }
  void await_arrivals(int count) {
    std::unique_lock guard(mutex_);
    REQUIRE(changed_.wait_for(guard, std::chrono::seconds(30), [&] { return arrived_ >= count; }));
  }
  void await_arrival() { await_arrivals(1); }
  void open() {
    const std::lock_guard guard(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

// Asks until it is so; a test that waits for ever fails.
template <class Condition>
void until(const char* what, Condition holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("waited too long for: ", what);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

// A kind whose steps a test writes down. Shared with the test, which may change it while it runs.
struct Script {
  std::string kind = "test.run";
  int version = 1;
  std::vector<int> follows = {};  // besides its own
  std::function<std::vector<Step>(const Json& intent)> steps;
  std::function<Result<Plan>(const OperationRequest&)> resolve = [](const OperationRequest& asked) {
    Plan plan;
    plan.intent = boost::json::object{{"params", asked.params}, {"target", asked.target_id}};
    plan.locks = {{Resource("thing:" + asked.target_id)}};
    plan.title_key = "operation." + asked.kind.text();
    plan.title_args = {{"name", asked.target_id}};
    return Result<Plan>(std::move(plan));
  };
  std::function<void(const OperationId&)> clean_up = [](const OperationId&) {};
  std::size_t slots = 0;
  Priority priority = Priority::normal;
  std::chrono::seconds deadline = std::chrono::hours(6);
  std::chrono::seconds stall_after = std::chrono::minutes(2);
  std::chrono::seconds undo_window{0};
};

class Scripted final : public Workflow {
 public:
  explicit Scripted(const Script& script) : script_(script) {}
  OperationKind kind() const override { return OperationKind(script_.kind); }
  int version() const override { return script_.version; }
  bool follows(int stored) const override {
    return stored == script_.version ||
           std::ranges::find(script_.follows, stored) != script_.follows.end();
  }
  Result<Plan> resolve(const OperationRequest& asked) const override {
    return script_.resolve(asked);
  }
  std::vector<Step> steps(const Json& intent) const override { return script_.steps(intent); }
  void clean_up(const OperationId& id) const override { script_.clean_up(id); }
  std::size_t slots() const override { return script_.slots; }
  Priority priority() const override { return script_.priority; }
  std::chrono::seconds deadline() const override { return script_.deadline; }
  std::chrono::seconds stall_after() const override { return script_.stall_after; }
  std::chrono::seconds undo_window() const override { return script_.undo_window; }

 private:
  const Script& script_;
};

inline Step step(std::string name, std::function<Result<>(StepContext&)> run) {
  Step made;
  made.name = std::move(name);
  made.run = std::move(run);
  return made;
}

inline Result<> nothing(StepContext&) { return {}; }

// A step that leaves a file named after it, and takes it away when it is undone.
inline Step file_step(const std::string& name, const fs::path& folder) {
  Step made = step(name, [file = folder / name](StepContext& run) -> Result<> {
    run.notes()["file"] = file.string();
    return write_file_atomic(file, "here");
  });
  made.kind = StepClass::fs_publish;
  made.undo = [file = folder / name](StepContext&) { return remove_tree(file); };
  made.probe = [file = folder / name](StepContext&) {
    return fs::exists(file) ? Presence::present : Presence::absent;
  };
  return made;
}

// The same; of a target "bad" it fails afterwards, of "slow" it waits at the gate first.
inline Step telling_step(const std::string& target, const fs::path& folder, Gate& gate) {
  Step made = file_step("made-" + target, folder);
  made.run = [&gate, plain = made.run, target](StepContext& run) -> Result<> {
    if (target == "slow" && !gate.pass(run)) return fail(ErrorCode::cancelled, "stopped");
    HUB_CHECK(plain(run));
    if (target == "bad") return fail(ErrorCode::invalid, "cannot make it", "is_bad");
    return {};
  };
  made.name = "work";
  return made;
}

struct Bench {
  TemporaryDirectory directory;
  ManualClock clock{from_millis(1'800'000'000'000)};
  store::ProgressBoard board;
  std::vector<std::shared_ptr<Script>> scripts;  // shared with the test
  ManagerOptions options;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::OperationStore> store;
  std::unique_ptr<OperationLogs> logs;
  std::unique_ptr<OperationManager> manager;

  explicit Bench(std::vector<std::shared_ptr<Script>> kinds = {}, ManagerOptions wanted = {})
      : scripts(std::move(kinds)), options(std::move(wanted)) {
    options.secrets = directory.path() / "secrets";
  }
  ~Bench() { close(); }

  Script& script(const std::string& kind = "test.run") {
    for (auto& known : scripts) {
      if (known->kind == kind) return *known;
    }
    scripts.push_back(std::make_shared<Script>());
    scripts.back()->kind = kind;
    return *scripts.back();
  }

  void open_store() {
    close();
    database = store::Database::open(directory.path() / "hub.db").value();
    store = std::make_unique<store::OperationStore>(*database, clock);
    logs = std::make_unique<OperationLogs>(directory.path() / "logs", clock);
  }
  // Stops what runs, in good order, and starts anew.
  void open() {
    open_store();
    Workflows workflows;
    for (const auto& known : scripts) workflows.push_back(std::make_unique<Scripted>(*known));
    manager = std::make_unique<OperationManager>(*store, board, *logs, clock, std::move(workflows),
                                                 options);
    manager->start();
  }
  void close() {
    manager.reset();
    logs.reset();
    store.reset();
    database.reset();
  }
  // The hub dies while this operation runs: claimed by a boot that is not heard of again.
  void claim_and_die() {
    open_store();
    std::vector<OperationKind> kinds;
    for (const auto& known : scripts) kinds.emplace_back(known->kind);
    REQUIRE(store->claim(kinds, Priority::interactive));
    close();
  }

  static OperationRequest request(boost::json::object params = {}, std::string target = "north",
                                  std::string kind = "test.run") {
    OperationRequest wanted;
    wanted.kind = OperationKind(std::move(kind));
    wanted.target_kind = "thing";
    wanted.target_id = std::move(target);
    wanted.params = std::move(params);
    wanted.initiator = {"user", "test"};
    return wanted;
  }

  OperationId accept(const OperationRequest& wanted = request()) {
    const auto accepted = manager->accept(wanted);
    REQUIRE_MESSAGE(accepted, (accepted ? "" : accepted.error().message));
    return accepted->state.operation_id;
  }

  OperationState state_of(const OperationId& id) { return manager->find(id).value(); }

  OperationState end_of(const OperationId& id) {
    std::promise<std::optional<OperationState>> promise;
    manager->wait(
        id, std::nullopt, std::chrono::seconds(60),
        [&](std::optional<OperationState> state) { promise.set_value(std::move(state)); });
    const auto state = promise.get_future().get();
    REQUIRE(state);
    REQUIRE(is_terminal(state->status));
    return *state;
  }

  OperationState run(const OperationRequest& wanted = request()) { return end_of(accept(wanted)); }

  void await_status(const OperationId& id, OperationStatus status) {
    until(boost::describe::enum_to_string(status, ""),
          [&] { return state_of(id).status == status; });
  }

  void await_backoff(const OperationId& id) {
    until("a wait for the next try", [&] {
      const auto state = state_of(id);
      return state.reason && state.reason->code == "retry_backoff";
    });
  }

  std::string log_of(const OperationId& id) { return logs->read(id, 0).text; }
  bool has(const std::string& file) const { return fs::exists(directory.path() / file); }
};

}  // namespace hub::operations
