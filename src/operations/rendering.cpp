#include "operations/rendering.hpp"

#include <algorithm>
#include <cctype>

namespace hub::operations {
namespace {

constexpr std::size_t message_bytes_max = 600;
constexpr std::size_t warnings_max = 20;
constexpr std::size_t causes_max = 8;
constexpr std::size_t details_bytes_max = 1'500;
constexpr std::size_t result_bytes_max = 1'500;
constexpr std::size_t steps_shown_max = 24;
constexpr std::size_t resources_shown_max = 24;
constexpr std::size_t tight_bytes_max = 300;
constexpr std::size_t tail_line_bytes_max = 120;

std::size_t size_of(const Json& value) { return boost::json::serialize(value).size(); }

// Cheap, and never too small: most states are far below the limit.
std::size_t size_estimate(const OperationState& state) {
  std::size_t bytes = 1'500 + state.message.size() * 2 + state.steps.size() * 170;
  for (const auto& step : state.steps) bytes += step.name.size();
  for (const auto& resource : state.resources) bytes += resource.text().size() * 2 + 4;
  if (state.warnings) {
    for (const auto& warning : *state.warnings) bytes += warning.size() * 2 + 4;
  }
  bytes += size_of(state.title_args);
  if (state.result) bytes += size_of(*state.result);
  if (state.error) bytes += size_of(to_json(*state.error));
  if (state.reason) bytes += size_of(state.reason->params);
  return bytes;
}

// Every text in it at most so long.
void shorten_texts(Json& value, std::size_t bytes_max) {
  if (value.is_string()) {
    if (value.get_string().size() > bytes_max) {
      value = shortened(std::string(value.get_string()), bytes_max);
    }
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) shorten_texts(member.value(), bytes_max);
  } else if (value.is_array()) {
    for (auto& member : value.get_array()) shorten_texts(member, bytes_max);
  }
}

void fit_object(boost::json::object& object, std::size_t bytes_max) {
  for (std::size_t each = bytes_max; each >= 40 && size_of(object) > bytes_max; each /= 2) {
    Json value(std::move(object));
    shorten_texts(value, each);
    object = std::move(value.get_object());
  }
  if (const auto size = size_of(object); size > bytes_max) {
    object = {{"too_large", true}, {"bytes", size}};
  }
}

void fit_error(OperationError& error, std::size_t bytes_max) {
  error.message = shortened(std::move(error.message), message_bytes_max);
  fit_object(error.details, bytes_max);
  if (error.hint) error.hint = shortened(*std::move(error.hint), message_bytes_max / 2);
  if (!error.causes) return;
  if (error.causes->size() > causes_max) error.causes->resize(causes_max);
  for (auto& cause : *error.causes) {
    cause.message = shortened(std::move(cause.message), bytes_max / 10);
  }
}

void fit_warnings(std::vector<std::string>& warnings, std::size_t bytes_max) {
  const auto left_out = warnings.size() > warnings_max ? warnings.size() - warnings_max + 1 : 0;
  if (left_out > 0) {
    warnings.resize(warnings_max - 1);
    warnings.push_back(std::to_string(left_out) + " more; the log has them all");
  }
  for (auto& warning : warnings) {
    warning = shortened(std::move(warning), std::max<std::size_t>(bytes_max / warnings.size(), 40));
  }
}

void fit_result(OperationState& state, const OperationLogs& logs) {
  if (!state.result || state.result->is_null()) return;
  const auto text = boost::json::serialize(*state.result);
  if (text.size() <= result_bytes_max) return;
  const bool kept = logs.write_result(state.operation_id, text);
  Json shown = *state.result;
  if (shown.is_object()) {
    // What programs read, "version" or "updated", stays where it is.
    for (const auto& [key, value] : state.result->get_object()) {
      if (value.is_object() || value.is_array()) shown.get_object().erase(key);
    }
    shorten_texts(shown, 100);
  }
  if (!shown.is_object() || size_of(shown) > result_bytes_max) shown = boost::json::object{};
  auto& object = shown.get_object();
  object["too_large"] = true;
  object["bytes"] = text.size();
  object["kept"] = kept ? Json(state.operation_id.text() + ".result.json, beside the log")
                        : Json("nowhere: it could not be written");
  if (kept) object["href"] = "/api/operations/" + state.operation_id.text() + "/result";
  state.result = std::move(shown);
}

// One line in place of many steps of one status: the earliest of what is behind, the latest of what
// is to come.
void fold_steps(std::vector<OperationStep>& steps, std::size_t shown_max, StepStatus status,
                const char* what) {
  if (steps.size() <= shown_max) return;
  const auto count =
      static_cast<std::size_t>(std::ranges::count(steps, status, &OperationStep::status));
  std::size_t left = std::min(count, steps.size() - shown_max + 1);
  if (left < 2) return;
  OperationStep one{std::to_string(left) + what, status, 0, {}, {}};
  const bool from_end = status == StepStatus::pending;
  if (from_end) std::ranges::reverse(steps);
  std::vector<OperationStep> kept;
  std::optional<std::size_t> at;
  for (auto& step : steps) {
    if (left == 0 || step.status != status) {
      kept.push_back(std::move(step));
      continue;
    }
    one.weight += step.weight;
    if (!at) {
      at = kept.size();
      kept.emplace_back();
    }
    --left;
  }
  kept[at.value()] = std::move(one);
  if (from_end) std::ranges::reverse(kept);
  steps = std::move(kept);
}

void fit_steps(std::vector<OperationStep>& steps, std::size_t shown_max) {
  fold_steps(steps, shown_max, StepStatus::done, " steps that are done");
  fold_steps(steps, shown_max, StepStatus::pending, " steps to come");
  fold_steps(steps, shown_max, StepStatus::undone, " steps that were taken back");
}

// For the one with everything too long at once.
void fit_tightly(OperationState& state) {
  fit_steps(state.steps, steps_shown_max / 3);
  for (auto& step : state.steps) {
    step.name = shortened(std::move(step.name), 40);
    step.started_at.reset();
    step.finished_at.reset();
  }
  state.message = shortened(std::move(state.message), tight_bytes_max);
  if (state.warnings && state.warnings->size() > 5) {
    const auto left_out = state.warnings->size() - 4;
    state.warnings->resize(4);
    state.warnings->push_back(std::to_string(left_out) + " more; the log has them all");
  }
  if (state.warnings && !state.warnings->empty()) fit_warnings(*state.warnings, tight_bytes_max);
  if (state.error) {
    fit_error(*state.error, tight_bytes_max);
    state.error->message = shortened(std::move(state.error->message), tight_bytes_max);
  }
  fit_object(state.title_args, tight_bytes_max);
  if (state.reason) fit_object(state.reason->params, tight_bytes_max);
  if (state.resources.size() > steps_shown_max / 3) state.resources.resize(steps_shown_max / 3);
  for (auto* text : {&state.target_id, &state.initiator.id, &state.title_key, &state.webspace_id}) {
    *text = shortened(std::move(*text), tight_bytes_max);
  }
  if (state.result && size_of(*state.result) > tight_bytes_max) {
    state.result = Json(boost::json::object{{"too_large", true}});
  }
}

}  // namespace

