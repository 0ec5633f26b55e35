#include "operations/effects.hpp"

#include <algorithm>

namespace hub::operations {
namespace {

using store::StepPhase;
using store::StepRecord;

bool is_noted(const StepRecord& known, const char* name) {
  const auto* found = known.notes.if_contains(name);
  return found && found->is_bool() && found->get_bool();
}

// The step may have left something, whatever became of it.
bool may_have_left(const Step& step, const StepRecord& known) {
  if (!has_effect(step) || known.phase == StepPhase::undone) return false;
  if (is_of_children(step, known)) return is_noted(known, note::changed);
  if (known.phase == StepPhase::done) return true;
  // What is not marked done: its changes went with the mark, or it never began.
  if (step.kind == StepClass::local_tx) return false;
  if (step.kind == StepClass::final) return is_noted(known, note::in_doubt);
  return true;
}

}  // namespace

bool is_of_children(const Step& step, const StepRecord& known) {
  return step.kind == StepClass::parent || known.notes.contains(note::children);
}

const StepRecord* find_entry(const Journal& journal, std::size_t no) {
  for (const auto& known : journal) {
    if (known.no == static_cast<int>(no)) return &known;
  }
  return nullptr;
}

bool has_effect(const Step& step) { return step.undo || step.kind != StepClass::pure; }

bool is_reversible(const std::vector<Step>& steps) {
  return std::ranges::all_of(steps, [](const Step& step) {
    return step.kind != StepClass::final && (!has_effect(step) || step.undo);
  });
}

std::optional<std::size_t> point_of_no_return(const std::vector<Step>& steps,
                                              const Journal& journal) {
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (steps[i].kind != StepClass::final) continue;
    const auto* known = find_entry(journal, i);
    if (known && (known->phase == StepPhase::done || is_noted(*known, note::in_doubt))) return i;
  }
  return std::nullopt;
}

std::vector<std::size_t> to_undo(const std::vector<Step>& steps, const Journal& journal) {
  const auto boundary = point_of_no_return(steps, journal);
  std::vector<std::size_t> found;
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (boundary && i <= *boundary) break;
    const auto* known = find_entry(journal, i);
    if (known && known->phase != StepPhase::undone && steps[i].undo) found.push_back(i);
  }
  return found;
}

CancelEffect cancel_effect_of(const std::vector<Step>& steps, const Journal& journal) {
  if (point_of_no_return(steps, journal)) return CancelEffect::too_late;
  auto effect = CancelEffect::none;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto* known = find_entry(journal, i);
    if (!known || known->phase == StepPhase::undone) continue;
    if (steps[i].undo) {
      if (effect == CancelEffect::none) effect = CancelEffect::reverts;
    } else if (may_have_left(steps[i], *known)) {
      effect = CancelEffect::leaves_partial;
    }
  }
  return effect;
}

Effects effects_so_far(const std::vector<Step>& steps, const Journal& journal) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto* known = find_entry(journal, i);
    if (known && known->phase == StepPhase::done && may_have_left(steps[i], *known)) {
      return Effects::applied;
    }
  }
  return Effects::none;
}

Effects effects_taken_back(const std::vector<Step>& steps, const Journal& journal) {
  bool reverted = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto* known = find_entry(journal, i);
    if (!known) continue;
    if (may_have_left(steps[i], *known)) return Effects::partial;
    const bool in_vain = is_of_children(steps[i], *known) && !is_noted(*known, note::changed);
    if (known->phase == StepPhase::undone && has_effect(steps[i]) && !in_vain) reverted = true;
  }
  return reverted ? Effects::reverted : Effects::none;
}

bool is_worth_undoing(const std::vector<Step>& steps, const Journal& journal) {
  return !to_undo(steps, journal).empty();
}

}  // namespace hub::operations
