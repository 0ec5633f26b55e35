#include "matrix/small_hub.hpp"

#include <future>
#include <stdexcept>
#include <thread>

namespace hub::matrix {
namespace {

constexpr std::chrono::hours asking_interval{1};

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
  logs_ = std::make_unique<operations::OperationLogs>(base_ / "logs" / "operations", clock_);
  auto wired = meddling;
  wired.cancel = [this, told = meddling.cancelled](const OperationId& id) {
    if (manager_->cancel(id) && told) told();
  };
  const workflows::Tools tools{*catalog_, *shelf_, *store_, clock_};
  manager_ = std::make_unique<operations::OperationManager>(
      *store_, board_, *logs_, clock_, meddle_with(workflows::all_workflows(tools), wired));
  catalog_->start();
  manager_->start();
}

SmallHub::~SmallHub() {
  catalog_->stop();
  manager_->stop();
}

void SmallHub::wait_for_catalog() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (catalog_->status().state != registry::CatalogCondition::fresh) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("the registry does not answer: " +
                               catalog_->status().error.value_or("no error"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

OperationState SmallHub::end_of(const OperationId& id) {
  std::promise<std::optional<OperationState>> promise;
  manager_->wait(id, std::nullopt, std::chrono::seconds(30),
                 [&](std::optional<OperationState> s) { promise.set_value(std::move(s)); });
  auto state = promise.get_future().get();
  if (!state) throw std::runtime_error("there is no operation " + id.text());
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
  for (;;) {
    std::string going_on = busy();
    if (going_on.empty() || std::chrono::steady_clock::now() >= deadline) return going_on;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace hub::matrix
