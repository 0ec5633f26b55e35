#include <algorithm>
#include <sstream>

#include "cli/operation_view.hpp"
#include "cli/question.hpp"

namespace hub::cli {
namespace {

constexpr int label_columns = 14;
constexpr int indent_columns = 2;

// Builds the page: labelled lines that wrap, and sections.
class Page {
 public:
  explicit Page(const View& view) : view_(view) {}

  void head(const std::string& text) {
    for (const auto& part : parts_of(text, 0)) lines_.emplace_back(part, Paint::strong);
  }
  void labelled(const std::string& label, const std::string& text, Paint paint = Paint::none) {
    if (text.empty()) return;
    Line line("  ");
    line.add(label, Paint::dim);
    for (const auto& part : parts_of(text, label_columns)) {
      line.to_column(label_columns).add(part, paint);
      lines_.push_back(std::move(line));
      line = Line();
    }
  }
  void section(const std::string& title) {
    lines_.emplace_back();
    head(title);
  }
  void item(const std::string& text, Paint paint = Paint::none, int indent = indent_columns) {
    for (const auto& part : parts_of(text, indent)) {
      lines_.push_back(Line().to_column(indent).add(part, paint));
    }
  }
  void add(const Line& line) { lines_.push_back(line.cut_to(view_.columns)); }
  Lines take() { return std::move(lines_); }

