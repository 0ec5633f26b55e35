#include "store/rendering.hpp"

#include "base/log.hpp"
#include "store/rows.hpp"

namespace hub::store {

OperationState Rendering::state(const sql::Row& row) {
  auto state = read_state(row[1]);
  if (state.status == OperationStatus::accepted && !state.reason) {
    show_place(state, sql::integer(row[0]));
  }
  if (is_terminal(state.status)) show_undo(state);
  return state;
}

std::vector<OperationState> Rendering::states(const sql::Rows& rows) {
  std::vector<OperationState> states;
  states.reserve(rows.size());
  for (const auto& row : rows) {
    try {
      states.push_back(state(row));
    } catch (const Unreadable& failure) {
      log::error("store", "row_unreadable",
                 {{"n", sql::integer(row[0])}, {"error", failure.what()}});
    }
  }
  return states;
}

void Rendering::show_place(OperationState& state, std::int64_t n) {
  constexpr std::size_t places_max = 1'000;  // further back a place says little
  state.reason = OperationReason{"slot", {}};
  if (!places_) {
    places_.emplace();
    for (const auto next : live_.queue().first_few(places_max)) {
      places_->emplace(next, static_cast<std::int64_t>(places_->size()) + 1);
    }
  }
  if (const auto place = places_->find(n); place != places_->end()) {
    state.queue_position = place->second;
  }
}

void Rendering::show_undo(OperationState& state) {
  if (state.undo_until) state.can_undo = now_ < *state.undo_until;
  if (!state.can_undo) return;
  const auto undone = db_.run(
      "SELECT 1 FROM operations WHERE undo_of = $1 AND "
      "(finished_at IS NULL OR status = 'succeeded') LIMIT 1",
      {state.operation_id.text()});
  state.can_undo = undone.empty();
}

}  // namespace hub::store
