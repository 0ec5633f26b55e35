#pragma once
// A hub without its network, for the tests of the recipes: a real registry, store and files.

#include <future>

#include <doctest/doctest.h>

#include "operations/operation_manager.hpp"
#include "registry/test_artifacts.hpp"
#include "workflows/all_workflows.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/shelf_care.hpp"

namespace hub::workflows::testing {

using operations::OperationManager;
using registry::testing::write_scenario;

inline const Initiator somebody{"user", "somebody"};

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
    const Tools tools{catalog, shelf, *store, clock};
    tidy_at_start(tools);
    manager = std::make_unique<OperationManager>(*store, board, *logs, clock, all_workflows(tools));
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
                              const std::string& target, boost::json::object params = {}) {
    OperationRequest wanted;
    wanted.params = std::move(params);
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
                     const std::string& target, boost::json::object params = {}) {
    return end_of(ask(kind, target_kind, target, std::move(params)));
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

}  // namespace hub::workflows::testing
