#include <algorithm>

#include "cli/operation_view.hpp"
#include "cli/question.hpp"

namespace hub::cli {
namespace {

constexpr int progress_step = 10;  // percent between two lines about it
constexpr std::chrono::seconds progress_pause{15};

std::string took_text(const OperationStep& step) {
  if (!step.started_at || !step.finished_at) return {};
  return duration_text(*step.finished_at - *step.started_at);
}

}  // namespace

Story::Story(Detail detail, Glyphs glyphs, std::string prefix)
    : detail_(detail), glyphs_(glyphs), prefix_(std::move(prefix)) {}

Line Story::line() const { return prefix_.empty() ? Line() : Line(prefix_ + " ", Paint::dim); }

void Story::tell_status(const OperationState& state, const ShortIds& ids, Lines& out) {
  const auto waiting = waiting_text(state, ids);
  const bool same = status_ == state.status && waiting == waiting_;
  const bool begins = !status_;
  status_ = state.status;
  waiting_ = waiting;
  if (begins) {
    const bool brief = detail_ == Detail::landmarks;
    const auto id = brief ? ids.of(state.operation_id) : state.operation_id.text();
    auto told = line().add(title_of(state), Paint::strong);
    if (!brief || prefix_.empty()) told.add("  " + id, Paint::dim);
    out.push_back(std::move(told));
  }
  if (same || is_terminal(state.status)) return;
  // Above a bar only what the bar does not say.
  if (detail_ == Detail::landmarks && state.status != OperationStatus::waiting_input) return;
  auto told = line();
  told.add(to_json(state.status).as_string().c_str(), paint_of(state.status));
  if (!waiting.empty()) told.add(": " + waiting);
  out.push_back(std::move(told));
  const auto question = question_of(state);
  if (!question) return;
  for (const auto& text : question_lines(*question, ids.of(state.operation_id))) {
    out.push_back(line().add("  " + text));
  }
}

void Story::tell_steps(const OperationState& state, Lines& out) {
  for (const auto& step : state.steps) {
    const auto found = steps_.find(step.name);
    const auto before = found == steps_.end() ? StepStatus::pending : found->second;
    if (before == step.status) continue;
    steps_[step.name] = step.status;
    const bool begun = step.status == StepStatus::running;
    if (step.status == StepStatus::pending || (begun && detail_ == Detail::landmarks)) continue;
    const auto took = took_text(step);
    auto told = line();
    if (detail_ == Detail::landmarks) {
      told.add("  " + mark_of(step.status, glyphs_) + " ", paint_of(step.status));
    }
    told.add(printable(step.name));
    switch (step.status) {
      case StepStatus::pending: break;
      case StepStatus::running: told.add(": begun"); break;
      case StepStatus::done:
        if (detail_ == Detail::everything) told.add(": done");
        if (!took.empty()) {
          told.add((detail_ == Detail::everything ? " in " : "  ") + took, Paint::dim);
        }
        break;
      case StepStatus::failed: told.add(": failed", Paint::bad); break;
      case StepStatus::undone: told.add(": taken back", Paint::warning); break;
    }
    out.push_back(std::move(told));
  }
}

void Story::tell_progress(const OperationState& state, Time now, Lines& out) {
  if (detail_ == Detail::landmarks || is_terminal(state.status) || !state.progress) return;
  const bool far = *state.progress >= progress_told_ + progress_step;
  const bool late = *state.progress > progress_told_ && now - progress_told_at_ >= progress_pause;
  if (!far && !late) return;
  progress_told_ = *state.progress;
  progress_told_at_ = now;
  auto told = line().add(std::to_string(*state.progress) + " %");
  std::string what = state.current_step ? printable(*state.current_step) : std::string();
  if (state.progress_detail) {
    const auto& detail = *state.progress_detail;
    for (const auto& part : {amount_text(detail), rate_text(detail), left_text(detail)}) {
      if (!part.empty()) what += (what.empty() ? "" : ", ") + part;
    }
  }
  if (!what.empty()) told.add(": " + what);
  out.push_back(std::move(told));
}

void Story::tell_end(const OperationState& state, Lines& out) {
  if (!is_terminal(state.status)) return;
  for (const auto& end : end_lines(state)) out.push_back(line().add(end));
}

Lines Story::tell(const OperationState& state, const ShortIds& ids, Time now) {
  Lines out;
  if (status_ && is_terminal(*status_)) return out;
  tell_status(state, ids, out);
  tell_steps(state, out);
  tell_progress(state, now, out);
  const auto count = state.warnings ? state.warnings->size() : 0;
  for (; warnings_ < count; ++warnings_) {
    out.push_back(
        line().add("warning: ", Paint::warning).add(printable((*state.warnings)[warnings_])));
  }
  tell_end(state, out);
  return out;
}

Lines end_lines(const OperationState& state) {
  if (!is_terminal(state.status)) return {};
  Lines lines;
  const std::string word(to_json(state.status).as_string().c_str());
  Line head(word, paint_of(state.status));
  const auto message = printable(state.message);
  // The error says it better; and "cancelled: cancelled" says it twice.
  const bool said = message.empty() || (state.error && state.message == state.error->message);
  if (!said)
    head.add(": " + (message.starts_with(word + "; ") ? message.substr(word.size() + 2) : message));
  if (state.finished_at) {
    const Time since = state.started_at ? *state.started_at : state.created_at;
    head.add(" (" + duration_text(*state.finished_at - since) + ")", Paint::dim);
  }
  lines.push_back(std::move(head));
  if (state.error) {
    for (const auto& line : error_lines(*state.error)) lines.push_back(Line("  ").add(line));
  }
  const bool partial = state.effects == Effects::partial;
  if (state.status == OperationStatus::failed || partial) {
    lines.push_back(Line("  left on the hub: ")
                        .add(text_of(state.effects), partial ? Paint::warning : Paint::none));
  }
  if (state.status == OperationStatus::failed) {
    ShortIds ids;
    ids.add(state.operation_id);
    lines.emplace_back("  all about it: adaos-hub operations show " + ids.of(state.operation_id),
                       Paint::dim);
  }
  return lines;
}

Lines error_lines(const OperationError& error) {
  Lines lines;
  Line head(printable(error.code), Paint::bad);
  if (!error.step.empty()) head.add(" at " + printable(error.step));
  if (error.attempt > 1) head.add(", attempt " + std::to_string(error.attempt));
  head.add(": " + printable(error.message));
  lines.push_back(std::move(head));
  if (error.causes) {
    for (const auto& cause : *error.causes) {
      lines.push_back(Line("because: " + printable(cause.message) +
                           (cause.code.empty() ? "" : " (" + printable(cause.code) + ")")));
    }
  }
  if (error.hint && !error.hint->empty()) {
    lines.push_back(Line("what to do: ", Paint::strong).add(printable(*error.hint)));
  }
  return lines;
}

}  // namespace hub::cli
