#include "http/submission.hpp"

#include <algorithm>
#include <array>

#include "contracts/artifact.hpp"
#include "infrastate/actions.hpp"
#include "registry/text.hpp"

namespace hub::http {
namespace {

constexpr std::size_t idempotency_key_bytes_max = 255;
constexpr std::chrono::seconds deadline_max{std::chrono::hours(24 * 366)};
constexpr std::array<std::string_view, 10> members{
    "kind",        "target_kind", "target_id", "params",     "webspace_id",
    "on_conflict", "priority",    "deadline",  "deadline_s", "validate_only"};

tl::unexpected<Error> bad_member(std::string_view name, std::string_view want) {
  return fail(ErrorCode::invalid,
              "cannot read body." + std::string(name) + ": want " + std::string(want), "field_type",
              {}, {{"path", "body." + std::string(name)}});
}

const Json* member(const boost::json::object& body, std::string_view name) {
  const auto* found = body.if_contains(name);
  return found && !found->is_null() ? found : nullptr;
}

template <class Choice>
Result<std::optional<Choice>> choice_member(const boost::json::object& body,
                                            std::string_view name) {
  HUB_TRY(text, text_member(body, name));
  if (text.empty()) return std::optional<Choice>();
  Choice choice{};
  if (boost::describe::enum_from_string(text.c_str(), choice)) return std::optional(choice);
  std::string known;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Choice>>(
      [&](auto one) { known += (known.empty() ? "" : ", ") + std::string(one.name); });
  return fail(ErrorCode::invalid,
              "cannot read body." + std::string(name) + ": there is no \"" + text + "\"",
              "unknown_choice", "it is one of " + known,
              {{"path", "body." + std::string(name)}, {"given", text}, {"known", known}});
}

// A misspelt member would be ignored like any unknown one, and its writer would wonder.
Result<> refuse_misspelt(const boost::json::object& body) {
  static const std::vector<std::string> known(members.begin(), members.end());
  for (const auto& [key, value] : body) {
    const std::string name(key);
    if (std::ranges::find(known, name) != known.end()) continue;
    if (name == "idempotency_key" || name == "request_id") {
      return fail(ErrorCode::invalid, "cannot read body." + name + ": there is no such member",
                  "unknown_member", "send it as the header Idempotency-Key", {{"member", name}});
    }
    std::string plain = name;
    std::ranges::replace(plain, '-', '_');
    const auto near = registry::nearest_names(plain, known, 1);
    if (near.empty()) continue;
    return fail(ErrorCode::invalid, "cannot read body." + name + ": there is no such member",
                "unknown_member", "did you mean " + near.front() + "?",
                {{"member", name}, {"nearest", near.front()}});
  }
  return {};
}

// What RFC 3339 allows beyond our own form: no fraction or a longer one, another zone, lower case.
std::optional<Time> rfc3339(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c == 't' ? 'T' : c == 'z' ? 'Z' : c;
  });
  constexpr std::size_t seconds_end = 19;  // 2026-01-02T03:04:05
  if (text.size() <= seconds_end) return std::nullopt;
  const auto zone_at = text.find_first_not_of(".0123456789", seconds_end);
  if (zone_at == std::string::npos) return std::nullopt;
  std::string fraction = text.substr(seconds_end, zone_at - seconds_end);
  if (fraction == "." || (!fraction.empty() && fraction.front() != '.')) return std::nullopt;
  fraction.resize(std::min<std::size_t>(fraction.size(), 4));
  fraction = (fraction.empty() ? "." : fraction) + "000";
  const auto time = parse_time(text.substr(0, seconds_end) + fraction.substr(0, 4) + "Z");
  const auto zone = text.substr(zone_at);
  if (!time) return std::nullopt;
  if (zone == "Z") return *time;
  const auto is_digit = [&](std::size_t at) { return zone[at] >= '0' && zone[at] <= '9'; };
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || !is_digit(1) ||
      !is_digit(2) || !is_digit(4) || !is_digit(5)) {
    return std::nullopt;
  }
  const auto two = [&](std::size_t at) { return (zone[at] - '0') * 10 + (zone[at + 1] - '0'); };
  const auto offset = std::chrono::hours(two(1)) + std::chrono::minutes(two(4));
  return zone[0] == '+' ? *time - offset : *time + offset;
}

tl::unexpected<Error> bad_deadline(std::string why) {
  return fail(ErrorCode::invalid, "cannot read the deadline: " + std::move(why), "bad_deadline",
              R"(send "deadline": "2026-01-02T03:04:05Z" or "deadline_s": 600)");
}

