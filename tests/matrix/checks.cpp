#include "matrix/checks.hpp"

#include "matrix/projection_checks.hpp"
#include "matrix/store_checks.hpp"

namespace hub::matrix {
namespace {

using Sentences = std::vector<std::string>;

template <class Enum>
std::string text_of(Enum value) {
  return boost::describe::enum_to_string(value, "?");
}

std::vector<OperationState> all_operations(SmallHub& hub) {
  store::OperationFilter filter;
  filter.limit = 10'000;
  return hub.store().list(filter);
}

void check_steps(const OperationState& state, Sentences& found) {
  for (const auto& step : state.steps) {
    if (state.status == OperationStatus::succeeded && step.status != StepStatus::done) {
      found.push_back(state.kind.text() + " has succeeded with step " + step.name + " " +
                      text_of(step.status));
    }
    if (is_terminal(state.status) && step.status == StepStatus::running) {
      found.push_back(state.kind.text() + " has ended and step " + step.name + " runs");
    }
  }
}

// Nothing is left, whether something had to be taken back for it or not.
Effects left(const End& end) {
  return end.effects == Effects::reverted ? Effects::none : end.effects;
}

bool crash_looped(const End& end) { return end.error == "CRASH_LOOP"; }

bool disk_made_it_fail(const End& end, const Expectation& wanted) {
  return wanted.disk_failed && end.status == OperationStatus::failed;
}

// A hub that died three times while it took something back leaves it, says so, and lets it be taken
// back again by hand: then all is as it should be. Null when that cannot be done. The operation
// that does it does not count.
std::optional<End> undone_by_hand(SmallHub& hub, const OperationState& left, Sentences& found) {
  const auto& target = left.undo_of.value_or(left.operation_id);
  const auto undone = hub.manager().undo(target, {"user", "matrix"});
  if (!undone) {
    found.push_back("what it left cannot be taken back: " + undone.error().message);
    return std::nullopt;
  }
  if (const auto busy = hub.come_to_rest(std::chrono::minutes(1)); !busy.empty()) {
    found.push_back("its undo by hand does not come to rest: " + busy);
  }
  auto end = end_of(hub, undone->state.operation_id);
  end.operations -= 1;
  return end;
}

// A crash loop in an undo is a cause beside the failure that it was to take back.
bool says_crash_loop(const OperationError& error) {
  const auto is_one = [](const std::string& code) { return code.ends_with("CRASH_LOOP"); };
  return is_one(error.code) ||
         (error.causes && std::ranges::any_of(*error.causes, [&](const auto& cause) {
            return is_one(cause.code);
          }));
}

bool was_left(const OperationState& state, int crashes) {
  return crashes >= 3 && state.status == OperationStatus::failed &&
         state.effects == Effects::partial && state.error && says_crash_loop(*state.error);
}

// One of the ends that are allowed, status and world alike.
void check_end(const End& end, const Expectation& wanted, const Promises& promises, int crashes,
               Sentences& found) {
  // A hub that died three times in one step gives up on it, and takes back what was done.
  if (crashes >= 3 && crash_looped(end) && end.effects != Effects::partial &&
      end.world == wanted.before) {
    return;
  }
  if (disk_made_it_fail(end, wanted) && end.world == wanted.before) return;
  std::string allowed;
  for (std::size_t i = 0; i < wanted.ends.size(); ++i) {
    const auto& one = wanted.ends[i];
    if (i > 0 && promises.cancelled) break;  // a cancel that was answered is not forgotten
    allowed += " " + text_of(one.status) + "/" + text_of(one.effects) + "/" + one.error;
    if (one.status != end.status || left(one) != left(end) || one.error != end.error) continue;
    if (one.operations != end.operations) {
      found.push_back("there are " + std::to_string(end.operations) + " operations instead of " +
                      std::to_string(one.operations));
    }
    if (one.world != end.world) {
      found.push_back("it ended as it should, and this stands:\n" + to_text(end.world) +
                      "instead of:\n" + to_text(one.world));
    }
    return;
  }
  found.push_back("it ended " + text_of(end.status) + "/" + text_of(end.effects) + "/" + end.error +
                  "; allowed are" + allowed + "; this stands:\n" + to_text(end.world) + "were:\n" +
                  to_text(wanted.before));
}

// A hub that died three times in one step of a parent or of a child gives up on that one.
enum class GaveUp { nobody, somebody };

GaveUp who_gave_up(SmallHub& hub, const End& end, const OperationId& parent, int crashes) {
  if (crashes < 3) return GaveUp::nobody;
  const auto looped = [](const OperationState& child) {
    return child.error && child.error->code == "CRASH_LOOP";
  };
  const bool any =
      crash_looped(end) || std::ranges::any_of(hub.store().children_of(parent), looped);
  return any ? GaveUp::somebody : GaveUp::nobody;
}

// A parent's children succeed or not each by itself; what each has done must stand whole, and the
// parent must say whether anything is left of them.
void check_family(const End& end, const Expectation& wanted, const Promises& promises,
                  GaveUp gave_up, Sentences& found) {
  if (!is_terminal(end.status)) return;  // said already
  std::string allowed;
  bool known = disk_made_it_fail(end, wanted) ||
               (gave_up == GaveUp::somebody && end.status == OperationStatus::failed);
  for (std::size_t i = 0; i < wanted.ends.size(); ++i) {
    if (i > 0 && promises.cancelled) break;  // a cancel that was answered is not forgotten
    allowed += " " + text_of(wanted.ends[i].status) + "/" + wanted.ends[i].error;
    known = known || (wanted.ends[i].status == end.status && wanted.ends[i].error == end.error);
  }
  if (!known) {
    found.push_back("it ended " + text_of(end.status) + "/" + end.error + "; allowed are" +
                    allowed);
  }
  const auto changed = differences(wanted.before, end.world);
  if (wanted.whole && gave_up == GaveUp::nobody && left(end) != Effects::none) {
    found.push_back("it did not succeed, and says that something is left: " + text_of(end.effects));
  }
  if (changed.empty() == (left(end) != Effects::none)) {
    found.push_back("it says " + text_of(end.effects) + ", and " + std::to_string(changed.size()) +
                    " things have changed:\n" + to_text(end.world) + "were:\n" +
                    to_text(wanted.before));
  }
  for (const auto& key : changed) {
    const auto as_in = [&](const World& world) {
      const auto here = end.world.find(key), there = world.find(key);
      return here != end.world.end() && there != world.end() && here->second == there->second;
    };
    if (std::ranges::none_of(wanted.ends, [&](const End& one) { return as_in(one.world); })) {
      found.push_back(key + " is neither as it was nor as it should become:\n" +
                      to_text(end.world));
    }
  }
}

}  // namespace

End end_of(SmallHub& hub, const OperationId& id) {
  End end;
  const auto state = hub.store().find(id);
  if (!state) return end;
  end.status = state->status;
  end.effects = state->effects;
  if (state->error) end.error = state->error->code;
  end.world = world_of(hub);
  end.operations = all_operations(hub).size();
  return end;
}

namespace {

std::vector<OperationState> added_to(const std::vector<OperationState>& operations,
                                     const Expectation& wanted) {
  std::vector<OperationState> added;
  for (const auto& state : operations) {
    if (!state.parent_id &&
        std::ranges::find(wanted.known, state.operation_id) == wanted.known.end()) {
      added.push_back(state);
    }
  }
  return added;
}

void check_none_accepted(SmallHub& hub, const Expectation& wanted, const Promises& promises,
                         Sentences& found) {
  if (promises.accepted) found.push_back("it was accepted and is lost");
  if (const auto world = world_of(hub); world != wanted.before) {
    found.push_back("nothing was accepted, and this stands:\n" + to_text(world) + "instead of:\n" +
                    to_text(wanted.before));
  }
}

void check_rest(SmallHub& hub, const Expectation& wanted, const Promises& promises,
                Sentences& found) {
  for (auto& sentence : store_violations_of(hub.store(), promises.events)) {
    found.push_back(std::move(sentence));
  }
  for (const auto& state : all_operations(hub)) {
    if (!is_terminal(state.status) && state.status != OperationStatus::waiting_input) {
      found.push_back(state.kind.text() + " is stuck: " + text_of(state.status));
    }
    check_steps(state, found);
  }
  for (auto& fault : faults_of(hub)) found.push_back(std::move(fault));
  for (auto& sentence : projection_violations_of(hub)) found.push_back(std::move(sentence));
  for (const auto& id : wanted.known) {
    if (!hub.store().find(id)) found.push_back(id.text() + " is lost");
  }
}

}  // namespace

std::vector<std::string> violations_of(SmallHub& hub, const Expectation& wanted,
                                       const Promises& promises, int crashes) {
  Sentences found;
  if (const auto busy = hub.come_to_rest(std::chrono::minutes(1)); !busy.empty()) {
    found.push_back("it does not come to rest: " + busy);
  }
  const auto added = added_to(all_operations(hub), wanted);
  if (added.size() > 1) found.push_back("one request made " + std::to_string(added.size()));
  if (added.empty()) {
    check_none_accepted(hub, wanted, promises, found);
    check_rest(hub, wanted, promises, found);
    return found;
  }
  const auto& state = added.front();
  const auto& id = state.operation_id;
  auto end = end_of(hub, id);
  if (!wanted.parent && was_left(state, crashes)) {
    const auto undone = undone_by_hand(hub, state, found);
    if (state.undo_of) {
      end = undone.value_or(end);
    } else if (undone && undone->status == OperationStatus::succeeded) {
      end.world = undone->world;
      end.effects = Effects::reverted;
    }
  }
  check_rest(hub, wanted, promises, found);
  if (wanted.parent && end.status != OperationStatus::succeeded) {
    check_family(end, wanted, promises, who_gave_up(hub, end, id, crashes), found);
  } else {
    check_end(end, wanted, promises, crashes, found);
  }
  return found;
}

}  // namespace hub::matrix
