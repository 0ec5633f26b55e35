#include "daemon/hub.hpp"

#include <algorithm>
#include <cstdlib>

#include "artifacts/shelf.hpp"
#include "base/log.hpp"
#include "daemon/own_registry.hpp"
#include "http/artifacts_routes.hpp"
#include "http/document_sockets.hpp"
#include "http/hub_routes.hpp"
#include "http/marketplace_routes.hpp"
#include "http/models_routes.hpp"
#include "http/operations_routes.hpp"
#include "http/push_routes.hpp"
#include "http/server.hpp"
#include "http/static_files.hpp"
#include "http/tools_routes.hpp"
#include "infrastate/actions.hpp"
#include "infrastate/snapshot.hpp"
#include "operations/operation_manager.hpp"
#include "projection/operation_projection_service.hpp"
#include "sandbox/protections.hpp"
#include "workflows/all_workflows.hpp"
#include "workflows/dev_space.hpp"
#include "workflows/shelf_care.hpp"

namespace hub::daemon {
namespace {

constexpr std::size_t http_workers = 8;
constexpr std::chrono::seconds stop_patience{5};
constexpr std::int64_t ended_shown = 50;          // operations in a document
constexpr std::int64_t notifications_shown = 50;  // in a document

// What holds a skill's code on this machine, and what does not.
void log_protections() {
  std::string held;
  for (const auto& [name, holds, sentence] : sandbox::protections()) {
    if (holds) {
      held += (held.empty() ? "" : ", ") + name;
    } else {
      log::warning("daemon", "protection_missing", {{"name", name}, {"why", sentence}});
    }
  }
  log::info("daemon", "protections", {{"held", held}});
}

}  // namespace

// In the order they are built; destroyed in the reverse.
struct Hub::Parts {
  Parts(const cli::Serve& wanted, const Clock& hub_clock) : serve(wanted), clock(hub_clock) {}

  const cli::Serve serve;
  const Clock& clock;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::OperationStore> store;
  store::ProgressBoard board;
  std::unique_ptr<operations::OperationLogs> logs;
  std::unique_ptr<registry::Mirror> mirror;
  std::unique_ptr<registry::CatalogKeeper> catalog;
  std::unique_ptr<marketplace::Marketplace> marketplace;
  std::unique_ptr<artifacts::Shelf> shelf;
  std::unique_ptr<registry::Uploads> uploads;
  std::unique_ptr<operations::OperationManager> manager;
  std::unique_ptr<projection::DocumentServer> documents;
  std::unique_ptr<projection::OperationProjectionService> projection;
  std::vector<Doorbell::Subscription> doorbells;
  std::unique_ptr<http::Access> access;
  std::unique_ptr<http::OperationFront> front;
  std::unique_ptr<http::Workers> workers;
  std::unique_ptr<skills::ToolCaller> tool_caller;
  std::unique_ptr<http::Workers> tool_workers;
  std::unique_ptr<http::StaticFiles> pages;
  std::unique_ptr<http::Server> server;

  Result<> open_store();
  Result<> open_registry(const ShareFolders&);
  void build_operations();
  void build_projection();
  projection::ProjectionInput shown_in(const std::string& webspace);
  Result<> build_server(const ShareFolders&);
  void stop_showing();
  fs::path state() const { return serve.base_directory / "state"; }
};

Result<> Hub::Parts::open_store() {
  HUB_CHECK(make_directories(state(), 0700));
  HUB_CHECK(make_directories(state() / "staging"));
  HUB_TRY(opened, store::Database::open(state() / "hub.db"));
  database = std::move(opened);
  const auto& base = serve.base_directory;
  for (const auto& folder : {state(), state() / "ystores", state() / "secrets",
                             state() / "registry-mirror", base / "workspace"}) {
    remove_unfinished_writes(folder);  // nobody else is here: the database is ours
  }
  store::StoreOptions options;
  options.live_max = serve.operations_max;
  options.live_per_initiator_max = serve.operations_per_initiator_max;
  store = std::make_unique<store::OperationStore>(*database, clock, options);
  return {};
}

Result<> Hub::Parts::open_registry(const ShareFolders& share) {
  std::string url = serve.registry_url;
  if (url.empty()) {
    HUB_TRY(own, ensure_own_registry(serve.base_directory, share.registry_samples, clock));
    url = own.string();
  }
  mirror = std::make_unique<registry::Mirror>(state() / "registry-mirror", url, clock);
  catalog = std::make_unique<registry::CatalogKeeper>(
      *mirror, clock, std::chrono::seconds(serve.registry_interval_s),
      serve.base_directory / "workspace" / "registry.json");
  marketplace = std::make_unique<marketplace::Marketplace>(*catalog, state() / "search.db");
  return {};
}

void Hub::Parts::build_operations() {
  shelf = std::make_unique<artifacts::Shelf>(serve.base_directory);
  models::ModelStore(serve.base_directory).sweep(store->not_cleaned_up());
  uploads = std::make_unique<registry::Uploads>(workflows::uploads_of(serve.base_directory));
  uploads->sweep();
  logs = std::make_unique<operations::OperationLogs>(state() / "logs", clock);
  const workflows::Tools tools{*catalog, *shelf, *store, clock};
  workflows::tidy_at_start(tools);
  operations::ManagerOptions options;
  options.slots = serve.slots;
  options.disk = serve.base_directory;
  options.secrets = state() / "secrets";
  // A step that does not listen must not keep the hub from stopping. Operations need no goodbye.
  options.on_stuck = [this] {
    stop_showing();
    log::warning("daemon", "stopped", {{"left", "operations that did not stop; they go on later"}});
    std::_Exit(EXIT_SUCCESS);
  };
  manager = std::make_unique<operations::OperationManager>(
      *store, board, *logs, clock, workflows::all_workflows(tools), std::move(options));
}

void Hub::Parts::build_projection() {
  documents = std::make_unique<projection::DocumentServer>(
      projection::DocumentServerOptions{.folder = state() / "ystores"}, clock);
  projection = std::make_unique<projection::OperationProjectionService>(
      *documents, [this](const std::string& webspace) { return shown_in(webspace); });
  const auto changed = [this] { projection->changed(); };
  doorbells.push_back(database->commits().subscribe(changed));
  doorbells.push_back(board.ticks().subscribe(changed));
  doorbells.push_back(catalog->changes().subscribe(changed));
}

// What a document shows. `seq` is read first: the rest may be newer, never older.
projection::ProjectionInput Hub::Parts::shown_in(const std::string& webspace) {
  projection::ProjectionInput input;
  input.feed_id = database->feed_id();
  input.seq = store->last_seq();
  input.operations = store->recent(webspace, ended_shown);
  for (auto& operation : input.operations) board.overlay(operation);
  input.notifications = store->notifications(webspace, notifications_shown);
  const auto installed = store->installed();
  const auto published = catalog->current();
  std::int64_t updates = 0;
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    updates += std::ranges::count_if(infrastate::inventory(kind, installed, published.get()),
                                     &infrastate::InventoryItem::update_available);
  }
  input.update_actions = infrastate::update_actions(updates);
  return input;
}