Result<std::optional<Time>> read_deadline(const boost::json::object& body, Time now) {
  HUB_TRY(text, text_member(body, "deadline"));
  const auto* seconds = member(body, "deadline_s");
  if (text.empty() && !seconds) return std::optional<Time>();
  if (!text.empty() && seconds) return bad_deadline("it is given twice");
  Time at{};
  if (seconds) {
    if (!seconds->is_int64()) return bad_member("deadline_s", "a whole number of seconds");
    const auto count = seconds->get_int64();
    if (count < 1 || count > deadline_max.count()) {
      return bad_deadline("deadline_s must be 1 to " + std::to_string(deadline_max.count()));
    }
    at = now + std::chrono::seconds(count);
  } else {
    const auto parsed = rfc3339(text);
    if (!parsed) return bad_deadline("\"" + text + "\" is no time of RFC 3339");
    at = *parsed;
  }
  if (at <= now) return bad_deadline("it has passed already");
  if (at > now + deadline_max) return bad_deadline("it is more than a year away");
  return std::optional(at);
}

}  // namespace

Result<std::string> text_member(const boost::json::object& body, std::string_view name) {
  const auto* found = member(body, name);
  if (!found) return std::string();
  if (found->is_string()) return std::string(found->get_string());
  return bad_member(name, "a string");
}

Initiator initiator_of(const Request& request) {
  const bool browser = request.principal && request.principal->by == Principal::By::session;
  return {"user", browser ? "browser" : "token"};
}

Result<std::string> read_idempotency_key(const Request& request) {
  constexpr std::string_view name = "idempotency-key";
  const auto count = std::ranges::count(request.headers, name, &Headers::value_type::first);
  if (count == 0) return std::string();
  const auto key = request.header(name);
  const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
  if (count > 1 || key.empty() || key.size() > idempotency_key_bytes_max ||
      !std::ranges::all_of(key, is_visible)) {
    return fail(ErrorCode::invalid,
                "cannot use the Idempotency-Key: want one, of 1 to " +
                    std::to_string(idempotency_key_bytes_max) + " visible ASCII characters",
                "bad_idempotency_key", "a UUID will do");
  }
  return std::string(key);
}

Result<> read_choices(const Request& request, const boost::json::object& body, Time now,
                      Submission& into) {
  HUB_TRY(on_conflict, choice_member<OnConflict>(body, "on_conflict"));
  HUB_TRY(priority, choice_member<Priority>(body, "priority"));
  HUB_TRY(deadline, read_deadline(body, now));
  HUB_TRY(key, read_idempotency_key(request));
  if (const auto* only = member(body, "validate_only")) {
    if (!only->is_bool()) return bad_member("validate_only", "true or false");
    if (only->get_bool()) into.submit = Submit::validate_only;
  }
  into.request.on_conflict = on_conflict.value_or(OnConflict::join);
  into.request.priority = priority;
  into.request.deadline_at = deadline;
  into.request.idempotency_key = std::move(key);
  into.request.initiator = initiator_of(request);
  return {};
}

Result<Submission> read_submission(const Request& request, Time now) {
  HUB_TRY(parsed, json_body(request));
  if (!parsed.is_object()) {
    return fail(ErrorCode::invalid, "cannot read body: want an object", "field_type",
                R"(send {"kind": …, "target_kind": …, "target_id": …})", {{"path", "body"}});
  }
  const auto& body = parsed.get_object();
  HUB_CHECK(refuse_misspelt(body));
  HUB_TRY(kind, text_member(body, "kind"));
  HUB_TRY(target_kind, text_member(body, "target_kind"));
  HUB_TRY(target_id, text_member(body, "target_id"));
  HUB_TRY(webspace_id, text_member(body, "webspace_id"));
  if (kind.empty()) {
    return fail(ErrorCode::invalid, "cannot start an operation: body.kind is missing",
                "field_missing", R"(send {"kind": "skill.install", …})", {{"path", "body.kind"}});
  }
  Submission submission;
  HUB_CHECK(read_choices(request, body, now, submission));
  auto& wanted = submission.request;
  if (const auto* params = member(body, "params")) {
    if (!params->is_object()) return bad_member("params", "an object");
    wanted.params = params->get_object();
  }
  wanted.target_kind = target_kind.empty() ? kind.substr(0, kind.find('.')) : target_kind;
  if (target_id.empty() && parse_artifact_kind(wanted.target_kind)) {
    return fail(ErrorCode::invalid, "cannot start " + kind + ": body.target_id is missing",
                "field_missing", "name the " + wanted.target_kind, {{"path", "body.target_id"}});
  }
  wanted.target_id = target_id.empty() ? wanted.target_kind : target_id;
  wanted.kind = OperationKind(std::move(kind));
  wanted.webspace_id = infrastate::webspace_or_default(webspace_id);
  return submission;
}

}  // namespace hub::http
