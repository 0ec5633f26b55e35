#include <algorithm>
#include <cmath>

#include "cli/operation_view.hpp"

namespace hub::cli {
namespace {

constexpr int percent_columns = 5;  // "100 %"
constexpr int block_columns = 4;    // of an unknown progress
constexpr std::int64_t block_step_ms = 100;

// The widths at which there is room for a bar, and how long it is then.
int bar_columns(int screen_columns) {
  if (screen_columns >= 100) return 30;
  if (screen_columns >= 70) return 20;
  if (screen_columns >= 45) return 10;
  return 0;
}

std::string percent_text(const OperationState& state) {
  if (!state.progress) return "    -";
  const auto text = std::to_string(*state.progress) + " %";
  return std::string(static_cast<std::size_t>(percent_columns) - text.size(), ' ') + text;
}

std::string step_words(const OperationState& state) {
  auto step = state.current_step ? printable(*state.current_step) : std::string();
  if (state.status == OperationStatus::cancelling) {
    return step.empty() ? "cancelling" : "cancelling, at " + step;
  }
  if (state.status == OperationStatus::reverting) {
    return step.empty() ? "taking back" : "taking back " + step;
  }
  return step;
}

// The step and what is known of its progress; as much as fits.
std::string doing_words(const OperationState& state, int columns) {
  const auto step = step_words(state);
  std::vector<std::string> details;
  if (state.progress_detail) {
    const auto& detail = *state.progress_detail;
    details = {amount_text(detail), left_text(detail), rate_text(detail)};  // the dearest first
    std::erase(details, "");
  }
  std::string text = step;
  bool first = true;
  for (const auto& detail : details) {
    std::string part = text.empty() ? "" : first ? ": " : ", ";
    part += detail;
    if (width_of(text) + width_of(part) > columns) break;
    text += part;
    first = false;
  }
  return cut(text, columns);
}

bool moves(const OperationState& state) {
  return state.status == OperationStatus::running || state.status == OperationStatus::cancelling ||
         state.status == OperationStatus::reverting;
}

// What stands where the bar would be when nothing runs: why.
std::string pause_words(const OperationState& state, const ShortIds& ids) {
  if (state.status == OperationStatus::waiting_input) {
    return "waits for an answer: adaos-hub operations confirm " + ids.of(state.operation_id) +
           " ANSWER";
  }
  const auto waiting = waiting_text(state, ids);
  return waiting.empty() ? to_json(state.status).as_string().c_str() : waiting;
}

Line progress_line(const OperationState& state, const ShortIds& ids, const View& view) {
  if (!moves(state)) return Line("  ").add(pause_words(state, ids), Paint::warning);
  Line line(percent_text(state) + " ");
  const int columns = bar_columns(view.columns);
  if (columns > 0) line.add(bar(state.progress, columns, view)).add("  ");
  line.add(doing_words(state, view.columns - line.width()));
  if (state.stalled_since)
    line.add(", silent for " + age_text(view.now - *state.stalled_since), Paint::warning);
  return line;
}

// One of several: percent, a short bar, the title, what it does.
Line compact_line(const OperationState& state, const ShortIds& ids, const View& view) {
  Line line;
  line.add(ids.of(state.operation_id), Paint::dim).add(" ");
  if (moves(state)) {
    line.add(percent_text(state) + " ");
    if (bar_columns(view.columns) > 0) line.add(bar(state.progress, 10, view)).add(" ");
  } else {
    line.add("    - ");
    if (bar_columns(view.columns) > 0) line.add(std::string(11, ' '));
  }
  line.add(title_of(state));
  const auto words = moves(state) ? doing_words(state, std::max(0, view.columns - line.width() - 2))
                                  : pause_words(state, ids);
  if (!words.empty()) line.add("  " + words, Paint::dim);
  return line;
}

}  // namespace

Line bar(std::optional<int> progress, int columns, const View& view) {
  const bool unicode = view.glyphs == Glyphs::unicode;
  const std::string full = unicode ? "━" : "#";
  const std::string half = unicode ? "╸" : "-";
  const std::string none = unicode ? "─" : ".";
  const auto repeated = [](const std::string& glyph, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += glyph;
    return text;
  };
  if (!progress) {
    const int room = std::max(0, columns - block_columns);
    const auto at = static_cast<int>(to_millis(view.now) / block_step_ms % (2 * room + 1));
    const int before = at <= room ? at : 2 * room - at;
    return Line(repeated(none, before), Paint::dim)
        .add(repeated(full, std::min(block_columns, columns)), Paint::busy)
        .add(repeated(none, room - before), Paint::dim);
  }
  const int halves = std::clamp(*progress, 0, 100) * columns * 2 / 100;
  const int filled = halves / 2;
  const int middle = halves % 2;
  return Line(repeated(full, filled) + repeated(half, middle), Paint::busy)
      .add(repeated(none, columns - filled - middle), Paint::dim);
}

std::string mark_of(StepStatus status, Glyphs glyphs) {
  const bool unicode = glyphs == Glyphs::unicode;
  switch (status) {
    case StepStatus::pending: return unicode ? "·" : ".";
    case StepStatus::running: return unicode ? "▸" : ">";
    case StepStatus::done: return unicode ? "✓" : "+";
    case StepStatus::failed: return unicode ? "✗" : "x";
    case StepStatus::undone: return unicode ? "↶" : "<";
  }
  return " ";
}

Line live_line(const OperationState& state, const ShortIds& ids, const View& view) {
  return progress_line(state, ids, view).cut_to(view.columns);
}

Lines live_lines(std::span<const OperationState> states, const ShortIds& ids, const View& view) {
  Lines lines;
  const auto room = static_cast<std::size_t>(std::max(2, view.rows - 2));
  const auto shown = states.size() <= room ? states.size() : room - 1;
  for (const auto& state : states.first(shown)) {
    lines.push_back(compact_line(state, ids, view).cut_to(view.columns));
  }
  if (shown < states.size()) {
    Line more("  and " + std::to_string(states.size() - shown) + " more", Paint::dim);
    lines.push_back(more.cut_to(view.columns));
  }
  return lines;
}

}  // namespace hub::cli
