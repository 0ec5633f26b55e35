#include "cli/words.hpp"

namespace hub::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t minute_ms = 60 * second_ms;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::size_t short_id_min = 6;

std::string text_param(const OperationReason& reason, const char* name) {
  const auto* found = reason.params.if_contains(name);
  return found ? text_of_value(*found) : std::string();
}

std::string text_arg(const OperationState& state, const char* name) {
  const auto* found = state.title_args.if_contains(name);
  return found && found->is_string() ? printable(found->get_string()) : std::string();
}

std::string retry_text(const OperationReason& reason) {
  const auto step = text_param(reason, "step");
  const auto at = parse_time(text_param(reason, "at"));
  const auto why = text_param(reason, "message");
  return "tries " + (step.empty() ? "" : step + " ") + "again " +
         (at ? "at " + time_text(*at) : std::string("soon")) + (why.empty() ? "" : ": " + why);
}

std::string lock_text(const OperationState& state, const ShortIds& ids) {
  if (!state.blocked_by || state.blocked_by->empty()) return "waits for what others hold";
  std::string text = "waits for ";
  for (std::size_t i = 0; i < state.blocked_by->size(); ++i) {
    text += (i == 0 ? "" : ", ") + ids.of((*state.blocked_by)[i]);
  }
  return text;
}

std::string slot_text(const OperationState& state) {
  if (!state.queue_position) return "waits for a free slot";
  if (*state.queue_position == 1) return "next in line";
  return "number " + std::to_string(*state.queue_position) + " in line";
}

}  // namespace

std::string printable_in(const boost::json::object& object, std::string_view key) {
  return printable(text_in(object, key));
}

std::int64_t number_in(const boost::json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found && found->is_int64() ? found->get_int64() : 0;
}

std::string text_of_value(const Json& value) {
  return printable(value.is_string() ? std::string(value.get_string())
                                     : boost::json::serialize(value));
}

std::string age_text(milliseconds age) {
  const auto ms = std::max<std::int64_t>(age.count(), 0);
  if (ms < minute_ms) return std::to_string(ms / second_ms) + " s";
  if (ms < hour_ms) return std::to_string(ms / minute_ms) + " min";
  if (ms < day_ms) return std::to_string(ms / hour_ms) + " h";
  return std::to_string(ms / day_ms) + " d";
}

std::string duration_text(milliseconds duration) {
  const auto ms = std::max<std::int64_t>(duration.count(), 0);
  if (ms < 10 * second_ms) return decimal_text(static_cast<double>(ms) / second_ms) + " s";
  if (ms < minute_ms) return std::to_string(ms / second_ms) + " s";
  if (ms < hour_ms) {
    return std::to_string(ms / minute_ms) + " min " + std::to_string(ms % minute_ms / second_ms) +
           " s";
  }
  return std::to_string(ms / hour_ms) + " h " + std::to_string(ms % hour_ms / minute_ms) + " min";
}

std::string time_text(Time time) {
  std::string text = to_text(time);  // 2026-01-02T03:04:05.678Z
  if (text.size() < 20) return text;
  text[10] = ' ';
  return text.substr(0, 19) + "Z";
}

std::string amount_text(const ProgressDetail& detail) {
  if (detail.unit.empty() || (detail.done == 0 && !detail.total)) return {};
  if (detail.unit == "bytes") {
    const auto done = size_text(detail.done);
    return detail.total ? done + " of " + size_text(*detail.total) : done;
  }
  const auto total = detail.total ? " of " + std::to_string(*detail.total) : std::string();
  return std::to_string(detail.done) + total + " " + printable(detail.unit);
}

std::string rate_text(const ProgressDetail& detail) {
  if (!detail.rate || *detail.rate <= 0) return {};
  if (detail.unit == "bytes") return size_text(*detail.rate) + "/s";
  return std::to_string(*detail.rate) + " " + printable(detail.unit) + "/s";
}

