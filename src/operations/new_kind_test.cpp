// A kind written as docs/adding-a-kind.md says, in one place, and what it gets for nothing.

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;

// ---- the kind: test.copy_file copies one file to another place

class CopyFile final : public Workflow {
 public:
  explicit CopyFile(fs::path folder) : folder_(std::move(folder)) {}

  OperationKind kind() const override { return OperationKind("test.copy_file"); }
  std::chrono::seconds undo_window() const override { return std::chrono::hours(1); }

  Result<Plan> resolve(const OperationRequest& request) const override {
    const auto* from = request.params.if_contains("from");
    if (!from || !from->is_string()) {
      return fail(ErrorCode::invalid, "cannot copy: params.from is missing", "from_missing",
                  R"(send {"from": "<file name>"})");
    }
    const std::string name(from->get_string());
    std::error_code ec;
    const auto bytes = fs::file_size(folder_ / name, ec);
    if (ec) return fail(ErrorCode::not_found, "cannot copy " + name + ": no such file", "no_file");
    Plan plan;
    plan.intent = boost::json::object{{"from", name}, {"to", request.target_id}};
    plan.locks = {{Resource("file:" + name), store::LockMode::shared},
                  {Resource("file:" + request.target_id)}};
    plan.title_key = "operation.test.copy_file";
    plan.title_args = {{"name", request.target_id}};
    plan.message = "waiting to copy " + name;
    plan.bytes = plan.space_needed = static_cast<std::int64_t>(bytes);
    return plan;
  }

  std::vector<Step> steps(const Json& intent) const override {
    const fs::path from = folder_ / intent.at("from").as_string().c_str();
    const fs::path to = folder_ / intent.at("to").as_string().c_str();
    const auto staged = [folder = folder_](const StepContext& run) {
      return folder / ("staging-" + run.operation_id().text());
    };
    Step copy;
    copy.name = "copy";
    copy.weight = 9;
    copy.run = [from, staged](StepContext& run) -> Result<> {
      HUB_TRY(bytes, read_file(from));
      run.progress({0, static_cast<std::int64_t>(bytes.size()), "bytes"}, "copying");
      if (run.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
      return write_file_atomic(staged(run), bytes);
    };
    Step publish;
    publish.name = "publish";
    publish.kind = StepClass::fs_publish;
    publish.run = [to, staged](StepContext& run) -> Result<> {
      run.log("to " + to.string());
      run.conclude("the copy is there");
      return rename_durable(staged(run), to);
    };
    publish.probe = [to, staged](StepContext& run) {
      return !fs::exists(staged(run)) && fs::exists(to) ? Presence::present : Presence::absent;
    };
    publish.undo = [to](StepContext&) { return remove_tree(to); };
    return {copy, publish};
  }

  void clean_up(const OperationId& id) const override {
    static_cast<void>(remove_tree(folder_ / ("staging-" + id.text())));
  }

 private:
  fs::path folder_;
};

// ---- what it gets

struct Copies {
  TemporaryDirectory directory;
  ManualClock clock{from_millis(1'800'000'000'000)};
  store::ProgressBoard board;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::OperationStore> store;
  std::unique_ptr<OperationLogs> logs;
  std::unique_ptr<OperationManager> manager;
  fs::path folder = directory.path() / "files";

  Copies() {
    REQUIRE(make_directories(folder));
    REQUIRE(write_file_atomic(folder / "a", "text"));
    open(4);
  }
  void open(std::size_t slots) {
    manager.reset();
    store.reset();
    database.reset();
    database = store::Database::open(directory.path() / "hub.db").value();
    store = std::make_unique<store::OperationStore>(*database, clock);
    logs = std::make_unique<OperationLogs>(directory.path() / "logs", clock);
    Workflows workflows;
    workflows.push_back(std::make_unique<CopyFile>(folder));
    manager = std::make_unique<OperationManager>(*store, board, *logs, clock, std::move(workflows),
                                                 ManagerOptions{.slots = slots});
    manager->start();
  }
  OperationId copy(const std::string& to) {
    auto wanted = Bench::request({{"from", "a"}}, to, "test.copy_file");
    return manager->accept(wanted).value().state.operation_id;
  }
  OperationState end_of(const OperationId& id) {
    std::promise<OperationState> end;
    manager->wait(id, std::nullopt, std::chrono::seconds(30),
                  [&](std::optional<OperationState> state) { end.set_value(*std::move(state)); });
    return end.get_future().get();
  }
};

TEST_CASE("a new kind runs, is journalled, logged, announced and can be undone") {
  Copies at;
  const auto end = at.end_of(at.copy("b"));
  CHECK(end.status == succeeded);
  CHECK(end.message == "the copy is there");
  CHECK(read_file(at.folder / "b").value() == "text");
  CHECK(at.logs->read(end.operation_id, 0).text.find("publish: to ") != std::string::npos);
  CHECK(at.store->notifications("desktop", 5).size() == 1);
  CHECK(at.store->step_times(end.kind).contains("copy"));
  REQUIRE(end.can_undo);
  const auto undo = at.manager->undo(end.operation_id, {"user", "x"});
  REQUIRE(undo);
  CHECK(at.end_of(undo->state.operation_id).status == succeeded);
  CHECK_FALSE(fs::exists(at.folder / "b"));
}

TEST_CASE("a new kind says beforehand what it would do, and refuses what it cannot") {
  Copies at;
  const auto seen = at.manager->preview(Bench::request({{"from", "a"}}, "b", "test.copy_file"));
  REQUIRE(seen);
  CHECK(seen->bytes == 4);
  CHECK(seen->reversible);
  CHECK(at.manager->accept(Bench::request({{"from", "x"}}, "b", "test.copy_file")).error().reason ==
        "no_file");
}

TEST_CASE("a new kind is taken up where a dead hub left it") {
  for (const bool published : {false, true}) {
    CAPTURE(published);
    Copies at;
    at.open(0);
    const auto id = at.copy("b");
    at.manager.reset();
    const std::vector kinds{OperationKind("test.copy_file")};
    auto record = at.store->claim(kinds, Priority::normal);
    REQUIRE(record);
    record->steps[0].phase = store::StepPhase::done;
    store::StepRecord second;
    second.no = 1;
    second.name = "publish";
    REQUIRE(at.store->advance(id, {.steps = {record->steps[0], second}}));
    REQUIRE(write_file_atomic(at.folder / (published ? "b" : "staging-" + id.text()), "text"));
    at.open(4);
    CHECK(at.end_of(id).status == succeeded);
    CHECK(read_file(at.folder / "b").value() == "text");
  }
}

TEST_CASE("a new kind that waits in line is cancelled, and never runs") {
  Copies at;
  at.open(0);
  const auto id = at.copy("b");
  CHECK(at.manager->cancel(id)->status == cancelled);
  at.open(4);
  CHECK_FALSE(fs::exists(at.folder / "b"));
}

}  // namespace
}  // namespace hub::operations
