#pragma once
// Operations for tests of this room.

#include "contracts/operation_state.hpp"

namespace hub::cli {

inline Time test_now() { return parse_time("2026-01-02T03:05:00.000Z").value(); }

// One that runs, three steps long: fetch runs, at 42 %.
inline OperationState running_operation() {
  OperationState state;
  state.operation_id = OperationId("op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9e8d");
  state.kind = OperationKind("scenario.install");
  state.target_kind = "scenario";
  state.target_id = "morning_brief";
  state.title_args = {{"name", "morning_brief"}, {"title", "Утренняя сводка"}};
  state.status = OperationStatus::running;
  state.progress = 42;
  state.message = "fetching notes_skill";
  state.current_step = "fetch skill:notes_skill";
  state.created_at = test_now() - std::chrono::milliseconds(54'400);
  state.started_at = state.created_at + std::chrono::milliseconds(100);
  state.updated_at = test_now();
  state.initiator = {"user", "token"};
  state.can_cancel = true;
  state.cancel_effect = CancelEffect::reverts;
  state.revision = 3;
  state.resources = {Resource("scenario:morning_brief"), Resource("skill:notes_skill")};
  state.steps = {{"fetch skill:notes_skill", StepStatus::running, 5, state.started_at, {}},
                 {"verify skill:notes_skill", StepStatus::pending, 1, {}, {}},
                 {"activate", StepStatus::pending, 1, {}, {}}};
  state.progress_detail = ProgressDetail{20'480, 40'960, "bytes", 10'240, 2'400};
  return state;
}

inline OperationState succeeded_operation() {
  auto state = running_operation();
  state.status = OperationStatus::succeeded;
  state.progress = 100;
  state.message = "installed Утренняя сводка 1.2.0";
  state.current_step = std::nullopt;
  state.progress_detail.reset();
  state.can_cancel = false;
  state.effects = Effects::applied;
  state.finished_at = *state.started_at + std::chrono::milliseconds(3'400);
  for (auto& step : state.steps) {
    step.status = StepStatus::done;
    step.started_at = *state.started_at;
    step.finished_at = *state.started_at + std::chrono::milliseconds(1'100);
  }
  return state;
}

inline OperationState failed_operation() {
  auto state = running_operation();
  state.operation_id = OperationId("op_0197f3a2-5b1c-7d4e-8a90-3c2b1affffff");
  state.kind = OperationKind("skill.install");
  state.target_kind = "skill";
  state.target_id = "notes_skill";
  state.title_args = {};
  state.status = OperationStatus::failed;
  state.message = "cannot install notes_skill";
  state.progress_detail.reset();
  state.can_cancel = false;
  state.can_retry = true;
  state.effects = Effects::reverted;
  state.finished_at = *state.started_at + std::chrono::milliseconds(125'000);
  state.steps[0].status = StepStatus::undone;
  state.steps[1].status = StepStatus::failed;
  OperationError error;
  error.type = "OperationFailed";
  error.code = "DIGEST_MISMATCH";
  error.message = "cannot verify notes_skill: its files are not those that were published";
  error.step = "verify skill:notes_skill";
  error.attempt = 2;
  error.hint = "install it again; when that fails too, tell its publisher";
  error.causes = std::vector<ErrorCause>{{"short_read", "the file ended early"}};
  state.error = error;
  state.warnings = std::vector<std::string>{"notes_skill was published without a digest"};
  return state;
}

}  // namespace hub::cli
