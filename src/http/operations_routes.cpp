#include "http/operations_routes.hpp"

#include <algorithm>
#include <charconv>

#include "base/described_text.hpp"
#include "http/operation_answers.hpp"
#include "http/operation_log_stream.hpp"
#include "infrastate/actions.hpp"

namespace hub::http {
namespace {

constexpr std::chrono::milliseconds wait_max{60'000};
constexpr std::int64_t page_default = 100;
constexpr std::int64_t page_max = 1000;
constexpr std::int64_t notifications_shown = 50;
constexpr std::int64_t nearest_looked_at = 100;  // newest operations

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

tl::unexpected<Error> bad_query(const std::string& name, const std::string& want,
                                const std::string& reason) {
  return fail(ErrorCode::invalid, "cannot read the query: " + name + " must be " + want, reason, {},
              {{"name", name}});
}

// A whole number of the query; absent when it isn't there.
Result<std::optional<std::int64_t>> number_of(const Request& request, const char* name,
                                              std::int64_t least, std::int64_t most,
                                              const char* reason) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<std::int64_t>();
  const auto value = number<std::int64_t>(*text);
  if (value && *value >= least && *value <= most) return value;
  const bool open = most == std::numeric_limits<std::int64_t>::max();
  const auto range = open
                         ? "a whole number from " + std::to_string(least)
                         : "a number from " + std::to_string(least) + " to " + std::to_string(most);
  return bad_query(name, range, reason);
}

Result<> check_status(const std::string& status) {
  OperationStatus known{};
  if (status.empty() || status == "active" ||
      boost::describe::enum_from_string(status.c_str(), known)) {
    return {};
  }
  return bad_query("status",
                   "active, accepted, running, waiting_input, cancelling, reverting, succeeded, "
                   "failed or cancelled",
                   "bad_status");
}

Result<store::OperationFilter> filter_of(const Request& request) {
  HUB_TRY(limit, number_of(request, "limit", 1, page_max, "bad_limit"));
  store::OperationFilter filter;
  const auto given = [&](const char* name) { return request.query_value(name).value_or(""); };
  filter.webspace_id = given("webspace_id");
  if (!filter.webspace_id.empty()) {
    filter.webspace_id = infrastate::webspace_or_default(filter.webspace_id);
  }
  filter.status = given("status");
  HUB_CHECK(check_status(filter.status));
  filter.kind = given("kind");
  filter.target_kind = given("target_kind");
  filter.target_id = given("target_id");
  filter.parent_id = given("parent_id");
  filter.after = given("after");
  filter.limit = limit.value_or(page_default);
  return filter;
}

boost::json::object persistence_of(const OperationsServices& services) {
  return {{"enabled", true},
          {"state_file", services.database_file},
          {"healthy", true},
          {"last_error", nullptr},
          {"recovered_interrupted_total", services.manager().recovered_count()}};
}

// AdaOS's shape: each state under its id, the ids, and those that live once more.
struct Page {
  std::string by_id, order, active, active_items;

