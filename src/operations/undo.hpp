#pragma once
// An operation that takes another one back: the undo functions of that one's steps, last first,
// after a look that nobody has changed the same things since. It brings all it needs along in its
// intent, since the other one may be forgotten before it runs.

#include "operations/effects.hpp"
#include "store/operation_store.hpp"

namespace hub::operations {

// What is to be undone.
struct UndoSubject {
  OperationId operation_id;
  Json intent;
  Journal journal;
  // Its parent takes it back: what that one has done since is no change by others.
  enum class AskedBy { client, parent } asked_by = AskedBy::client;
};

inline constexpr const char* undo_title_key = "operation.undo";

Json to_intent(const UndoSubject&);
Result<UndoSubject> subject_of(const Json& undo_intent);

// "check", then "undo <step>" for each step of the subject that may have left something.
std::vector<Step> undo_steps(const std::vector<Step>& original, const UndoSubject&,
                             store::OperationStore&);

// Who has changed the same things since, oldest first; its own earlier undos are nobody, and for
// its parent neither that one, its other children, nor the undos of all these.
std::vector<OperationState> later_changes(store::OperationStore&, const OperationState& original,
                                          UndoSubject::AskedBy);
// conflict: "operation_not_undoable", details.why "changed_since".
Result<> check_unchanged(store::OperationStore&, const OperationState& original,
                         UndoSubject::AskedBy);

Error not_undoable(const OperationId&, const std::string& why, const std::string& because,
                   boost::json::object details = {});

}  // namespace hub::operations
