#include "matrix/busy_store.hpp"

#include <array>
#include <stdexcept>

#include "base/hash.hpp"

namespace hub::matrix {
namespace {

const std::array kinds{OperationKind("skill.install"), OperationKind("skill.uninstall")};

}  // namespace

BusyStore::BusyStore(const fs::path& folder, std::uint64_t seed) : random_(seed) {
  auto opened = store::Database::open(folder / "hub.db");
  if (!opened) throw std::runtime_error(opened.error().message);
  database_ = *std::move(opened);
  store_ = std::make_unique<store::OperationStore>(*database_, clock_);
  running_ = store_->adopt_orphans();
}

std::size_t BusyStore::up_to(std::size_t last) {
  return std::uniform_int_distribution<std::size_t>(0, last)(random_);
}

OperationId BusyStore::accept() {
  store::NewOperation wanted;
  auto& state = wanted.state;
  state.operation_id = OperationId("op_" + uuid_v7(to_millis(clock_.now())));
  state.kind = kinds.at(up_to(1));
  state.target_kind = "skill";
  state.target_id = "skill_" + std::to_string(up_to(5));
  state.initiator = {"user", "busy"};
  state.can_cancel = true;
  state.webspace_id = "desktop";
  state.steps = {{"fetch", StepStatus::pending, 1, {}, {}},
                 {"activate", StepStatus::pending, 1, {}, {}}};
  state.resources = {Resource("skill:" + state.target_id)};
  wanted.fingerprint = std::to_string(++numbers_);
  wanted.intent = boost::json::object{{"filler", std::string(up_to(3000), 'x')}};
  wanted.locks = {
      {state.resources[0], up_to(3) == 0 ? store::LockMode::shared : store::LockMode::exclusive}};
  wanted.on_conflict = up_to(9) == 0 ? OnConflict::replace : OnConflict::queue;
  const auto accepted = store_->accept(wanted);
  if (!accepted) throw std::runtime_error(accepted.error().message);
  known_.push_back(accepted->state.operation_id);
  return known_.back();
}

// The next step, a wait, or the end.
void BusyStore::move(std::size_t which) {
  auto& record = running_[which];
  const auto id = record.state.operation_id;
  store::OperationChange change;
  const auto status = store_->find(id).value().status;
  const auto dice = up_to(5);
  if (status == OperationStatus::cancelling) {
    change.status = OperationStatus::cancelled;
  } else if (status == OperationStatus::reverting) {
    change.status = OperationStatus::failed;
  } else if (dice == 0) {
    change.status = OperationStatus::waiting_input;
    waiting_.push_back(id);
  } else if (dice == 1) {
    change.status = OperationStatus::reverting;
  } else if (dice == 2) {
    change.status = OperationStatus::succeeded;
    change.edit = [](OperationState& state) {
      for (auto& step : state.steps) step.status = StepStatus::done;
      state.effects = Effects::applied;
    };
    InstalledArtifact artifact;
    artifact.name = record.state.target_id;
    artifact.version = std::to_string(done_);
    artifact.operation_id = id;
    change.artifacts = {artifact};
  } else {
    change.steps = {{static_cast<int>(dice - 3), "fetch", store::StepPhase::done, 0, 0, {}}};
    change.times = {{"fetch", static_cast<std::int64_t>(up_to(1000))}};
  }
  if (!store_->advance(id, change)) throw std::logic_error("a move was fenced");
  const bool gone = change.status && change.status != OperationStatus::reverting;
  if (gone) running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(which));
}

void BusyStore::do_something() {
  const auto dice = up_to(9);
  if (dice < 2 || known_.empty()) {
    accept();
  } else if (dice < 4) {
    if (auto record = store_->claim(kinds, Priority::interactive)) {
      running_.push_back(*std::move(record));
    }
  } else if (dice < 8) {
    if (!running_.empty()) move(up_to(running_.size() - 1));
  } else if (dice == 8) {
    (void)store_->cancel(known_[up_to(known_.size() - 1)]);
  } else if (!waiting_.empty()) {
    (void)store_->confirm(waiting_.back(), Json("yes"));
    waiting_.pop_back();
  } else {
    for (const auto& due : store_->due_clean_ups(3)) store_->cleaned_up(due.operation_id);
  }
  ++done_;
}

}  // namespace hub::matrix