std::string left_text(const ProgressDetail& detail) {
  if (!detail.eta_ms) return {};
  return duration_text(milliseconds(std::max(second_ms, *detail.eta_ms / 1000 * 1000))) + " left";
}

Paint paint_of(OperationStatus status) {
  switch (status) {
    case OperationStatus::accepted: return Paint::dim;
    case OperationStatus::running: return Paint::busy;
    case OperationStatus::waiting_input:
    case OperationStatus::cancelling:
    case OperationStatus::reverting:
    case OperationStatus::cancelled: return Paint::warning;
    case OperationStatus::succeeded: return Paint::good;
    case OperationStatus::failed: return Paint::bad;
  }
  return Paint::none;
}

Paint paint_of(StepStatus status) {
  switch (status) {
    case StepStatus::pending: return Paint::dim;
    case StepStatus::running: return Paint::busy;
    case StepStatus::done: return Paint::good;
    case StepStatus::failed: return Paint::bad;
    case StepStatus::undone: return Paint::warning;
  }
  return Paint::none;
}

std::string random_end_of(const OperationId& id) {
  const auto dash = id.text().rfind('-');
  return dash == std::string::npos ? id.text() : id.text().substr(dash + 1);
}

ShortIds::ShortIds(std::span<const OperationState> states) {
  for (const auto& state : states) add(state.operation_id);
}

void ShortIds::add(const OperationId& id) { ends_.insert(random_end_of(id)); }

std::string ShortIds::of(const OperationId& id) const {
  const auto end = random_end_of(id);
  // Its neighbours in the order are those that share most with it.
  std::size_t shared = 0;
  const auto compare = [&](const std::string& other) {
    const auto differs = std::ranges::mismatch(end, other).in1;
    shared = std::max(shared, static_cast<std::size_t>(differs - end.begin()));
  };
  const auto after = ends_.upper_bound(end);
  if (after != ends_.end()) compare(*after);
  const auto at = ends_.lower_bound(end);
  if (at != ends_.begin()) compare(*std::prev(at));
  return end.substr(0, std::max(short_id_min, shared + 1));
}

std::string title_of(const OperationState& state) {
  const auto kind = printable(state.kind.text());
  const auto dot = kind.find('.');
  std::string title = state.undo_of ? "undo: " : "";
  title += dot == std::string::npos ? kind : kind.substr(dot + 1) + " " + kind.substr(0, dot);
  const auto target = printable(state.target_id);
  if (target.empty() || target == state.target_kind) return title;
  const auto name = text_arg(state, "title");
  if (name.empty() || name == target) return title + " " + target;
  return title + " " + name + " (" + target + ")";
}

std::string waiting_text(const OperationState& state, const ShortIds& ids) {
  if (is_terminal(state.status)) return {};
  if (!state.reason) {
    return state.status == OperationStatus::accepted && state.queue_position ? slot_text(state)
                                                                             : std::string();
  }
  const auto& code = state.reason->code;
  if (code == "lock") return lock_text(state, ids);
  if (code == "slot") return slot_text(state);
  if (code == "retry_backoff") return retry_text(*state.reason);
  if (code == "confirm") return "waits for an answer";
  if (code == "drain") return "the hub stops; it goes on at its next start";
  if (code == "children") return "waits for the operations below it";
  if (code == "unknown_kind") return "this hub does not know its kind";
  if (code == "crash_loop") return "the hub died several times in the same step";
  return printable(code);
}

std::string text_of(CancelEffect effect) {
  switch (effect) {
    case CancelEffect::none: return "nothing was changed yet";
    case CancelEffect::reverts: return "what was done is taken back";
    case CancelEffect::leaves_partial: return "a part of it stays";
    case CancelEffect::too_late: return "too late: it will be carried out";
  }
  return {};
}

std::string text_of(Effects effects) {
  switch (effects) {
    case Effects::none: return "nothing was changed";
    case Effects::applied: return "what it did is in place";
    case Effects::reverted: return "what was done was taken back";
    case Effects::partial: return "a part of it was left behind";
  }
  return {};
}

}  // namespace hub::cli
