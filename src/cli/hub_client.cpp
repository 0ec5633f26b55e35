#include "cli/hub_client.hpp"

#include <algorithm>
#include <charconv>

namespace hub::cli {
namespace {

constexpr std::chrono::milliseconds answer_patience{30'000};
constexpr std::chrono::minutes call_patience{5};  // beyond its own time: others may be before it
constexpr std::size_t answer_depth_max = 128;
constexpr int http_unauthorized = 401;
constexpr int http_misdirected = 421;

std::string encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

std::string path_of(const OperationId& id) { return "/api/operations/" + encoded(id.text()); }

ErrorCode code_of(int status) {
  switch (status) {
    case 404:
    case 410: return ErrorCode::not_found;
    case 409: return ErrorCode::conflict;
    case 401:
    case 403:
    case http_misdirected: return ErrorCode::forbidden;
    case 429:
    case 507: return ErrorCode::exhausted;
    case 500:
    case 502:
    case 503:
    case 504: return ErrorCode::unavailable;
    default: return ErrorCode::invalid;
  }
}

std::string major_minor(const std::string& version) {
  const auto first = version.find('.');
  const auto second = first == std::string::npos ? first : version.find('.', first + 1);
  return version.substr(0, second);
}

boost::json::object body_of(const OperationRequest& request) {
  boost::json::object body{
      {"kind", request.kind.text()},        {"target_kind", request.target_kind},
      {"target_id", request.target_id},     {"params", request.params},
      {"webspace_id", request.webspace_id}, {"on_conflict", to_json(request.on_conflict)}};
  if (request.priority) body["priority"] = to_json(*request.priority);
  if (request.deadline_at) body["deadline"] = to_json(*request.deadline_at);
  return body;
}

}  // namespace

Result<Seen> seen_of(const Json& raw) {
  if (!raw.is_object()) return fail(ErrorCode::invalid, "want an operation");
  static const Json defaults = to_json(OperationState{});
  auto whole = defaults.get_object();
  for (const auto& [key, value] : raw.get_object()) whole[key] = value;
  HUB_TRY(state, from_json<OperationState>(whole, "operation"));
  return Seen{std::move(state), raw};
}

HubClient::HubClient(HubPlace place, HubOptions options)
    : place_(std::move(place)), options_(std::move(options)), session_(place_.url, place_.token) {}

Result<std::unique_ptr<HubClient>> HubClient::open(const HubOptions& options) {
  HUB_TRY(place, find_hub(options));
  return std::make_unique<HubClient>(std::move(place), options);
}

Result<> HubClient::find_again() {
  HUB_TRY(place, find_hub(options_));
  place_ = std::move(place);
  session_.move_to(place_.url, place_.token);
  return {};
}

Error HubClient::explained(Error error) const {
  if (error.reason == "hub_unreachable" && error.hint.empty()) error.hint = start_hint(place_);
  return error;
}

Error HubClient::other_version(const std::string& what) const {
  const bool known = !hub_version_.empty();
  const bool same = known && hub_version_ == options_.own_version;
  Error error{ErrorCode::unavailable,
              "cannot understand the hub at " + place_.url + ": " + what +
                  (known ? " (it is version " + hub_version_ + ", this command " +
                               options_.own_version + ")"
                         : ""),
              "other_version",
              same ? "restart the hub, so that it runs the program that is installed now"
                   : "use the adaos-hub program that belongs to the hub, or update the hub and "
                     "restart it",
              {}};
  if (known) error.details["hub_version"] = hub_version_;
  error.details["own_version"] = options_.own_version;
  return error;
}

Error HubClient::refusal_of(const HttpAnswer& answer, const HttpRequest& request) const {
  boost::json::error_code ec;
  const Json parsed = boost::json::parse(answer.body, ec);
  const auto body = !ec && parsed.is_object() ? parsed.get_object() : boost::json::object();
  Error error{code_of(answer.status),
              text_in(body, "detail"),
              text_in(body, "code"),
              text_in(body, "hint"),
              {}};
  if (const auto* details = body.if_contains("details"); details && details->is_object()) {
    error.details = details->get_object();
  }
  if (answer.status == http_unauthorized) {
    return Error{ErrorCode::forbidden,
                 "cannot enter the hub at " + place_.url + ": it does not know the token of " +
                     place_.token_source,
                 "wrong_token",
                 "its token is in <base-dir>/state/token: name that folder with --base-dir, or the "
                 "file with --token-file",
                 {{"url", place_.url}, {"token_source", place_.token_source}}};
  }
  if (error.message.empty() || error.reason.empty()) {
    return Error{ErrorCode::unavailable,
                 "cannot use " + place_.url + ": what answers there is no adaos-hub (status " +
                     std::to_string(answer.status) + ")",
                 "not_a_hub",
                 "say where the hub is with --url",
                 {{"url", place_.url}}};
  }
  if (error.reason == "route_not_found" || error.reason == "method_not_allowed") {
    return other_version("it does not know " + request.method + " " +
                         request.path.substr(0, request.path.find('?')));
  }
  return error;
}

Result<HttpAnswer> HubClient::ask(const HttpRequest& request) {
  auto answer = session_.ask(request);
  if (!answer) return tl::unexpected(explained(std::move(answer).error()));
  if (answer->status / 100 != 2) return tl::unexpected(refusal_of(*answer, request));
  return answer;
}

Result<Json> HubClient::ask_json(const HttpRequest& request) {
  HUB_TRY(answer, ask(request));
  // The nodes of a README lie deeper than Boost's own limit.
  boost::json::parse_options options;
  options.max_depth = answer_depth_max;
  boost::json::error_code ec;
  Json body = boost::json::parse(answer.body, ec, {}, options);
  if (ec || !answer.content_type.starts_with("application/json")) {
    return tl::unexpected(other_version("it answers " + request.method + " " + request.path +
                                        " with something else than JSON"));
  }
  return body;
}

Result<boost::json::object> HubClient::ask_object(const HttpRequest& request) {
  HUB_TRY(body, ask_json(request));
  if (body.is_object()) return std::move(body.get_object());
  return tl::unexpected(other_version("it answers " + request.path + " with another shape"));
}

Result<boost::json::object> HubClient::marketplace(
    const std::vector<std::pair<std::string, std::string>>& query) {
  std::string path = "/api/marketplace";
  for (const auto& [name, value] : query) {
    path += (path.find('?') == std::string::npos ? "?" : "&") + name + "=" + encoded(value);
  }
  return ask_object({.path = path});
}

Result<boost::json::object> HubClient::published(const std::string& kind, const std::string& name,
                                                 const std::string& language) {
  return ask_object({.path = "/api/marketplace/" + encoded(kind) + "/" + encoded(name) +
                             (language.empty() ? "" : "?lang=" + encoded(language))});
}

Result<boost::json::object> HubClient::call_tool(const std::string& skill, const std::string& tool,
                                                 const boost::json::object& arguments,
                                                 std::chrono::milliseconds timeout) {
  const boost::json::object body{{"tool", skill + ":" + tool},
                                 {"arguments", arguments},
                                 {"timeout", std::chrono::duration<double>(timeout).count()}};
  return ask_object({.method = "POST",
                     .path = "/api/tools/call",
                     .body = boost::json::serialize(body),
                     .timeout = timeout + call_patience});
}

Result<std::optional<std::string>> HubClient::greet() {
  auto body = ask_json({.path = "/api/hub"});
  const bool other = body ? !body->is_object() || text_in(body->get_object(), "version").empty()
                          : body.error().reason == "other_version";
  if (other) {
    return fail(ErrorCode::unavailable,
                "cannot use " + place_.url + ": what answers there is no adaos-hub", "not_a_hub",
                "say where the hub is with --url", {{"url", place_.url}});
  }
  if (!body) return tl::unexpected(std::move(body).error());
  hub_version_ = text_in(body->get_object(), "version");
  if (major_minor(hub_version_) == major_minor(options_.own_version)) {
    return std::optional<std::string>();
  }
  return std::optional(hub_version_);
}

Result<Seen> HubClient::find(const OperationId& id) {
  HUB_TRY(body, ask_json({.path = path_of(id)}));
  auto seen = seen_of(body);
  if (!seen) return tl::unexpected(other_version(seen.error().message));
  return seen;
}

Result<Seen> HubClient::find_later(const OperationId& id, std::int64_t after_revision,
                                   std::chrono::milliseconds wait) {
  HUB_TRY(body, ask_json({.path = path_of(id) + "?wait=" + std::to_string(wait.count()) +
                                  "ms&after_revision=" + std::to_string(after_revision),
                          .timeout = wait + answer_patience}));
  auto seen = seen_of(body);
  if (!seen) return tl::unexpected(other_version(seen.error().message));
  return seen;
}

Result<ListPage> HubClient::list(const ListQuery& query) {
  std::string path = "/api/operations?limit=" + std::to_string(query.limit);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) path += std::string("&") + name + "=" + encoded(value);
  };
  add("status", query.status);
  add("kind", query.kind);
  add("target_kind", query.target_kind);
  add("target_id", query.target_id);
  add("parent_id", query.parent_id);
  add("after", query.after);
  HUB_TRY(body, ask_json({.path = path}));
  const auto* by_id = body.is_object() ? body.get_object().if_contains("by_id") : nullptr;
  const auto* order = body.is_object() ? body.get_object().if_contains("order") : nullptr;
  if (!by_id || !by_id->is_object() || !order || !order->is_array()) {
    return tl::unexpected(other_version("its list of operations has another shape"));
  }
  ListPage page;
  for (const auto& id : order->get_array()) {
    const auto* raw = id.is_string() ? by_id->get_object().if_contains(id.get_string()) : nullptr;
    auto seen = raw ? seen_of(*raw) : Result<Seen>(fail(ErrorCode::invalid, "an id without state"));
    if (!seen) return tl::unexpected(other_version(seen.error().message));
    page.operations.push_back(*std::move(seen));
  }
  std::ranges::reverse(page.operations);
  page.next = text_in(body.get_object(), "next");
  return page;
}