std::string code_of(const Error& error) {
  std::string code =
      error.reason.empty() ? boost::describe::enum_to_string(error.code, "invalid") : error.reason;
  std::ranges::transform(code, code.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return code;
}

OperationError rendered(const Error& error, const std::string& step, int attempt,
                        std::span<const Error> causes) {
  OperationError out;
  out.type = "OperationFailed";
  out.code = code_of(error);
  out.message = error.message;
  out.step = step;
  out.attempt = attempt;
  out.retryable = error.code == ErrorCode::unavailable;
  out.details = error.details;
  if (!error.hint.empty()) out.hint = error.hint;
  std::vector<ErrorCause> behind;
  if (const auto* told = out.details.if_contains("causes")) {
    if (auto read = from_json<std::vector<ErrorCause>>(*told, "causes")) behind = *std::move(read);
    out.details.erase("causes");
  }
  for (const auto& cause : causes) behind.push_back({code_of(cause), cause.message});
  if (!behind.empty()) out.causes = std::move(behind);
  return out;
}

std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  static constexpr std::string_view dots = "…";
  std::size_t end = bytes_max > dots.size() ? bytes_max - dots.size() : 0;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text.append(dots);
}

void fit(OperationState& state, const OperationLogs& logs) {
  state.message = shortened(std::move(state.message), message_bytes_max);
  fit_result(state, logs);
  if (size_estimate(state) <= stored_state_bytes_max) return;
  fit_steps(state.steps, steps_shown_max);
  if (state.warnings && !state.warnings->empty()) fit_warnings(*state.warnings, 2'000);
  if (state.error) fit_error(*state.error, details_bytes_max);
  if (state.reason) fit_object(state.reason->params, details_bytes_max);
  fit_object(state.title_args, details_bytes_max);
  if (state.resources.size() > resources_shown_max) state.resources.resize(resources_shown_max);
  if (size_of(to_json(state)) <= stored_state_bytes_max) return;
  fit_tightly(state);
}

Nullable<Json> whole_result(const OperationState& state, const OperationLogs& logs) {
  if (!state.result || !state.result->is_object()) return state.result;
  if (!state.result->get_object().contains("too_large")) return state.result;
  const auto text = logs.read_result(state.operation_id);
  if (!text) return state.result;
  boost::system::error_code ec;
  auto value = boost::json::parse(*text, ec);
  return ec ? state.result : Nullable<Json>(std::move(value));
}

std::vector<std::string> log_tail_of(const OperationId& id, const OperationLogs& logs) {
  auto lines = logs.tail(id, log_tail_lines);
  for (auto& line : lines) line = shortened(std::move(line), tail_line_bytes_max);
  return lines;
}

}  // namespace hub::operations