  void add(const OperationState& state) {
    std::string id, text;
    append_json(id, state.operation_id);
    append_json(text, state);
    comma(by_id) += id + ":" + text;
    comma(order) += id;
    if (is_terminal(state.status)) return;
    comma(active) += id;
    comma(active_items) += text;
  }
  static std::string& comma(std::string& list) { return list.empty() ? list : list += ','; }
};

Result<Response> list_of(const OperationsServices& services, const Request& request) {
  HUB_TRY(filter, filter_of(request));
  auto states = services.store.list(filter);
  const bool full = static_cast<std::int64_t>(states.size()) == filter.limit;
  const std::string last = states.empty() ? "" : states.back().operation_id.text();
  std::ranges::reverse(states);  // order: oldest first
  Page page;
  for (auto& state : states) {
    services.board.overlay(state);
    page.add(state);
  }
  const auto webspace = filter.webspace_id.empty() ? "desktop" : filter.webspace_id;
  std::string body = R"({"by_id":{)" + page.by_id + R"(},"order":[)" + page.order +
                     R"(],"active":[)" + page.active + R"(],"active_items":[)" + page.active_items +
                     R"(],"notifications":)";
  append_json(body, services.store.notifications(webspace, notifications_shown));
  body += R"(,"persistence":)" + boost::json::serialize(persistence_of(services)) + R"(,"next":)" +
          boost::json::serialize(full ? Json(last) : Json(nullptr)) + "}";
  auto response = text(200, std::move(body));
  response.set_header("Content-Type", "application/json");
  return response;
}

Response shown(const OperationsServices& services, const Request& request,
               const std::optional<OperationState>& state) {
  const std::string& id = request.path_value("id");
  if (!state) return refused(services, request, unknown_operation(id, {}));
  return state_response(*state);
}

// Answers when it knows: the full state, never before.
void show(const OperationsServices& services, const Request& request, const Reply& reply) {
  const OperationId id(request.path_value("id"));
  const auto wait_text = request.query_value("wait");
  if (!wait_text) return reply(shown(services, request, services.manager().find(id)));
  const auto wait = parse_wait(*wait_text);
  if (!wait) return reply(problem(wait.error()));
  const auto after = number_of(request, "after_revision", 0,
                               std::numeric_limits<std::int64_t>::max(), "bad_revision");
  if (!after) return reply(problem(after.error()));
  const auto answer = [services, request, reply](std::optional<OperationState> state) {
    const auto posted = services.workers.post([services, request, reply, state] {
      reply(guarded(request, [&](const Request& asked) { return shown(services, asked, state); }));
    });
    if (posted == Workers::Posted::too_many) reply(problem(overloaded()));
  };
  services.manager().wait(id, *after, *wait, answer);
}

Response log_of(const OperationsServices& services, const Request& request) {
  const OperationId id(request.path_value("id"));
  const auto offset =
      number_of(request, "offset", 0, std::numeric_limits<std::int64_t>::max(), "bad_offset");
  if (!offset) return problem(offset.error());
  if (!services.store.find(id)) return refused(services, request, unknown_operation(id.text(), {}));
  const auto from = offset->value_or(0);
  const auto follow = request.query_value("follow").value_or("0");
  if (follow == "1" || follow == "true") {
    auto response = text(200, {});
    response.source = follow_log(services.manager(), services.workers, id, from);
    return response;
  }
  auto log = read_log(services.manager().logs(), id, from);
  return text(200, std::move(log.text))
      .set_header("X-Next-Offset", std::to_string(log.next_offset));
}

// Whole, also when the state shows only a part of it.
Response result_of(const OperationsServices& services, const Request& request) {
  const std::string& id = request.path_value("id");
  const auto state = services.store.find(OperationId(id));
  if (!state) return refused(services, request, unknown_operation(id, {}));
  if (auto whole = services.manager().logs().read_result(state->operation_id)) {
    auto response = text(200, *std::move(whole));
    response.set_header("Content-Type", "application/json");
    return response;
  }
  if (state->result && !state->result->is_null()) return json(200, *state->result);
  return problem(Error{ErrorCode::not_found,
                       "cannot show the result of " + id + ": it has none" +
                           (is_terminal(state->status) ? "" : " yet"),
                       "no_result",
                       "",
                       {{"status", to_json(state->status)}}});
}

// The number to go on after: the header of an EventSource that connects again, else the query's.
Result<std::optional<std::int64_t>> resume_after(const Request& request) {
  const auto header = request.header("last-event-id");
  const auto given =
      header.empty() ? request.query_value("after") : std::optional(std::string(header));
  if (!given) return std::optional<std::int64_t>();
  const auto seq = number<std::int64_t>(*given);
  if (seq && *seq >= 0) return seq;
  return fail(ErrorCode::invalid,
              "cannot resume after \"" + *given + "\": want the number of an event", "bad_event_id",
              "leave out Last-Event-ID and after to begin at the present end", {{"given", *given}});
}

Response events_of(const OperationsServices& services, const Request& request) {
  const auto after = resume_after(request);
  if (!after) return problem(after.error());
  const auto& feed_id = services.store.database().feed_id();
  const auto wanted_feed = request.query_value("feed_id").value_or(feed_id);
  auto source = wanted_feed == feed_id
                    ? services.front.events.open(*after)
                    : Result<std::shared_ptr<BodySource>>(
                          fail(ErrorCode::not_found,
                               "cannot resume the feed " + wanted_feed + ": this is another one",
                               "feed_gone", "list the operations again, then begin at the end",
                               {{"feed_id", feed_id}, {"last_seq", services.store.last_seq()}}));
  if (!source) {
    const bool gone = source.error().reason == "feed_gone";
    return gone ? problem(410, source.error()) : problem(source.error());
  }
  auto response = text(200, {});
  response.set_header("Content-Type", "text/event-stream");
  response.set_header("X-Accel-Buffering", "no");  // nginx would keep events back
  response.source = *std::move(source);
  return response;
}

// On the io thread: what it takes is microseconds (accept_desk.hpp).
void start(const OperationsServices& services, const Request& request, const Reply& reply) {
  auto submission = read_submission(request, services.clock.now());
  if (!submission) return reply(problem(submission.error()));
  services.front.desk.submit(
      *std::move(submission), reply, [](const Result<store::Accepted>& accepted) {
        return accepted ? accepted_response(*accepted) : problem(accepted.error());
      });
}

}  // namespace

OperationFront::OperationFront(operations::OperationManager& manager, store::OperationStore& store,
                               store::ProgressBoard& board, Workers& workers)
    : metrics(manager), events(store, board), desk(manager, metrics, workers) {
  metrics.add_consumer("events", [this] { return events.lag(); });
  metrics.start();
}

Response refused(const OperationsServices& services, const Request& request, const Error& error) {
  if (error.reason != "operation_not_found") return problem(error);
  store::OperationFilter newest;
  newest.limit = nearest_looked_at;
  std::vector<std::string> ids;
  for (const auto& state : services.store.list(newest)) ids.push_back(state.operation_id.text());
  return problem(unknown_operation(request.path_value("id"), ids));
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

void add_operations_routes(Router& router, const OperationsServices& services) {
  router.add("GET", "/api/operations", Auth::token,
             blocking(services.workers, [services](const Request& request) {
               auto listed = list_of(services, request);
               return listed ? *std::move(listed) : problem(listed.error());
             }));
  router.add(
      "POST", "/api/operations", Auth::token,
      [services](const Request& request, const Reply& reply) { start(services, request, reply); });
  router.add("GET", "/api/operations/{id}", Auth::token,
             later(services.workers, [services](const Request& request, const Reply& reply) {
               show(services, request, reply);
             }));
  router.add("GET", "/api/operations/{id}/log", Auth::token,
             blocking(services.workers,
                      [services](const Request& request) { return log_of(services, request); }));
  router.add("GET", "/api/operations/{id}/result", Auth::token,
             blocking(services.workers,
                      [services](const Request& request) { return result_of(services, request); }));
  router.add("GET", "/api/operations/events", Auth::token,
             blocking(services.workers,
                      [services](const Request& request) { return events_of(services, request); }));
  add_steering_routes(router, services);
}

}  // namespace hub::http
