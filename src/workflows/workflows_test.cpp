// The recipes on a real registry, a real store and real files.

#include <future>

#include <doctest/doctest.h>

#include "operations/operation_manager.hpp"
#include "registry/test_artifacts.hpp"
#include "workflows/all_workflows.hpp"
#include "workflows/pinned_artifact.hpp"

namespace hub::workflows {
namespace {

using enum OperationStatus;
using operations::OperationManager;
using registry::testing::write_scenario;
using registry::testing::write_skill;

const Initiator somebody{"user", "somebody"};

struct Hub {
  registry::testing::Bench published;
  fs::path base = published.directory.path() / "base";
  SystemClock clock;
  store::ProgressBoard board;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::OperationStore> store;
  registry::Mirror mirror{base / "mirror", published.registry.string(), clock};
  registry::CatalogKeeper catalog{mirror, clock, std::chrono::hours(1), base / "registry.json"};
  artifacts::Shelf shelf{base};
  std::unique_ptr<operations::OperationLogs> logs;
  std::unique_ptr<OperationManager> manager;

  Hub() {
    REQUIRE(make_directories(base / "state" / "staging"));
    open();
  }
  ~Hub() { close(); }
  void close() {
    manager.reset();
    logs.reset();
    store.reset();
    database.reset();
  }
  // As the daemon does.
  void open() {
    close();
    database = store::Database::open(base / "hub.db").value();
    store = std::make_unique<store::OperationStore>(*database, clock);
    logs = std::make_unique<operations::OperationLogs>(base / "logs", clock);
    shelf.sweep(store->not_cleaned_up());
    manager = std::make_unique<OperationManager>(*store, board, *logs, clock,
                                                 all_workflows({catalog, shelf, *store, clock}));
    manager->start();
  }
  void publish(const std::string& name, const std::string& version, const std::string& more = {}) {
    REQUIRE(published.push_skill(name, version, more));
    REQUIRE(catalog.refresh());
  }
  void publish_scenario(const std::string& name, const std::string& version,
                        const std::string& more) {
    REQUIRE(registry::push(published.request(write_scenario(published.sources, name, version, more),
                                             ArtifactKind::scenario),
                           clock));
    REQUIRE(catalog.refresh());
  }
  Result<store::Accepted> ask(const std::string& kind, const std::string& target_kind,
                              const std::string& target) {
    OperationRequest wanted;
    wanted.kind = OperationKind(kind);
    wanted.target_kind = target_kind;
    wanted.target_id = target;
    wanted.initiator = somebody;
    return manager->accept(wanted);
  }
  OperationState end_of(const Result<store::Accepted>& accepted) {
    REQUIRE_MESSAGE(accepted, (accepted ? "" : accepted.error().message));
    std::promise<OperationState> end;
    manager->wait(accepted->state.operation_id, std::nullopt, std::chrono::seconds(60),
                  [&](std::optional<OperationState> state) { end.set_value(*std::move(state)); });
    auto state = end.get_future().get();
    REQUIRE(is_terminal(state.status));
    return state;
  }
  OperationState run(const std::string& kind, const std::string& target_kind,
                     const std::string& target) {
    return end_of(ask(kind, target_kind, target));
  }
  OperationState undo(const OperationState& what) {
    return end_of(manager->undo(what.operation_id, somebody));
  }
  std::string version_of(const std::string& name, ArtifactKind kind = ArtifactKind::skill) const {
    const auto found = store->find_installed(kind, name);
    const bool on_disk = fs::exists(shelf.installed(kind, name) / manifest_file_of(kind));
    CHECK(on_disk == found.has_value());
    return found ? found->version : "none";
  }
  bool has_staging(const OperationState& of) const {
    return fs::exists(shelf.staging(of.operation_id));
  }
};

TEST_CASE("an install can be taken back: what it replaced stands there again") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  const auto first = hub.run("skill.install", "skill", "notes_skill");
  CHECK(first.status == succeeded);
  CHECK(first.can_undo);
  CHECK(first.priority == Priority::interactive);
  hub.publish("notes_skill", "2.0.0");
  const auto second = hub.run("skill.install", "skill", "notes_skill");
  CHECK(hub.version_of("notes_skill") == "2.0.0");
  hub.open();  // the start sweeps, and leaves what an undo needs
  CHECK(hub.manager->undo(first.operation_id, somebody).error().details.at("why") ==
        "changed_since");
  CHECK(hub.undo(second).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
}

TEST_CASE("an uninstall can be taken back, with the pip packages it had") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  const auto packages = hub.shelf.vendor("notes_skill", "1.0.0");
  REQUIRE(make_directories(packages));
  REQUIRE(write_file_atomic(packages / "module.py", "x = 1"));
  const auto gone = hub.run("skill.uninstall", "skill", "notes_skill");
  CHECK(gone.status == succeeded);
  CHECK(hub.version_of("notes_skill") == "none");
  CHECK_FALSE(fs::exists(packages));
  CHECK(hub.undo(gone).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  CHECK(read_file(packages / "module.py").value() == "x = 1");
}

TEST_CASE("a scenario does not come back without the skills that it had") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish_scenario("brief", "1.0.0", "depends: [notes_skill]\n");
  CHECK(hub.run("scenario.install", "scenario", "brief").status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
  const auto gone = hub.run("scenario.uninstall", "scenario", "brief");
  CHECK(gone.status == succeeded);
  CHECK(hub.run("skill.uninstall", "skill", "notes_skill").status == succeeded);
  const auto refused = hub.undo(gone);
  CHECK(refused.status == failed);
  CHECK(refused.error->code == "REQUIRES_MISSING");
  CHECK(hub.version_of("brief", ArtifactKind::scenario) == "none");
  CHECK(hub.run("skill.install", "skill", "notes_skill").status == succeeded);
  CHECK(hub.undo(gone).status == succeeded);
  CHECK(hub.version_of("brief", ArtifactKind::scenario) == "1.0.0");
}

TEST_CASE("a scenario with its skills is taken back whole, unless somebody needs one of them") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish_scenario("brief", "1.0.0", "depends: [notes_skill]\n");
  hub.publish_scenario("diary", "1.0.0", "depends: [notes_skill]\n");
  const auto brief = hub.run("scenario.install", "scenario", "brief");
  const auto diary = hub.run("scenario.install", "scenario", "diary");
  CHECK(hub.manager->undo(brief.operation_id, somebody).error().details.at("why") ==
        "changed_since");
  CHECK(hub.undo(diary).status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
}

TEST_CASE("an update brings everything up to date, each as an operation of its own") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("timer_skill", "1.0.0");
  hub.publish_scenario("brief", "1.0.0", "depends: [notes_skill]\n");
  hub.run("scenario.install", "scenario", "brief");
  hub.run("skill.install", "skill", "timer_skill");
  hub.publish("notes_skill", "1.1.0");
  hub.publish_scenario("brief", "1.1.0", "depends: [notes_skill, extra_skill]\n");
  SUBCASE("all of it") {
    hub.publish("extra_skill", "1.0.0");
    const auto end = hub.run("workspace.update", "workspace", "workspace");
    CHECK(end.status == succeeded);
    CHECK(end.message == "2 artifacts are updated");
    CHECK(end.effects == Effects::applied);
    CHECK(end.result->at("updated") == 2);
    CHECK(end.result->at("failed").as_array().empty());
    CHECK(end.result->at("more_available") == 0);
    CHECK(hub.version_of("notes_skill") == "1.1.0");
    CHECK(hub.version_of("timer_skill") == "1.0.0");
    CHECK(hub.version_of("extra_skill") == "1.0.0");  // came along
    CHECK(hub.version_of("brief", ArtifactKind::scenario) == "1.1.0");
    const auto children = hub.store->children_of(end.operation_id);
    REQUIRE(children.size() == 2);
    CHECK(children[0].kind.text() == "skill.install");
    CHECK(children[1].kind.text() == "scenario.install");
    CHECK(*children[0].finished_at <= *children[1].started_at);
    CHECK(hub.run("workspace.update", "workspace", "workspace").message ==
          "everything was up to date");
  }
  SUBCASE("what cannot be planned is said, and the rest is done") {
    const auto end = hub.run("workspace.update", "workspace", "workspace");
    CHECK(end.status == succeeded);
    CHECK(end.result->at("updated") == 1);
    CHECK(end.warnings->at(0).find("extra_skill") != std::string::npos);
    CHECK(hub.version_of("brief", ArtifactKind::scenario) == "1.0.0");
  }
}

TEST_CASE("an update of which one part fails keeps the others, and names it") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("timer_skill", "1.0.0");
  hub.run("skill.install", "skill", "notes_skill");
  hub.run("skill.install", "skill", "timer_skill");
  hub.publish("notes_skill", "1.1.0");
  hub.publish("timer_skill", "1.1.0", "dependencies: ['--no-index', 'no_such_package==1.0']\n");
  const auto end = hub.run("workspace.update", "workspace", "workspace");
  CHECK(end.status == failed);
  CHECK(end.error->code == "UPDATE_INCOMPLETE");
  CHECK(end.message.find("1 of 2 failed: skill:timer_skill") != std::string::npos);
  CHECK(end.error->causes->at(0).code == "DEPENDENCIES_FAILED");
  CHECK(end.effects == Effects::partial);
  CHECK(end.result->at("updated") == 1);
  const auto& one = end.result->at("failed").at(0);
  CHECK(one.at("target") == "skill:timer_skill");
  CHECK(one.at("error").at("code") == "DEPENDENCIES_FAILED");
  const auto child = hub.store->find(OperationId(std::string(one.at("operation_id").as_string())));
  REQUIRE(child);
  CHECK(child->status == failed);
  CHECK(child->parent_id == end.operation_id);
  CHECK(hub.version_of("notes_skill") == "1.1.0");
  CHECK(hub.version_of("timer_skill") == "1.0.0");
  CHECK(hub.logs->read(child->operation_id, 0).text.find("prepare: pip: ") != std::string::npos);
  // Its retry asks for the same, though nobody is its parent any more.
  hub.publish("timer_skill", "1.2.0");
  const auto again = hub.end_of(hub.manager->retry(child->operation_id, somebody));
  CHECK(again.status == failed);
  CHECK(again.error->code == "DEPENDENCIES_FAILED");
}

