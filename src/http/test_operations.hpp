#pragma once
// For tests: a real hub of operations behind a real server. One kind, test.script, does what its
// params say:
//
//   {"script": ["say", "hold", "fail", "ask", "refuse"], "lines": 3, "bytes": 7}
//
// say: writes `lines` lines to the log. hold: waits until let_go(), or is told to stop. fail:
// fails. ask: asks a person, and gives the answer as its result. A script with "refuse" is not
// accepted. Every step can be undone. It locks "thing:<target_id>".

#include <atomic>
#include <thread>

#include "http/operations_routes.hpp"
#include "http/test_hub.hpp"

namespace hub::http {

class ScriptedWorkflow final : public operations::Workflow {
 public:
  explicit ScriptedWorkflow(const std::atomic<bool>& let_go) : let_go_(let_go) {}

  OperationKind kind() const override { return OperationKind("test.script"); }
  std::chrono::seconds undo_window() const override { return std::chrono::hours(1); }

  Result<operations::Plan> resolve(const OperationRequest& request) const override {
    operations::Plan plan;
    plan.intent = request.params;
    plan.locks = {{Resource("thing:" + request.target_id)}};
    plan.title_key = "operation.test.script";
    plan.title_args = {{"name", request.target_id}};
    plan.message = "about to play " + request.target_id;
    if (const auto* bytes = request.params.if_contains("bytes")) plan.bytes = bytes->as_int64();
    plan.space_needed = 10;
    plan.warnings = {"this is a test"};
    for (const auto& line : script_of(plan.intent)) {
      if (line != "refuse") continue;
      return fail(ErrorCode::invalid, "cannot play: the script says so", "refused_by_script",
                  "write another");
    }
    return plan;
  }

  std::vector<operations::Step> steps(const Json& intent) const override {
    std::vector<operations::Step> steps;
    for (const auto& line : script_of(intent)) {
      operations::Step step;
      step.name = std::to_string(steps.size() + 1) + "-" + line;
      step.run = [this, line, lines = lines_of(intent)](operations::StepContext& context) {
        return play(line, lines, context);
      };
      step.probe = [](operations::StepContext&) { return operations::Presence::absent; };
      step.undo = [](operations::StepContext& context) {
        context.log("taken back");
        return Result<>();
      };
      steps.push_back(std::move(step));
    }
    return steps;
  }

 private:
  static std::vector<std::string> script_of(const Json& intent) {
    std::vector<std::string> script;
    const auto* given = intent.is_object() ? intent.get_object().if_contains("script") : nullptr;
    if (!given) return {"say"};
    for (const auto& line : given->as_array()) script.emplace_back(line.as_string());
    return script;
  }
  static std::int64_t lines_of(const Json& intent) {
    const auto* given = intent.is_object() ? intent.get_object().if_contains("lines") : nullptr;
    return given ? given->as_int64() : 1;
  }

  Result<> play(const std::string& line, std::int64_t lines,
                operations::StepContext& context) const {
    if (line == "say") {
      for (std::int64_t at = 0; at < lines; ++at) context.log("line " + std::to_string(at));
    } else if (line == "fail") {
      return fail(ErrorCode::conflict, "cannot play on: the script says so", "scripted");
    } else if (line == "ask") {
      HUB_TRY(answer, context.ask("go_on", {{"answers", {"yes", "no"}}}));
      context.result("answer", answer);
    } else {
      while (!let_go_ && !context.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      if (!let_go_) return fail(ErrorCode::cancelled, "cannot play on: told to stop");
    }
    return {};
  }

  const std::atomic<bool>& let_go_;
};

struct OperationsHub : TestHub {
  explicit OperationsHub(store::StoreOptions store_options = {},
                         operations::ManagerOptions manager_options = {})
      : database(store::Database::open(directory.path() / "hub.db").value()),
        store(*database, clock, store_options),
        logs(directory.path() / "logs", clock) {
    operations::Workflows workflows;
    workflows.push_back(std::make_unique<ScriptedWorkflow>(released));
    manager = std::make_unique<operations::OperationManager>(
        store, board, logs, clock, std::move(workflows), std::move(manager_options));
    crew = std::make_unique<Workers>(4);
    front = std::make_unique<OperationFront>(*manager, store, board, *crew);
    add_operations_routes(router, {*front, store, board, clock, *crew, "hub.db"});
    manager->start();
    start();
  }
  ~OperationsHub() {
    manager->stop();
    server.reset();
    crew.reset();  // before what its jobs use
  }
  OperationsHub(const OperationsHub&) = delete;
  OperationsHub& operator=(const OperationsHub&) = delete;

  void let_go() { released = true; }

  std::atomic<bool> released{false};
  std::unique_ptr<store::Database> database;
  store::OperationStore store;
  store::ProgressBoard board;
  operations::OperationLogs logs;
  std::unique_ptr<operations::OperationManager> manager;
  std::unique_ptr<OperationFront> front;
  std::unique_ptr<Workers> crew;
};

// A client with the token that speaks JSON.
class OperationsClient : public TestClient {
 public:
  explicit OperationsClient(const OperationsHub& hub)
      : TestClient(hub.port), token_(hub.token_header()) {}

  Answer get(const std::string& target, const std::string& headers = {}) {
    return ask("GET", target, token_ + headers);
  }
  Answer post(const std::string& target, const Json& body = boost::json::object(),
              const std::string& headers = {}) {
    return ask("POST", target, token_ + headers, boost::json::serialize(body));
  }
  // Starts a script; the answer's body.
  Json play(const std::string& target_id, std::vector<std::string> script,
            boost::json::object more = {}) {
    boost::json::object params{{"script", boost::json::value_from(script)}};
    more["kind"] = "test.script";
    more["target_id"] = target_id;
    if (auto* given = more.if_contains("params")) {
      for (const auto& [name, value] : params) given->as_object()[name] = value;
    } else {
      more["params"] = params;
    }
    return post("/api/operations", more).json();
  }
  std::string start(const std::string& target_id, std::vector<std::string> script) {
    return std::string(play(target_id, std::move(script)).at("operation_id").as_string());
  }
  Json wait_end(const std::string& id) { return get("/api/operations/" + id + "?wait=10s").json(); }
  // Until it is in `status`.
  Json wait_for(const std::string& id, const std::string& status) {
    std::int64_t revision = 0;
    for (;;) {
      auto state =
          get("/api/operations/" + id + "?wait=10s&after_revision=" + std::to_string(revision))
              .json();
      if (state.at("status").as_string() == status) return state;
      if (state.at("revision").as_int64() <= revision) {
        throw std::runtime_error("waited for " + status + ": " + boost::json::serialize(state));
      }
      revision = state.at("revision").as_int64();
    }
  }

 private:
  const std::string token_;
};

}  // namespace hub::http
