#include "http/operations_routes.hpp"

#include <algorithm>
#include <charconv>

#include "infrastate/actions.hpp"

namespace hub::http {
namespace {

constexpr std::chrono::milliseconds wait_max{60'000};
constexpr std::int64_t page_default = 100;
constexpr std::int64_t page_max = 1000;
constexpr std::int64_t notifications_shown = 50;

Error unknown_operation(const std::string& id) {
  return Error{ErrorCode::not_found,
               "cannot find operation " + id,
               "operation_not_found",
               "GET /api/operations lists those this hub knows",
               {}};
}

Response state_response(const std::optional<OperationState>& state, const std::string& id) {
  if (!state) return problem(unknown_operation(id));
  auto response = json(200, to_json(*state));
  response.set_header("ETag", "\"" + std::to_string(state->revision) + "-" +
                                  std::to_string(state->progress.value_or(-1)) + "\"");
  return response;
}

template <class T>
std::optional<T> number(const std::string& text) {
  T value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::int64_t> page_limit(const Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return page_default;
  const auto limit = number<std::int64_t>(*text);
  if (limit && *limit >= 1 && *limit <= page_max) return *limit;
  return fail(ErrorCode::invalid,
              "cannot list: limit must be a number from 1 to " + std::to_string(page_max),
              "bad_limit");
}

boost::json::object persistence_of(const OperationsServices& services) {
  return {{"enabled", true},
          {"state_file", services.database_file},
          {"healthy", true},
          {"last_error", nullptr},
          {"recovered_interrupted_total", services.manager.recovered_count()}};
}

Result<boost::json::object> list_of(const OperationsServices& services, const Request& request) {
  HUB_TRY(limit, page_limit(request));
  store::OperationFilter filter;
  const auto given = [&](const char* name) { return request.query_value(name).value_or(""); };
  filter.webspace_id = given("webspace_id");
  if (!filter.webspace_id.empty()) {
    filter.webspace_id = infrastate::webspace_or_default(filter.webspace_id);
  }
  filter.status = given("status");
  filter.kind = given("kind");
  filter.target_kind = given("target_kind");
  filter.target_id = given("target_id");
  filter.after = given("after");
  filter.limit = limit;
  auto states = services.store.list(filter);
  const bool full = static_cast<std::int64_t>(states.size()) == limit;
  const std::string last = states.empty() ? "" : states.back().operation_id.text();
  std::ranges::reverse(states);  // order: oldest first
  boost::json::object by_id;
  boost::json::array order, active, active_items;
  for (auto& state : states) {
    services.board.overlay(state);
    const std::string& id = state.operation_id.text();
    by_id[id] = to_json(state);
    order.emplace_back(id);
    if (is_terminal(state.status)) continue;
    active.emplace_back(id);
    active_items.push_back(to_json(state));
  }
  const auto webspace = filter.webspace_id.empty() ? "desktop" : filter.webspace_id;
  return boost::json::object{
      {"by_id", std::move(by_id)},
      {"order", std::move(order)},
      {"active", std::move(active)},
      {"active_items", std::move(active_items)},
      {"notifications", to_json(services.store.notifications(webspace, notifications_shown))},
      {"persistence", persistence_of(services)},
      {"next", full ? Json(last) : Json(nullptr)}};
}

// Answers when it knows: the full state, never before.
void show(const OperationsServices& services, const Request& request, const Reply& reply) {
  const std::string& id = request.path_value("id");
  const auto wait_text = request.query_value("wait");
  const auto revision_text = request.query_value("after_revision");
  if (!wait_text) {
    return reply(state_response(services.manager.find(OperationId(id)), id));
  }
  const auto wait = parse_wait(*wait_text);
  if (!wait) return reply(problem(wait.error()));
  std::optional<std::int64_t> after;
  if (revision_text) {
    after = number<std::int64_t>(*revision_text);
    if (!after) {
      return reply(problem(Error{ErrorCode::invalid,
                                 "cannot wait: after_revision must be a whole number",
                                 "bad_revision",
                                 {},
                                 {}}));
    }
  }
  services.manager.wait(OperationId(id), after, *wait,
                        [reply, id](const std::optional<OperationState>& state) {
                          reply(state_response(state, id));
                        });
}

}  // namespace

Handler later(Workers& workers, std::function<void(const Request&, const Reply&)> work) {
  return [&workers, work = std::move(work)](const Request& request, const Reply& reply) {
    const auto posted = workers.post([work, request, reply] {
      const auto failed = guarded(request, [&](const Request& asked) {
        work(asked, reply);
        return Response{};
      });
      if (failed.status >= 500) reply(failed);
    });
    if (posted == Workers::Posted::too_many) {
      reply(problem(Error{ErrorCode::unavailable,
                          "cannot answer now: too many requests wait",
                          "busy",
                          "try again in a second",
                          {}}));
    }
  };
}

Result<std::chrono::milliseconds> parse_wait(const std::string& text) {
  std::string digits = text;
  std::int64_t unit_ms = 1000;
  if (digits.ends_with("ms")) {
    unit_ms = 1;
    digits.resize(digits.size() - 2);
  } else if (digits.ends_with("s")) {
    digits.resize(digits.size() - 1);
  }
  const auto count = number<std::int64_t>(digits);
  if (!count || *count < 0 || *count > wait_max.count()) {
    return fail(ErrorCode::invalid, "cannot wait " + text + ": want something like 30s or 500ms",
                "bad_duration");
  }
  return std::min(wait_max, std::chrono::milliseconds(*count * unit_ms));
}

Response accepted_response(const store::Accepted& accepted) {
  const std::string& id = accepted.state.operation_id.text();
  auto response = json(202, boost::json::object{{"ok", true},
                                                {"accepted", true},
                                                {"operation_id", id},
                                                {"operation", to_json(accepted.state)}});
  response.set_header("Location", "/api/operations/" + id);
  return response;
}

void add_operations_routes(Router& router, const OperationsServices& services) {
  router.add("GET", "/api/operations", Auth::token,
             blocking(services.workers, [services](const Request& request) {
               const auto listed = list_of(services, request);
               return listed ? json(200, *listed) : problem(listed.error());
             }));
  router.add("GET", "/api/operations/{id}", Auth::token,
             later(services.workers, [services](const Request& request, const Reply& reply) {
               show(services, request, reply);
             }));
  router.add("POST", "/api/operations/{id}/cancel", Auth::token,
             blocking(services.workers, [services](const Request& request) {
               const auto state = services.manager.cancel(OperationId(request.path_value("id")));
               return reply_of(202, state);
             }));
}

}  // namespace hub::http
