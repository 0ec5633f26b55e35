#include "cli/tool_commands.hpp"

#include <cmath>

#include "cli/hub_client.hpp"
#include "cli/report.hpp"
#include "cli/terminal.hpp"
#include "registry/json_text.hpp"

namespace hub::cli {
namespace {

Result<boost::json::object> call(const CallTool& wanted) {
  HUB_TRY(hub, HubClient::open(wanted.hub));
  const std::chrono::milliseconds timeout(
      static_cast<std::int64_t>(std::ceil(wanted.timeout_s * 1000)));
  return hub->call_tool(wanted.skill, wanted.tool, wanted.arguments, timeout);
}

// Laid out for a person; what a terminal would take for a command is shown, not sent to it.
std::string laid_out(const Json& value, const Console& console) {
  const auto text = boost::json::serialize(value);
  const auto node = registry::parse_json_text(text, "result");
  auto whole = (node ? registry::to_json_text(*node) : text) + "\n";
  if (!console.redraws) return whole;
  std::string shown;
  for (std::size_t at = 0, end = 0; at < whole.size(); at = end + 1) {
    end = whole.find('\n', at);
    shown += printable(std::string_view(whole).substr(at, end - at)) + "\n";
  }
  return shown;
}

}  // namespace

int run(const CallTool& wanted, const Clock&) {
  const auto answer = call(wanted);
  if (!answer) return report(answer.error(), wanted.hub.output);
  const auto* result = answer->if_contains("result");
  const bool whole = wanted.hub.output == Output::json || !result;
  write_out(whole ? boost::json::serialize(*answer) + "\n" : laid_out(*result, find_console()));
  return exit_done;
}

}  // namespace hub::cli
