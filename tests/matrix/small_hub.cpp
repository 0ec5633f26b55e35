#include "matrix/small_hub.hpp"

#include <algorithm>
#include <future>
#include <stdexcept>
#include <thread>

#include "models/model_store.hpp"
#include "workflows/shelf_care.hpp"

namespace hub::matrix {
namespace {

constexpr std::chrono::hours asking_interval{1};
constexpr const char* webspace_shown = "desktop";
constexpr std::chrono::milliseconds longest_pause{8};

// Somebody has to look, or no document is loaded.
class Onlooker final : public projection::Peer {
 public:
  void send(projection::Frame) override {}
  std::size_t queued_bytes() const override { return 0; }
  void close(std::uint16_t, std::string) override {}
};

}  // namespace

SmallHub::SmallHub(const fs::path& base, const std::string& registry_url, const Meddling& meddling)
    : base_(base) {
  (void)make_directories(state(), 0700);
  (void)make_directories(state() / "staging");
  auto opened = store::Database::open(state() / "hub.db");
  if (!opened) throw std::runtime_error(opened.error().message);
  database_ = *std::move(opened);
  store_ = std::make_unique<store::OperationStore>(*database_, clock_);
  mirror_ = std::make_unique<registry::Mirror>(state() / "registry-mirror", registry_url, clock_);
  catalog_ = std::make_unique<registry::CatalogKeeper>(*mirror_, clock_, asking_interval,
                                                       base_ / "workspace" / "registry.json");
  shelf_ = std::make_unique<artifacts::Shelf>(base_);
  shelf_->sweep(store_->not_cleaned_up());
  models::ModelStore(base_).sweep(store_->not_cleaned_up());
  logs_ = std::make_unique<operations::OperationLogs>(base_ / "logs" / "operations", clock_);
  auto wired = meddling;
  wired.cancel = [this, told = meddling.cancelled](const OperationId& id, Meddling::Binds binds) {
    if (manager_->cancel(id) && told && binds == Meddling::Binds::yes) told();
  };
  const workflows::Tools tools{*catalog_, *shelf_, *store_, clock_};
  workflows::tidy_at_start(tools);
  manager_ = std::make_unique<operations::OperationManager>(
      *store_, board_, *logs_, clock_, meddle_with(workflows::all_workflows(tools), wired));
  documents_ = std::make_unique<projection::DocumentServer>(
      projection::DocumentServerOptions{.folder = state() / "ystores"}, clock_);
  projection_ = std::make_unique<projection::OperationProjectionService>(
      *documents_, [this](const std::string& webspace) { return shown_in(webspace); });
  const auto changed = [this] { projection_->changed(); };
  doorbells_.push_back(database_->commits().subscribe(changed));
  doorbells_.push_back(board_.ticks().subscribe(changed));
  if (const auto seen = documents_->open(webspace_shown, std::make_shared<Onlooker>()); !seen) {
    throw std::runtime_error(seen.error().message);
  }
  began_ = clock_.now();
  catalog_->start();
  manager_->start();
}

SmallHub::~SmallHub() {
  catalog_->stop();
  manager_->stop();
  projection_->stop();
  documents_->stop();
}

projection::ProjectionInput SmallHub::shown_in(const std::string& webspace) {
  projection::ProjectionInput input;
  input.feed_id = database_->feed_id();
  input.seq = store_->last_seq();
  input.operations = store_->recent(webspace, projection::kEndedMax);
  for (auto& operation : input.operations) board_.overlay(operation);
  input.notifications = store_->notifications(webspace, projection::kNotificationsMax);
  return input;
}

Json SmallHub::document() {
  Json shown;
  documents_->write(webspace_shown,
                    [&](ydoc::AuthoredDocument& document) { shown = document.to_json(); });
  return shown;
}

bool SmallHub::wait_for_catalog() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto asked = from_millis(to_millis(began_));
  for (;;) {
    if (catalog_->status().error) return false;
    if (catalog_->current() && mirror_->fetched_at() >= asked) return true;
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("the registry was not asked");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

OperationState SmallHub::end_of(const OperationId& id) {
  std::promise<std::optional<OperationState>> promise;
  manager_->wait(id, std::nullopt, std::chrono::minutes(5),
                 [&](std::optional<OperationState> s) { promise.set_value(std::move(s)); });
  auto state = promise.get_future().get();
  if (!state) throw std::runtime_error("there is no operation " + id.text());
  if (!is_terminal(state->status) && state->status != OperationStatus::waiting_input) {
    throw std::runtime_error(state->kind.text() + " does not end: " + state->message);
  }
  return *std::move(state);
}

std::string SmallHub::come_to_rest(std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto busy = [this]() -> std::string {
    for (const auto& state : store_->live()) {
      if (state.status == OperationStatus::waiting_input) continue;
      return state.kind.text() + " " + state.operation_id.text() + " is " +
             boost::describe::enum_to_string(state.status, "?") + " in step " +
             state.current_step.value_or("none") + ": " + state.message;
    }
    const auto kept = store_->not_cleaned_up();
    for (const auto& entry : fs::directory_iterator(state() / "staging")) {
      const OperationId id(entry.path().filename().string());
      if (std::ranges::find(kept, id) == kept.end()) {
        return "staging of " + id.text() + " is still there";
      }
    }
    return {};
  };
  // Not so often that looking takes longer than what is waited for.
  for (std::chrono::milliseconds pause{1};; pause = std::min(2 * pause, longest_pause)) {
    std::string going_on = busy();
    if (going_on.empty() || std::chrono::steady_clock::now() >= deadline) return going_on;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace hub::matrix
