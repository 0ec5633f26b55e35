// The half of the desk that has to do with children.

#include <algorithm>

#include "base/fault_point.hpp"
#include "base/hash.hpp"
#include "operations/desk.hpp"

namespace hub::operations {
namespace {

constexpr std::chrono::milliseconds look_interval{200};

bool has_left_something(const OperationState& ended) {
  return ended.effects == Effects::applied || ended.effects == Effects::partial;
}

// A child that ended so long ago that nobody knows how.
OperationState forgotten() {
  OperationState state;
  state.status = OperationStatus::failed;
  state.message = "it has ended, and is not known here any more";
  return state;
}

boost::json::array& children_noted(boost::json::object& notes) {
  auto& noted = notes[note::children];
  if (!noted.is_array()) noted = boost::json::array{};
  return noted.get_array();
}

// The worker's slot, lent to others for as long as this one only waits.
class Loan {
 public:
  Loan(const Family& family, RunSignals& signals) : family_(family), signals_(signals) {
    signals_.waits = true;
  }
  ~Loan() {
    signals_.waits = false;
    family_.take_slot_back();
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

 private:
  const Family& family_;
  RunSignals& signals_;
};

Error stopped() {
  return Error{ErrorCode::cancelled,
               "cannot wait for other operations: this one is to stop",
               "stopped",
               "",
               {}};
}

}  // namespace

// Ends come from another thread, and may come after the step has gone: they are shared with it.
struct Desk::Brood {
  struct Ends {
    std::mutex mutex;
    std::condition_variable came;
    std::vector<std::optional<OperationState>> states;
    std::vector<bool> awaited;
    std::size_t count = 0;
  };

  std::vector<OperationRequest> requests;
  std::vector<OperationId> ids;
  std::shared_ptr<Ends> ends = std::make_shared<Ends>();

  void expect() {
    ends->states.resize(ids.size());
    ends->awaited.resize(ids.size());
  }
  std::size_t ended() const {
    const std::lock_guard guard(ends->mutex);
    return ends->count;
  }
  // Asks to be told about everyone that has not ended and is not being waited for.
  void await(const Family& family) const {
    std::vector<std::size_t> open;
    {
      const std::lock_guard guard(ends->mutex);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!ends->states[i] && !ends->awaited[i]) open.push_back(i);
      }
      for (const auto i : open) ends->awaited[i] = true;
    }
    for (const auto i : open) {
      family.wait(ids[i], [shared = ends, i](std::optional<OperationState> state) {
        const std::lock_guard guard(shared->mutex);
        shared->awaited[i] = false;
        if (state && !is_terminal(state->status)) return;
        shared->states[i] = state ? *std::move(state) : forgotten();
        ++shared->count;
        shared->came.notify_all();
      });
    }
  }
};

Result<> Desk::accept_children(Brood& brood) {
  const auto& parent = ledger_.state();
  if (!notes().contains(note::changed)) notes()[note::changed] = false;
  auto& noted = children_noted(notes());
  const auto known = noted.size();
  for (std::size_t i = 0; i < brood.requests.size(); ++i) {
    const std::size_t number = children_asked_ + i;
    while (noted.size() <= number) {
      noted.emplace_back("op_" + uuid_v7(to_millis(services_.clock.now())));
    }
    brood.ids.emplace_back(std::string(noted[number].as_string()));
  }
  brood.expect();
  // Their ids are durable before any of them exists, so that a later run finds the same ones.
  if (noted.size() > known) HUB_CHECK(save_notes());
  fault_point("children:" + ledger_.step(at_).name);
  for (std::size_t i = 0; i < brood.requests.size(); ++i) {
    auto& request = brood.requests[i];
    request.parent_id = ledger_.id();
    if (request.initiator.kind.empty()) request.initiator = parent.initiator;
    if (!request.priority) request.priority = parent.priority;
    if (!request.deadline_at) request.deadline_at = parent.deadline_at;
    if (request.on_conflict == OnConflict::join) request.on_conflict = OnConflict::queue;
    request.webspace_id = parent.webspace_id;
    request.idempotency_key = ledger_.id().text() + "/" + ledger_.step(at_).name + "/" +
                              std::to_string(children_asked_ + i);
    HUB_CHECK(services_.family.accept(request, brood.ids[i]));
    fault_point("child:" + request.kind.text());
  }
  return {};
}

Desk::Settled Desk::wait_for(Brood& brood, bool cancel_at_once) {
  bool told = false;
  std::size_t seen = 0;
  for (;;) {
    brood.await(services_.family);
    if (const auto ended = brood.ended(); ended > seen) {
      seen = ended;
      note_ends(brood);
    }
    if (seen == brood.ids.size()) return Settled::all;
    if (signals_.drain) return Settled::drained;
    if (!told && (cancel_at_once || stop_requested())) {
      told = true;
      for (const auto& id : brood.ids) services_.family.cancel(id);
    }
    std::unique_lock guard(brood.ends->mutex);
    brood.ends->came.wait_for(guard, look_interval, [&] { return brood.ends->count > seen; });
  }
}

void Desk::note_ends(const Brood& brood) {
  bool changed = false;
  std::int64_t ended = 0;
  {
    const std::lock_guard guard(brood.ends->mutex);
    for (const auto& state : brood.ends->states) {
      if (!state) continue;
      ++ended;
      changed |= has_left_something(*state);
    }
  }
  const auto total = static_cast<std::int64_t>(brood.ids.size());
  if (direction_ == Direction::forward) {
    progress({ended, total, "operations"},
             std::to_string(ended) + " of " + std::to_string(total) + " operations have ended");
  }
  const auto* known = notes().if_contains(note::changed);
  if (!changed || (known && known->is_bool() && known->get_bool())) return;
  notes()[note::changed] = true;
  static_cast<void>(save_notes());  // refused only when the run has been fenced: it will see
}

Result<std::vector<OperationState>> Desk::run_children(std::vector<OperationRequest> requests) {
  if (requests.empty()) return std::vector<OperationState>();
  Brood brood;
  brood.requests = std::move(requests);
  HUB_CHECK(services_.family.lend_slot());
  Result<> accepted;
  auto settled = Settled::all;
  {
    const Loan loan(services_.family, signals_);
    accepted = accept_children(brood);
    settled = accepted ? wait_for(brood, false) : settle_children(at_);
  }
  children_asked_ += brood.requests.size();
  ledger_.sign_of_life();
  if (!accepted) return tl::unexpected(accepted.error());
  if (settled == Settled::drained || stop_requested()) return tl::unexpected(stopped());
  std::vector<OperationState> ends;
  const std::lock_guard guard(brood.ends->mutex);
  for (auto& state : brood.ends->states) ends.push_back(*std::move(state));
  return ends;
}

Desk::Settled Desk::settle_children(std::size_t step) {
  Brood brood;
  const auto* noted = ledger_.entry(step).notes.if_contains(note::children);
  if (!noted || !noted->is_array()) return Settled::all;
  for (const auto& id : noted->get_array()) {
    const OperationId child(std::string(id.as_string()));
    if (services_.store.find(child)) brood.ids.push_back(child);
  }
  if (brood.ids.empty()) return Settled::all;
  at_ = step;
  brood.expect();
  return wait_for(brood, true);
}

}  // namespace hub::operations