Result<> Hub::Parts::build_server(const ShareFolders& share) {
  HUB_TRY(opened, http::Access::open({state(), serve.host_names, serve.origins}, clock));
  access = std::move(opened);
  workers = std::make_unique<http::Workers>(http_workers);
  HUB_TRY(files, http::StaticFiles::read(share.web));
  pages = std::make_unique<http::StaticFiles>(std::move(files));
  http::Router router;
  http::add_session_routes(router, *workers, *access);
  front = std::make_unique<http::OperationFront>(*manager, *store, board, *workers);
  http::add_operations_routes(
      router, {*front, *store, board, clock, *workers, (state() / "hub.db").string()});
  http::add_artifacts_routes(router, {front->desk, *store, *catalog, clock, *workers});
  http::add_push_routes(router, {front->desk, *uploads, clock, *workers});
  http::add_hub_routes(router, {{serve.name, HUB_VERSION},
                                front->desk,
                                *store,
                                board,
                                *catalog,
                                front->metrics,
                                *documents,
                                clock,
                                *workers});
  http::add_marketplace_routes(router, {*marketplace, *catalog, *store, board, *workers});
  http::add_models_routes(router, models::ModelStore(serve.base_directory), *workers);
  tool_caller = std::make_unique<skills::ToolCaller>(*store, *shelf);
  tool_workers = std::make_unique<http::Workers>(http::tool_calls_running_max);
  http::add_tools_routes(router, *tool_caller, *tool_workers);
  http::add_static_files(router, *pages);
  http::ServerOptions options;
  options.address = serve.address;
  options.port = serve.port;
  http::SocketRoutes sockets;
  http::add_document_sockets(sockets, *access, *documents);
  server = std::make_unique<http::Server>(options, std::move(router), std::move(sockets), *access);
  return server->start();
}

Hub::Hub(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Hub>> Hub::start(const cli::Serve& serve, const ShareFolders& share,
                                        const Clock& clock) {
  auto parts = std::make_unique<Parts>(serve, clock);
  HUB_CHECK(parts->open_store());
  HUB_CHECK(parts->open_registry(share));
  parts->build_operations();
  parts->build_projection();
  HUB_CHECK(parts->build_server(share));
  parts->catalog->load();
  parts->marketplace->start();
  parts->manager->start();
  parts->catalog->fetch_by([&operations = *parts->manager] {
    OperationRequest wanted;
    wanted.kind = OperationKind("registry.refresh");
    wanted.target_kind = wanted.target_id = "registry";
    wanted.initiator = {"schedule", "catalogue"};
    wanted.params = {{"unattended", true}};  // who asks for one is told of its own, not of this
    wanted.priority = Priority::background;
    return operations.accept(wanted).has_value();
  });
  parts->catalog->start();
  log::info("daemon", "started",
            {{"version", HUB_VERSION},
             {"base_dir", serve.base_directory.string()},
             {"port", parts->server->port()},
             {"registry", parts->mirror->display_url()},
             {"boot_epoch", parts->database->boot_epoch()}});
  log_protections();
  return std::unique_ptr<Hub>(new Hub(std::move(parts)));
}

void Hub::Parts::stop_showing() {
  server->stop(stop_patience);
  doorbells.clear();
  projection->stop();
  documents->stop();
}

Hub::~Hub() {
  parts_->catalog->stop();
  parts_->marketplace->stop();
  parts_->tool_caller->stop();
  parts_->manager->stop();  // answers long polls, so that the server has nothing to wait for
  parts_->stop_showing();
  log::info("daemon", "stopped");
}

std::string Hub::address() const {
  const std::string& host = parts_->serve.address;
  const bool v6 = host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(parts_->server->port());
}

std::string Hub::signed_address() const { return address() + "/#token=" + parts_->access->token(); }

ShareFolders find_share_folders() {
  fs::path share;
  if (const char* given = std::getenv("ADAOS_HUB_SHARE"); given && *given) {
    share = given;
  } else {
    std::error_code ec;
    share =
        fs::read_symlink("/proc/self/exe", ec).parent_path().parent_path() / "share" / "adaos-hub";
  }
  return {share / "web", share / "registry-samples"};
}

}  // namespace hub::daemon
