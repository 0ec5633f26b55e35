#include "http/tools_routes.hpp"

#include <cmath>

#include "http/submission.hpp"

namespace hub::http {
namespace {

Result<std::chrono::milliseconds> timeout_in(const boost::json::object& body) {
  const auto* given = body.if_contains("timeout");
  if (!given || given->is_null()) return skills::call_time_default;
  boost::system::error_code ec;
  const auto seconds = given->is_number() ? given->to_number<double>(ec) : 0.0;
  const double most = std::chrono::duration<double>(skills::call_time_max).count();
  if (seconds > 0 && seconds <= most) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
  }
  return fail(ErrorCode::invalid,
              "cannot call a tool: body.timeout must be a number of seconds above 0 and up to " +
                  std::to_string(static_cast<int>(most)),
              "bad_timeout");
}

Result<skills::ToolCall> read_call(const Request& request) {
  HUB_TRY(value, json_body(request));
  if (!value.is_object()) {
    return fail(ErrorCode::invalid, "cannot read body: want an object", "field_type");
  }
  const auto& body = value.get_object();
  HUB_TRY(name, text_member(body, "tool"));
  skills::ToolCall call;
  const auto colon = name.find(':');
  call.skill = name.substr(0, colon);
  if (colon != std::string::npos) call.tool = name.substr(colon + 1);
  if (call.skill.empty() || call.tool.empty()) {
    return fail(ErrorCode::invalid, "cannot call a tool: body.tool must be \"skill:tool\"",
                "tool_name_invalid", R"(send {"tool": "notes_skill:list_notes", "arguments": {}})");
  }
  if (const auto* given = body.if_contains("arguments"); given && !given->is_null()) {
    if (!given->is_object()) {
      return fail(ErrorCode::invalid, "cannot read body.arguments: want an object", "field_type",
                  {}, {{"path", "body.arguments"}});
    }
    call.arguments = given->get_object();
  }
  HUB_TRY(time_max, timeout_in(body));
  call.time_max = time_max;
  return call;
}

Response refusal(const Error& error) {
  if (error.reason == "arguments_invalid") return problem(422, error);
  if (error.reason == "tool_timeout") return problem(504, error);
  if (error.code == ErrorCode::cancelled) return problem(503, error);  // the hub is stopping
  const bool of_the_tool = error.reason.starts_with("tool_") || error.reason == "sdk_missing";
  if (of_the_tool && error.code != ErrorCode::invalid) return problem(502, error);
  return problem(error);
}

Response answer(skills::ToolCaller& caller, const Request& request) {
  const auto call = read_call(request);
  if (!call) return problem(call.error());
  const auto called = caller.call(*call);
  if (!called) return refusal(called.error());
  boost::json::object body{{"ok", true}};
  const auto told = to_json(*called);
  for (const auto& [key, value] : told.get_object()) body[key] = value;
  return json(200, body);
}

}  // namespace

void add_tools_routes(Router& router, skills::ToolCaller& caller, Workers& workers) {
  // Shared by the copies of the handler; counts the calls inside.
  const auto inside = std::make_shared<std::atomic<std::size_t>>(0);
  const auto call = later(workers, [&caller, inside](const Request& request, const Reply& reply) {
    reply(guarded(request, [&](const Request& asked) { return answer(caller, asked); }));
    --*inside;
  });
  router.add("POST", "/api/tools/call", Auth::token,
             [call, inside](const Request& request, const Reply& reply) {
               if (++*inside <= tool_calls_running_max + tool_calls_waiting_max) {
                 return call(request, reply);
               }
               --*inside;
               Error busy{ErrorCode::exhausted,
                          "cannot call a tool: " + std::to_string(tool_calls_running_max) +
                              " calls run and " + std::to_string(tool_calls_waiting_max) + " wait",
                          "tools_busy",
                          "try again when some have ended",
                          {}};
               reply(problem(busy));
             });
}

}  // namespace hub::http
