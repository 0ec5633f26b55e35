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

Error stopped() {
  return Error{ErrorCode::cancelled,
               "cannot wait for other operations: this one is to stop",
               "stopped",
               "",
               {}};
}

std::string child_id(const Json& noted) { return std::string(noted.as_string()); }

}  // namespace

// The worker's slot, lent to others for as long as this one only waits.
class Desk::Loan {
 public:
  explicit Loan(Desk& desk) : desk_(desk) {
    desk_.slot_is_lent_ = true;
    desk_.signals_.waits = true;
  }
  ~Loan() {
    desk_.slot_is_lent_ = false;
    desk_.signals_.waits = false;
    desk_.services_.family.take_slot_back();
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

 private:
  Desk& desk_;
};

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
  GoesOn goes_on = {};
  enum class Work { makes, undoes } work = Work::makes;
  std::shared_ptr<Ends> ends = std::make_shared<Ends>();

  void expect() {
    ends->states.resize(ids.size());
    ends->awaited.resize(ids.size());
  }
  std::size_t ended() const {
    const std::lock_guard guard(ends->mutex);
    return ends->count;
  }
  // The first end that is not to be gone on with.
  bool is_spoiled() const {
    if (!goes_on) return false;
    const std::lock_guard guard(ends->mutex);
    return std::ranges::any_of(ends->states, [this](const std::optional<OperationState>& state) {
      return state && !goes_on(*state);
    });
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
    if (!told && (cancel_at_once || stop_requested() || brood.is_spoiled())) {
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
  if (brood.work == Brood::Work::undoes) return;
  const auto* known = notes().if_contains(note::changed);
  if (!changed || (known && known->is_bool() && known->get_bool())) return;
  notes()[note::changed] = true;
  static_cast<void>(save_notes());  // refused only when the run has been fenced: it will see
}

Result<std::vector<OperationState>> Desk::run_children_while(std::vector<OperationRequest> requests,
                                                             GoesOn goes_on) {
  if (requests.empty()) return std::vector<OperationState>();
  Brood brood;
  brood.requests = std::move(requests);
  brood.goes_on = std::move(goes_on);
  HUB_CHECK(services_.family.lend_slot(Family::Urge::forward));
  Result<> accepted;
  auto settled = Settled::all;
  {
    const Loan loan(*this);
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
  const auto add = [&](const Json& id) {
    const OperationId child(child_id(id));
    const auto state = services_.store.find(child);
    if (state) brood.ids.push_back(child);
  };
  const auto& notes_there = ledger_.entry(step).notes;
  if (subject_) {  // whose children have ended long ago
    const auto* undos = notes_there.if_contains(note::undos);
    if (undos && undos->is_object()) {
      for (const auto& undo : undos->get_object()) add(undo.value());
    }
  } else if (const auto* noted = notes_there.if_contains(note::children);
             noted && noted->is_array()) {
    for (const auto& id : noted->get_array()) add(id);
  }
  if (brood.ids.empty()) return Settled::all;
  at_ = step;
  brood.expect();
  std::optional<Loan> loan;  // they may need a slot for their way back
  if (!slot_is_lent_ && services_.family.lend_slot(Family::Urge::back)) loan.emplace(*this);
  return wait_for(brood, true);
}

std::vector<OperationState> Desk::children() const {
  std::vector<OperationState> found;
  const auto* noted = ledger_.entry(at_).notes.if_contains(note::children);
  if (!noted || !noted->is_array()) return found;
  for (const auto& id : noted->get_array()) {
    auto state = services_.store.find(OperationId(child_id(id)));
    if (state) found.push_back(*std::move(state));
  }
  return found;
}

// Their ids are durable before any of them exists, as those of the children are.
Result<> Desk::accept_undos(Brood& brood, std::vector<ChildUndo>& undos) {
  auto& noted = notes()[note::undos];
  if (!noted.is_object()) noted = boost::json::object{};
  auto& ids = noted.get_object();
  const auto known = ids.size();
  for (const auto& undo : undos) {
    if (ids.contains(undo.child.text())) continue;
    ids[undo.child.text()] = "op_" + uuid_v7(to_millis(services_.clock.now()));
  }
  if (ids.size() > known) HUB_CHECK(save_notes());
  fault_point("undos:" + ledger_.step(at_).name);
  for (auto& undo : undos) {
    const OperationId id(child_id(notes().at(note::undos).at(undo.child.text())));
    auto accepted = services_.family.undo(undo.child, id, ledger_.state());
    if (accepted && *accepted) brood.ids.push_back(id);
    if (accepted) {
      undo.end = *std::move(accepted);
    } else if (accepted.error().reason == "operation_not_undoable") {
      undo.refused = accepted.error();
    } else {
      return tl::unexpected(accepted.error());
    }
    fault_point("undo_child:" + ledger_.step(at_).name);
  }
  brood.expect();
  return {};
}

Result<std::vector<StepContext::ChildUndo>> Desk::undo_children(std::vector<OperationId> children) {
  std::vector<ChildUndo> undos;
  for (auto& child : children) undos.push_back({std::move(child)});
  if (undos.empty()) return undos;
  Brood brood;
  brood.work = Brood::Work::undoes;
  HUB_CHECK(services_.family.lend_slot(Family::Urge::back));
  auto settled = Settled::all;
  {
    const Loan loan(*this);
    HUB_CHECK(accept_undos(brood, undos));
    settled = wait_for(brood, false);
  }
  ledger_.sign_of_life();
  if (settled == Settled::drained || stop_requested()) return tl::unexpected(stopped());
  const std::lock_guard guard(brood.ends->mutex);
  for (auto& undo : undos) {
    if (!undo.end) continue;
    const auto at = std::ranges::find(brood.ids, undo.end->operation_id);
    undo.end = brood.ends->states[static_cast<std::size_t>(at - brood.ids.begin())];
  }
  return undos;
}

}  // namespace hub::operations
