#include "http/operation_answers.hpp"

#include <boost/crc.hpp>

#include "base/described_text.hpp"
#include "http/answer.hpp"
#include "registry/text.hpp"

namespace hub::http {
namespace {

constexpr std::size_t state_bytes = 2048;  // about what one takes

Response with_json(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

std::string text_of(const OperationState& state) {
  std::string text;
  text.reserve(state_bytes);
  append_json(text, state);
  return text;
}

std::string etag_of(std::int64_t revision, std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), crc.checksum(), 16);
  return "\"" + std::to_string(revision) + "-" + std::string(digits.data(), end.ptr) + "\"";
}

Json or_null(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

boost::json::object contender(const OperationState& state) {
  return {{"operation_id", state.operation_id.text()},
          {"kind", state.kind.text()},
          {"target_kind", state.target_kind},
          {"target_id", state.target_id},
          {"status", to_json(state.status)},
          {"message", state.message},
          {"can_cancel", state.can_cancel},
          {"href", operation_href(state.operation_id)}};
}

std::string_view name_of(store::Acceptance how) {
  switch (how) {
    case store::Acceptance::created: return "created";
    case store::Acceptance::joined: return "joined";
    case store::Acceptance::replayed: return "replayed";
  }
  return "created";
}

}  // namespace

std::string operation_href(const OperationId& id) { return "/api/operations/" + id.text(); }

Response state_response(const OperationState& state) {
  auto text = text_of(state);
  auto etag = etag_of(state.revision, text);
  return with_json(200, std::move(text)).set_header("ETag", std::move(etag));
}

Response steered_response(const OperationState& state) { return with_json(202, text_of(state)); }

Response accepted_response(const store::Accepted& accepted) {
  const auto& id = accepted.state.operation_id;
  std::string body;
  body.reserve(state_bytes);
  body += R"({"ok":true,"accepted":true,"operation_id":)";
  append_json(body, id);
  body += R"(,"operation":)";
  if (accepted.state_text.empty()) {
    append_json(body, accepted.state);
  } else {
    body += accepted.state_text;
  }
  body += R"(,"how":)";
  append_quoted(body, name_of(accepted.how));
  body += '}';
  auto response = with_json(202, std::move(body));
  response.headers.emplace_back("Location", operation_href(id));
  return response;
}

Response plan_response(const operations::Preview& preview) {
  const auto& state = preview.state;
  boost::json::array steps, conflicts;
  for (const auto& step : state.steps) {
    steps.push_back({{"name", step.name}, {"weight", step.weight}});
  }
  for (const auto& other : preview.conflicts) conflicts.push_back(contender(other));
  boost::json::object plan{
      {"steps", std::move(steps)},
      {"bytes", or_null(preview.bytes)},
      {"space_needed", or_null(preview.space_needed)},
      {"space_free", or_null(preview.space_free)},
      {"conflicts", std::move(conflicts)},
      {"joins", preview.joins ? Json(preview.joins->text()) : Json(nullptr)},
      {"reversible", preview.reversible},
      {"undo_window_s", preview.undo_window.count()},
      {"resources", to_json(state.resources)},
      {"warnings", state.warnings ? to_json(*state.warnings) : Json(boost::json::array())},
      {"priority", to_json(state.priority)},
      {"title_key", state.title_key},
      {"title_args", state.title_args},
      {"message", state.message}};
  if (state.deadline_at) plan["deadline_at"] = to_json(*state.deadline_at);
  if (!preview.outlook.is_null()) plan["outlook"] = preview.outlook;
  return json(200,
              boost::json::object{{"ok", true}, {"accepted", false}, {"plan", std::move(plan)}});
}

bool names_revision(std::string_view if_match, std::int64_t revision) {
  const auto number = std::to_string(revision);
  while (!if_match.empty()) {
    const auto end = std::min(if_match.find(','), if_match.size());
    auto one = if_match.substr(0, end);
    if_match.remove_prefix(std::min(end + 1, if_match.size()));
    const auto is_dressing = [](char c) { return c == ' ' || c == '"'; };
    while (!one.empty() && is_dressing(one.front())) one.remove_prefix(1);
    if (one.starts_with("W/\"")) one.remove_prefix(3);
    while (!one.empty() && is_dressing(one.back())) one.remove_suffix(1);
    if (one == "*" || one.substr(0, one.find('-')) == number) return true;
  }
  return false;
}

Error unknown_operation(const std::string& id, std::span<const std::string> known_ids) {
  Error error{ErrorCode::not_found,
              "cannot find operation " + id,
              "operation_not_found",
              "GET /api/operations lists those this hub knows; ended ones are forgotten after 30 "
              "days, failed ones after 90",
              {{"operation_id", id}}};
  const auto near = registry::nearest_names(id, {known_ids.begin(), known_ids.end()}, 1);
  if (near.empty()) return error;
  error.hint = "did you mean " + near.front() + "?";
  error.details["nearest"] = near.front();
  return error;
}

}  // namespace hub::http
