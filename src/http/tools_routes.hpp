#pragma once
// POST /api/tools/call, in AdaOS's shape: {"tool": "skill:tool", "arguments": {…}, "timeout": 30}
// -> {"ok": true, "result": …, "skill", "version", "tool", "duration_ms"}. `timeout` is in seconds.
//
// 404 unknown_skill, unknown_tool; 422 arguments_invalid; 504 tool_timeout; 502 what the tool did
// wrong (tool_raised, tool_ended, tool_exceeded, tool_result_invalid, …); 429 tools_busy.

#include "http/router.hpp"
#include "skills/tool_caller.hpp"

namespace hub::http {

// So many calls run at once; so many more wait; the next is told to come back.
inline constexpr std::size_t tool_calls_running_max = 4;
inline constexpr std::size_t tool_calls_waiting_max = 16;

// `workers` are for tools alone, tool_calls_running_max of them: a call takes its thread with it.
void add_tools_routes(Router&, skills::ToolCaller&, Workers& workers);

}  // namespace hub::http