Result<Started> HubClient::start(const OperationRequest& request, const std::string& key) {
  HUB_TRY(body, ask_json({.method = "POST",
                          .path = "/api/operations",
                          .body = boost::json::serialize(body_of(request)),
                          .headers = {{"Idempotency-Key", key}}}));
  const auto members = body.is_object() ? body.get_object() : boost::json::object();
  const auto* operation = members.if_contains("operation");
  auto seen = seen_of(operation ? *operation : Json());
  if (!seen) return tl::unexpected(other_version(seen.error().message));
  return Started{*std::move(seen), text_in(members, "how") == "joined" ? How::joined : How::own};
}

Result<boost::json::object> HubClient::result(const OperationId& id) {
  return ask_object({.path = path_of(id) + "/result"});
}

Result<boost::json::object> HubClient::models() { return ask_object({.path = "/api/models"}); }

Result<Json> HubClient::preview(const OperationRequest& request) {
  auto body = body_of(request);
  body["validate_only"] = true;
  return ask_json(
      {.method = "POST", .path = "/api/operations", .body = boost::json::serialize(body)});
}

Result<Seen> HubClient::steer(const OperationId& id, const std::string& verb,
                              const std::string& body) {
  HUB_TRY(answer, ask_json({.method = "POST", .path = path_of(id) + "/" + verb, .body = body}));
  // A new operation (retry, undo) comes wrapped, the same one bare.
  const auto* wrapped = answer.is_object() ? answer.get_object().if_contains("operation") : nullptr;
  auto seen = seen_of(wrapped ? *wrapped : answer);
  if (!seen) return tl::unexpected(other_version(seen.error().message));
  return seen;
}

Result<LogPart> HubClient::log(const OperationId& id, std::int64_t offset) {
  HUB_TRY(answer, ask({.path = path_of(id) + "/log?offset=" + std::to_string(offset)}));
  LogPart part{std::move(answer.body), 0};
  const auto& text = answer.next_offset;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), part.next_offset);
  if (ec != std::errc{} || end != text.data() + text.size()) {
    return tl::unexpected(other_version("its log does not say where it goes on"));
  }
  return part;
}

Result<Seen> HubClient::cancel(const OperationId& id) { return steer(id, "cancel", "{}"); }
Result<Seen> HubClient::retry(const OperationId& id) { return steer(id, "retry", "{}"); }
Result<Seen> HubClient::undo(const OperationId& id) { return steer(id, "undo", "{}"); }

Result<Seen> HubClient::confirm(const OperationId& id, const Json& answer) {
  return steer(id, "confirm", boost::json::serialize(boost::json::object{{"answer", answer}}));
}

}  // namespace hub::cli