 private:
  std::vector<std::string> parts_of(const std::string& text, int indent) const {
    return wrapped(text, view_.columns - indent);
  }
  const View& view_;
  Lines lines_;
};

std::string status_words(const OperationState& state) {
  std::string text(to_json(state.status).as_string().c_str());
  if (state.progress && !is_terminal(state.status)) {
    text += ", " + std::to_string(*state.progress) + " %";
  }
  const auto message = printable(state.message);
  return message.empty() ? text : text + ": " + message;
}

std::string accepted_words(const OperationState& state, Time now) {
  std::string text = time_text(state.created_at) + ", " + age_text(now - state.created_at) + " ago";
  text += ", by " + printable(state.initiator.kind);
  if (!state.initiator.id.empty()) text += " (" + printable(state.initiator.id) + ")";
  text += ", priority " + std::string(to_json(state.priority).as_string().c_str());
  if (state.attempt > 1) text += ", attempt " + std::to_string(state.attempt);
  return text;
}

void add_times(Page& page, const OperationState& state, Time now) {
  page.labelled("accepted", accepted_words(state, now));
  if (state.started_at) {
    page.labelled("started", time_text(*state.started_at) + ", after " +
                                 duration_text(*state.started_at - state.created_at));
  }
  if (state.finished_at) {
    const Time since = state.started_at ? *state.started_at : state.created_at;
    page.labelled("ended", time_text(*state.finished_at) + ", after " +
                               duration_text(*state.finished_at - since));
  } else if (state.deadline_at) {
    page.labelled("deadline", time_text(*state.deadline_at));
  }
  if (state.stalled_since && !state.finished_at) {
    page.labelled("stalled", "silent for " + age_text(now - *state.stalled_since), Paint::warning);
  }
  if (state.expires_at) page.labelled("kept until", time_text(*state.expires_at));
}

std::string joined(const std::vector<Resource>& resources) {
  std::string text;
  for (const auto& resource : resources) {
    text += (text.empty() ? "" : ", ") + printable(resource.text());
  }
  return text;
}

void add_links(Page& page, const OperationState& state) {
  if (state.retry_of) page.labelled("retry of", state.retry_of->text());
  if (state.undo_of) page.labelled("undoes", state.undo_of->text());
  if (state.parent_id) page.labelled("part of", state.parent_id->text());
}

std::string step_time(const OperationStep& step, Time now) {
  if (step.started_at && step.finished_at) {
    return duration_text(*step.finished_at - *step.started_at);
  }
  if (step.started_at && step.status == StepStatus::running) {
    return "for " + duration_text(now - *step.started_at);
  }
  return {};
}

std::string progress_words(const ProgressDetail& detail) {
  std::string text;
  for (const auto& part : {amount_text(detail), rate_text(detail), left_text(detail)}) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

void add_steps(Page& page, const OperationState& state, const View& view) {
  if (state.steps.empty()) return;
  page.section("steps");
  int name_columns = 0;
  for (const auto& step : state.steps) {
    name_columns = std::max(name_columns, width_of(printable(step.name)));
  }
  for (const auto& step : state.steps) {
    const auto name = printable(step.name);
    Line line("  ");
    line.add(mark_of(step.status, view.glyphs), paint_of(step.status)).add(" " + name);
    line.to_column(4 + name_columns + 2);
    line.add(to_json(step.status).as_string().c_str(), paint_of(step.status));
    const auto took = step_time(step, view.now);
    if (!took.empty()) line.add(", " + took, Paint::dim);
    if (step.status == StepStatus::running && state.progress_detail) {
      const auto progress = progress_words(*state.progress_detail);
      if (!progress.empty()) line.add(": " + progress);
    }
    page.add(line);
  }
}

void add_children(Page& page, const Family& family, const View& view) {
  if (family.children.empty()) return;
  page.section("operations below it");
  auto newest_first = family.children;
  std::ranges::reverse(newest_first);
  for (const auto& line : operation_table(newest_first, view)) {
    page.add(Line("  ").add(line));
  }
}

void add_result(Page& page, const OperationState& state) {
  if (!state.result || !state.result->is_object() || state.result->get_object().empty()) return;
  page.section("result");
  for (const auto& [key, value] : state.result->get_object()) {
    page.item(printable(key) + ": " + text_of_value(value));
  }
}

// Details of an error may hold what a program printed: many lines.
void add_error(Page& page, const OperationError& error) {
  page.section("error");
  for (const auto& line : error_lines(error)) page.item(line.text(Colours::no));
  for (const auto& [key, value] : error.details) {
    if (!value.is_string() || value.get_string().find('\n') == std::string::npos) {
      page.item(printable(key) + ": " + text_of_value(value));
      continue;
    }
    page.item(printable(key) + ":");
    std::istringstream text{std::string(value.get_string())};
    for (std::string line; std::getline(text, line);) {
      page.add(Line("    ").add(printable_lines(line), Paint::dim));
    }
  }
}

void add_log(Page& page, const OperationState& state, const std::string& id) {
  if (!state.log_tail || state.log_tail->empty()) return;
  page.section("log, its end (all of it: adaos-hub operations log " + id + ")");
  for (const auto& text : *state.log_tail) {
    page.add(Line("  ").add(printable_lines(text), Paint::dim));
  }
}

void add_choices(Page& page, const OperationState& state, const std::string& id, Time now) {
  std::vector<std::string> choices;
  const std::string command = "adaos-hub operations ";
  if (!is_terminal(state.status)) choices.push_back(command + "watch " + id);
  if (state.can_cancel) {
    choices.push_back(command + "cancel " + id + "   " + text_of(state.cancel_effect));
  }
  if (state.can_retry) choices.push_back(command + "retry " + id);
  if (state.can_undo) {
    const auto until = state.undo_until && *state.undo_until > now
                           ? "   possible until " + time_text(*state.undo_until)
                           : std::string();
    choices.push_back(command + "undo " + id + until);
  }
  if (choices.empty()) return;
  page.section("what you can do");
  for (const auto& choice : choices) page.add(Line("  " + choice));
}

void add_question(Page& page, const OperationState& state, const std::string& id) {
  const auto question = question_of(state);
  if (!question) return;
  page.section("it waits for an answer");
  for (const auto& text : question_lines(*question, id)) page.item(text);
}

}  // namespace

Lines operation_details(const OperationState& state, const Family& family, const View& view) {
  Page page(view);
  ShortIds ids;
  ids.add(state.operation_id);
  const auto id = ids.of(state.operation_id);
  page.head(title_of(state));
  page.labelled("id", state.operation_id.text());
  page.labelled("kind", printable(state.kind.text()));
  page.labelled("status", status_words(state), paint_of(state.status));
  page.labelled("waits", waiting_text(state, ids), Paint::warning);
  add_times(page, state, view.now);
  page.labelled("locks", joined(state.resources));
  if (is_terminal(state.status)) {
    page.labelled("effects", text_of(state.effects),
                  state.effects == Effects::partial ? Paint::warning : Paint::none);
  }
  add_links(page, state);
  add_question(page, state, id);
  add_steps(page, state, view);
  add_children(page, family, view);
  if (state.error) add_error(page, *state.error);
  if (state.warnings && !state.warnings->empty()) {
    page.section("warnings");
    for (const auto& warning : *state.warnings) page.item(printable(warning), Paint::warning);
  }
  add_result(page, state);
  add_log(page, state, id);
  add_choices(page, state, id, view.now);
  return page.take();
}

}  // namespace hub::cli