TEST_CASE("a client cannot bring its own pins") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  InstallIntent other;
  other.commit = "0000";
  other.artifacts.emplace_back().name = "evil";
  OperationRequest wanted;
  wanted.kind = OperationKind("skill.install");
  wanted.target_kind = "skill";
  wanted.target_id = "notes_skill";
  wanted.params = pinned_params(other);
  wanted.params.erase("pin");
  const auto end = hub.end_of(hub.manager->accept(wanted));
  CHECK(end.status == succeeded);
  CHECK(hub.version_of("notes_skill") == "1.0.0");
}

TEST_CASE("a look ahead at an install tells its size and that it can be taken back") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  OperationRequest wanted;
  wanted.kind = OperationKind("skill.install");
  wanted.target_kind = "skill";
  wanted.target_id = "notes_skill";
  const auto seen = hub.manager->preview(wanted);
  REQUIRE(seen);
  CHECK(seen->bytes.value_or(0) > 0);
  CHECK(seen->reversible);
  CHECK(seen->undo_window == std::chrono::hours(24));
}

TEST_CASE("what the hub's copy of the registry has lost is fetched again, and waited for") {
  Hub hub;
  hub.publish("notes_skill", "1.0.0");
  hub.publish("clock_skill", "1.0.0");
  const fs::path away = hub.published.registry.string() + ".away";
  REQUIRE(remove_tree(hub.base / "mirror"));  // as after a restore into an empty folder
  CHECK(hub.run("skill.install", "skill", "notes_skill").status == succeeded);
  REQUIRE(remove_tree(hub.base / "mirror"));
  fs::rename(hub.published.registry, away);
  const auto accepted = hub.ask("skill.install", "skill", "clock_skill");
  const auto id = accepted.value().state.operation_id;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    const auto state = hub.manager->find(id).value();
    if (state.reason && state.reason->code == "retry_backoff") break;
    REQUIRE_FALSE(is_terminal(state.status));
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  fs::rename(away, hub.published.registry);
  CHECK(hub.end_of(accepted).status == succeeded);
  CHECK(hub.version_of("clock_skill") == "1.0.0");
}

TEST_CASE("what a failed install prepared is thrown away") {
  Hub hub;
  hub.publish("bad_skill", "1.0.0", "dependencies: ['--no-index', 'no_such_package==1.0']\n");
  const auto end = hub.run("skill.install", "skill", "bad_skill");
  CHECK(end.status == failed);
  CHECK(hub.version_of("bad_skill") == "none");
  hub.manager->stop();  // the janitor finishes first
  CHECK_FALSE(hub.has_staging(end));
}

}  // namespace
}  // namespace hub::workflows
