#include "operations/undo.hpp"

#include <algorithm>

namespace hub::operations {
namespace {

using store::StepPhase;
using store::StepRecord;

Result<StepRecord> record_of(const Json& value) {
  StepRecord record;
  if (!value.is_object()) return fail(ErrorCode::invalid, "cannot read undo.journal: want objects");
  const auto& object = value.get_object();
  const auto* no = object.if_contains("no");
  const auto* name = object.if_contains("name");
  const auto* phase = object.if_contains("phase");
  const auto* notes = object.if_contains("notes");
  if (!no || !no->is_int64() || !name || !name->is_string() || !phase || !notes ||
      !notes->is_object()) {
    return fail(ErrorCode::invalid, "cannot read undo.journal: want no, name, phase and notes");
  }
  record.no = static_cast<int>(no->get_int64());
  record.name = std::string(name->get_string());
  HUB_TRY(known_phase, from_json<StepPhase>(*phase, "undo.journal.phase"));
  record.phase = known_phase;
  record.notes = notes->get_object();
  return record;
}

Step check_step(store::OperationStore& store, const OperationId& original,
                UndoSubject::AskedBy asked_by) {
  Step check;
  check.name = "check";
  check.run = [&store, original, asked_by](StepContext& run) -> Result<> {
    const auto state = store.find(original);
    if (!state) {
      return tl::unexpected(not_undoable(original, "forgotten", "it is not known here any more"));
    }
    HUB_CHECK(check_unchanged(store, *state, asked_by));
    run.log("nothing has changed since " + original.text());
    return {};
  };
  return check;
}

}  // namespace

Json to_intent(const UndoSubject& subject) {
  boost::json::array journal;
  for (const auto& record : subject.journal) {
    journal.push_back({{"no", record.no},
                       {"name", record.name},
                       {"phase", to_json(record.phase)},
                       {"notes", record.notes}});
  }
  return boost::json::object{{"operation_id", subject.operation_id.text()},
                             {"intent", subject.intent},
                             {"by_parent", subject.asked_by == UndoSubject::AskedBy::parent},
                             {"journal", std::move(journal)}};
}

Result<UndoSubject> subject_of(const Json& undo_intent) {
  UndoSubject subject;
  const auto* object = undo_intent.if_object();
  const auto* id = object ? object->if_contains("operation_id") : nullptr;
  const auto* intent = object ? object->if_contains("intent") : nullptr;
  const auto* journal = object ? object->if_contains("journal") : nullptr;
  if (!id || !id->is_string() || !intent || !journal || !journal->is_array()) {
    return fail(ErrorCode::invalid,
                "cannot read the intent of an undo: want operation_id, intent and journal");
  }
  subject.operation_id = OperationId(std::string(id->get_string()));
  subject.intent = *intent;
  const auto* by_parent = object->if_contains("by_parent");  // absent: an older hub wrote it
  if (by_parent && *by_parent == Json(true)) subject.asked_by = UndoSubject::AskedBy::parent;
  for (const auto& value : journal->get_array()) {
    HUB_TRY(record, record_of(value));
    subject.journal.push_back(std::move(record));
  }
  return subject;
}

std::vector<Step> undo_steps(const std::vector<Step>& original, const UndoSubject& subject,
                             store::OperationStore& store) {
  std::vector<Step> steps{check_step(store, subject.operation_id, subject.asked_by)};
  for (const auto i : to_undo(original, subject.journal)) {
    const Step& done = original[i];
    Step undo;
    undo.name = "undo " + done.name;
    undo.weight = done.weight;
    const bool of_others = done.kind == StepClass::pure || done.kind == StepClass::parent;
    undo.kind = of_others ? StepClass::external_idempotent : done.kind;
    undo.timeout = done.timeout;
    undo.retry = done.retry;
    undo.run = done.undo;
    steps.push_back(std::move(undo));
  }
  return steps;
}

std::vector<OperationState> later_changes(store::OperationStore& store,
                                          const OperationState& original,
                                          UndoSubject::AskedBy asked_by) {
  auto later = store.later_changes(original);
  const auto is_one = [](const OperationState& state, const OperationId& id) {
    return state.operation_id == id || state.undo_of == id;
  };
  const auto& parent = original.parent_id;
  const bool by_parent = asked_by == UndoSubject::AskedBy::parent && parent;
  const auto is_family = [&](const OperationState& state) {
    if (is_one(state, *parent) || state.parent_id == parent) return true;
    const auto above = state.parent_id ? store.find(*state.parent_id) : std::nullopt;
    return above && above->undo_of == parent;
  };
  std::erase_if(later, [&](const OperationState& state) {
    return is_one(state, original.operation_id) || (by_parent && is_family(state));
  });
  return later;
}

Result<> check_unchanged(store::OperationStore& store, const OperationState& original,
                         UndoSubject::AskedBy asked_by) {
  const auto later = later_changes(store, original, asked_by);
  if (later.empty()) return {};
  boost::json::array ids;
  for (const auto& state : later) ids.emplace_back(state.operation_id.text());
  const auto& first = later.front();
  return tl::unexpected(not_undoable(
      original.operation_id, "changed_since",
      first.kind.text() + " of " + first.target_id + " has changed the same things since",
      {{"changed_by", std::move(ids)}}));
}

Error not_undoable(const OperationId& id, const std::string& why, const std::string& because,
                   boost::json::object details) {
  details["operation_id"] = id.text();
  details["why"] = why;
  return Error{ErrorCode::conflict, "cannot undo operation " + id.text() + ": " + because,
               "operation_not_undoable", "", std::move(details)};
}

}  // namespace hub::operations
