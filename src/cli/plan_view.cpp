#include "cli/plan_view.hpp"

#include "cli/hub_client.hpp"

namespace hub::cli {
namespace {

constexpr int label_columns = 16;

const Json* member(const boost::json::object& object, const char* name) {
  const auto* found = object.if_contains(name);
  return found && !found->is_null() ? found : nullptr;
}

std::optional<std::int64_t> number(const boost::json::object& object, const char* name) {
  const auto* found = member(object, name);
  if (!found || !found->is_number()) return std::nullopt;
  boost::json::error_code ec;
  const auto value = found->to_number<std::int64_t>(ec);
  return ec ? std::nullopt : std::optional(value);
}

class Labels {
 public:
  Labels(Lines& lines, const View& view) : lines_(lines), view_(view) {}
  void add(const std::string& label, const std::string& text, Paint paint = Paint::none) {
    Line line("  ");
    line.add(label, Paint::dim);
    for (const auto& part : wrapped(text, view_.columns - label_columns)) {
      lines_.push_back(line.to_column(label_columns).add(part, paint));
      line = Line();
    }
  }

 private:
  Lines& lines_;
  const View& view_;
};

std::vector<std::string> texts(const boost::json::object& object, const char* name) {
  std::vector<std::string> out;
  const auto* found = member(object, name);
  if (!found || !found->is_array()) return out;
  for (const auto& item : found->get_array()) out.push_back(text_of_value(item));
  return out;
}

void add_steps(Labels& labels, const boost::json::object& plan) {
  const auto* steps = member(plan, "steps");
  if (!steps || !steps->is_array()) return;
  int no = 0;
  for (const auto& step : steps->get_array()) {
    const auto* name = step.is_object() ? step.get_object().if_contains("name") : nullptr;
    ++no;
    labels.add(no == 1 ? "steps" : "",
               std::to_string(no) + ". " + (name ? text_of_value(*name) : std::string("?")));
  }
}

// What comes along, each as an operation of its own.
void add_children(Labels& labels, const boost::json::object& plan) {
  const auto* args = member(plan, "title_args");
  const auto* brings = args && args->is_object() ? member(args->get_object(), "brings") : nullptr;
  if (!brings || !brings->is_array()) return;
  const char* label = "brings";
  for (const auto& one : brings->get_array()) {
    if (!one.is_object()) continue;
    const auto& skill = one.get_object();
    const auto* target = member(skill, "target");
    const auto* version = member(skill, "version");
    const auto* optional = member(skill, "optional");
    std::string text = (target ? text_of_value(*target) : std::string("?")) +
                       (version ? " " + text_of_value(*version) : std::string());
    if (const auto bytes = number(skill, "bytes")) text += ", " + size_text(*bytes);
    if (optional && *optional == Json(true)) text += ", optional";
    labels.add(std::exchange(label, ""), text);
  }
}

void add_locks(Labels& labels, const boost::json::object& plan) {
  std::string text;
  for (const auto& resource : texts(plan, "resources")) {
    text += (text.empty() ? "" : ", ") + resource;
  }
  if (!text.empty()) labels.add("locks", text);
}

void add_space(Labels& labels, const boost::json::object& plan) {
  if (const auto bytes = number(plan, "bytes")) labels.add("to fetch", size_text(*bytes));
  const auto needed = number(plan, "space_needed");
  const auto free = number(plan, "space_free");
  if (needed) {
    const bool scarce = free && *free < *needed;
    labels.add("space",
               size_text(*needed) + (free ? ", " + size_text(*free) + " are free" : "") +
                   (scarce ? ": not enough" : ""),
               scarce ? Paint::bad : Paint::none);
  } else if (free) {
    labels.add("space", size_text(*free) + " are free");
  }
}

void add_undo(Labels& labels, const boost::json::object& plan) {
  const auto* reversible = member(plan, "reversible");
  if (!reversible || !reversible->is_bool()) return;
  const auto window = number(plan, "undo_window_s").value_or(0);
  std::string text = reversible->get_bool() ? "a failure or a cancel takes it back"
                                            : "no: a part of it stays after a failure or a cancel";
  if (window > 0) {
    text += "; after success it can be undone for " + age_text(std::chrono::seconds(window));
  }
  labels.add("can be undone", text);
}

void add_conflicts(Labels& labels, const boost::json::object& plan) {
  if (const auto* joins = member(plan, "joins"); joins && joins->is_string()) {
    ShortIds ids;
    const OperationId id{std::string(joins->get_string())};
    ids.add(id);
    labels.add("joins", "the same operation runs already: " + ids.of(id), Paint::warning);
  }
  const auto* conflicts = member(plan, "conflicts");
  if (!conflicts || !conflicts->is_array()) return;
  for (const auto& conflict : conflicts->get_array()) {
    const auto seen = seen_of(conflict);
    if (!seen) continue;
    ShortIds ids;
    ids.add(seen->state.operation_id);
    labels.add("waits for", ids.of(seen->state.operation_id) + ", " + title_of(seen->state),
               Paint::warning);
  }
}

}  // namespace

Lines plan_lines(const OperationRequest& request, const Json& answer, const View& view) {
  Lines lines;
  const auto* found = answer.is_object() ? answer.get_object().if_contains("plan") : nullptr;
  const auto plan = found && found->is_object() ? found->get_object() : boost::json::object();
  OperationState state;
  state.kind = request.kind;
  state.target_kind = request.target_kind;
  state.target_id = request.target_id;
  if (const auto* args = member(plan, "title_args"); args && args->is_object()) {
    state.title_args = args->get_object();
  }
  lines.emplace_back(title_of(state) + ": what it would do", Paint::strong);
  Labels labels(lines, view);
  add_steps(labels, plan);
  add_children(labels, plan);
  add_locks(labels, plan);
  add_space(labels, plan);
  add_undo(labels, plan);
  add_conflicts(labels, plan);
  for (const auto& warning : texts(plan, "warnings")) {
    labels.add("warning", warning, Paint::warning);
  }
  lines.emplace_back("Nothing was started.", Paint::dim);
  return lines;
}

}  // namespace hub::cli
