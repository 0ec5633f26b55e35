#include <algorithm>
#include <array>

#include "cli/operation_view.hpp"

namespace hub::cli {
namespace {

constexpr int gap = 2;

struct Row {
  std::string id, age, progress;
  const OperationState* state = nullptr;
  int depth = 0;  // below its parent
};

std::string progress_of(const OperationState& state) {
  if (state.status == OperationStatus::succeeded) return "100 %";
  if (state.progress && !is_terminal(state.status)) return std::to_string(*state.progress) + " %";
  return "";
}

// After the title: where it is, why it waits, why it failed.
std::string remark_of(const OperationState& state, const ShortIds& ids) {
  auto waiting = waiting_text(state, ids);
  if (!waiting.empty()) return waiting;
  if (state.status == OperationStatus::failed && state.error) {
    const auto step = printable(state.error->step);
    return printable(state.error->code) + (step.empty() ? "" : " at " + step);
  }
  if (is_terminal(state.status) || !state.current_step) return {};
  return printable(*state.current_step);
}

// Newest first, but children follow their parent, oldest first.
std::vector<Row> rows_of(std::span<const OperationState> states, const ShortIds& ids, Time now) {
  std::map<OperationId, std::vector<const OperationState*>> children;
  std::set<OperationId> present;
  for (const auto& state : states) present.insert(state.operation_id);
  std::vector<const OperationState*> top;
  for (const auto& state : states) {
    if (state.parent_id && present.contains(*state.parent_id)) {
      children[*state.parent_id].push_back(&state);
    } else {
      top.push_back(&state);
    }
  }
  std::vector<Row> rows;
  const auto add = [&](const OperationState& state, int depth, const auto& again) -> void {
    rows.push_back({ids.of(state.operation_id), age_text(now - state.created_at),
                    progress_of(state), &state, depth});
    auto& below = children[state.operation_id];
    std::ranges::reverse(below);
    for (const auto* child : below) again(*child, depth + 1, again);
  };
  for (const auto* state : top) add(*state, 0, add);
  return rows;
}

}  // namespace

Lines operation_table(std::span<const OperationState> states, const View& view) {
  if (states.empty()) return {Line("no operations")};
  const ShortIds ids(states);
  const auto rows = rows_of(states, ids, view.now);
  std::array<int, 4> widths{width_of("ID"), width_of("AGE"), width_of("STATUS"), 0};
  for (const auto& row : rows) {
    widths[0] = std::max(widths[0], width_of(row.id));
    widths[1] = std::max(widths[1], width_of(row.age));
    widths[2] = std::max(widths[2], width_of(to_json(row.state->status).as_string().c_str()));
    widths[3] = std::max(widths[3], width_of(row.progress));
  }
  std::array<int, 5> at{};
  for (std::size_t i = 0; i < widths.size(); ++i) {
    at[i + 1] = at[i] + widths[i] + (widths[i] > 0 ? gap : 0);
  }
  Lines lines;
  Line head;
  head.add("ID", Paint::dim).to_column(at[1]).add("AGE", Paint::dim);
  head.to_column(at[2]).add("STATUS", Paint::dim).to_column(at[4]).add("WHAT", Paint::dim);
  lines.push_back(head.cut_to(view.columns));
  for (const auto& row : rows) {
    Line line(row.id);
    line.to_column(at[1]).add(row.age, Paint::dim).to_column(at[2]);
    line.add(to_json(row.state->status).as_string().c_str(), paint_of(row.state->status));
    line.to_column(at[4] - gap - width_of(row.progress)).add(row.progress).to_column(at[4]);
    line.add(std::string(2 * static_cast<std::size_t>(row.depth), ' ') + title_of(*row.state));
    const auto remark = remark_of(*row.state, ids);
    if (!remark.empty()) line.add(": " + remark, Paint::dim);
    lines.push_back(line.cut_to(view.columns));
  }
  return lines;
}

}  // namespace hub::cli
