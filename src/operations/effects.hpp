#pragma once
// What a run has left on the system, and what a cancel would do about it: pure functions of the
// steps and their journal.

#include <optional>
#include <vector>

#include "operations/workflow.hpp"

namespace hub::operations {

using Journal = std::vector<store::StepRecord>;

// The engine's own notes, beside those of the step.
namespace note {
inline constexpr const char* begun = "$begun";        // a final step: its effect may exist
inline constexpr const char* in_doubt = "$in_doubt";  // a final step that a person gave up
inline constexpr const char* children = "$children";  // ids of the operations it asked for
inline constexpr const char* changed = "$changed";    // whether these have left anything
inline constexpr const char* undos = "$undos";        // {child: the operation that undoes it}
inline constexpr const char* asked = "$asked";        // the question that waits for an answer
inline constexpr const char* answers = "$answers";    // by question
inline constexpr const char* answer = "answer";       // what the store was told
inline constexpr const char* conclusion = "$conclusion";
inline constexpr const char* undo_crashes = "$undo_crashes";
}  // namespace note

const store::StepRecord* find_entry(const Journal&, std::size_t no);

// Whether what it leaves is left by operations below it.
bool is_of_children(const Step&, const store::StepRecord&);

// Whether the step leaves anything outside staging.
bool has_effect(const Step&);
// Whether everything that these steps leave can be taken back.
bool is_reversible(const std::vector<Step>&);

// The last final step that is done, or that a person gave up in doubt: nothing up to it is undone.
std::optional<std::size_t> point_of_no_return(const std::vector<Step>&, const Journal&);

// The steps to undo, last first.
std::vector<std::size_t> to_undo(const std::vector<Step>&, const Journal&);

CancelEffect cancel_effect_of(const std::vector<Step>&, const Journal&);
Effects effects_so_far(const std::vector<Step>&,
                       const Journal&);  // while it runs, or has succeeded
Effects effects_taken_back(const std::vector<Step>&, const Journal&);
// Whether something is left that an undo could still take back.
bool is_worth_undoing(const std::vector<Step>&, const Journal&);

}  // namespace hub::operations
