#include "skills/tool_caller.hpp"

#include <algorithm>

#include "artifacts/declared_tools.hpp"
#include "artifacts/skill_process.hpp"
#include "registry/text.hpp"
#include "skills/arguments.hpp"

namespace hub::skills {
namespace {

using artifacts::DeclaredTool;

constexpr std::uint64_t memory_bytes_max = 1ULL << 30U;
constexpr std::uint64_t disk_bytes_max = 256ULL << 20U;
constexpr std::size_t result_bytes_max = std::size_t{4} << 20U;

// Reads {"module", "function", "name", "arguments"}; answers {"result": …} or {"problem": code, …}.
constexpr std::string_view program = R"(
import json

def told(code, **more):
    answer(json.dumps({"problem": code, **more}, ensure_ascii=False, default=str))

def traced(error):
    import traceback
    # From the skill's first line on: ours are of no use to anybody.
    lines = traceback.format_exception(type(error), error, error.__traceback__.tb_next)
    return "".join(lines)[-8000:]

def found(request):
    module = request["module"]
    __import__(module)
    function = getattr(sys.modules[module], request["function"], None)
    return function if callable(function) else decorated_tools.get(request["name"])

def bound(function, given):
    import inspect
    try:
        inspect.signature(function).bind(**given)
    except TypeError as error:
        return str(error)
    except ValueError:  # a builtin says nothing of what it takes
        pass
    return None

def raised(error):
    told("raised", type=type(error).__name__, message=str(error), traceback=traced(error))

def run(request):
    try:
        function = found(request)
    except BaseException as error:
        if is_missing_sdk(error):
            return told("sdk_missing", message=str(error))
        return raised(error)
    if function is None:
        return told("missing")
    if (why := bound(function, request["arguments"])) is not None:
        return told("arguments", message=why)
    try:
        result = function(**request["arguments"])
        if hasattr(result, "__await__"):
            import asyncio
            async def awaited():
                return await result
            result = asyncio.run(awaited())
    except BaseException as error:
        return raised(error)
    try:
        text = json.dumps({"result": result}, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return told("not_json", message=str(error))
    answer(text)

run(json.load(sys.stdin))
sys.stderr.flush()
)";

boost::json::array array_of(const std::vector<std::string>& names) {
  return boost::json::array(names.begin(), names.end());
}

Result<DeclaredTool> find_tool(const std::vector<DeclaredTool>& tools, const ToolCall& wanted) {
  std::vector<std::string> names;
  for (const auto& tool : tools) {
    if (tool.name == wanted.tool) return tool;
    names.push_back(tool.name);
  }
  const auto near = registry::nearest_names(wanted.tool, names);
  const std::string hint = !near.empty()    ? "did you mean " + registry::joined(near) + "?"
                           : !names.empty() ? "it has " + registry::joined(names)
                                            : "it declares no tools";
  return fail(ErrorCode::not_found,
              "cannot call " + wanted.skill + ":" + wanted.tool + ": skill " + wanted.skill +
                  " has no such tool",
              "unknown_tool", hint,
              {{"skill", wanted.skill},
               {"tool", wanted.tool},
               {"suggestions", array_of(near)},
               {"tools", array_of(names)}});
}

// What the runner tells of a call that gave no result.
class Refusal {
 public:
  Refusal(const ToolCall& wanted, const boost::json::object& said, const std::string& errors)
      : said_(said), errors_(errors), cannot_("cannot call " + wanted.skill + ":" + wanted.tool) {}

  tl::unexpected<Error> error() const {
    const auto problem = text("problem");
    if (problem == "arguments") {
      return fail(ErrorCode::invalid, cannot_ + ": " + text("message"), "arguments_invalid",
                  "the skill's manifest says under tools what it takes",
                  {{"problems", {{{"path", ""}, {"message", text("message")}}}}});
    }
    if (problem == "missing") {
      return fail(ErrorCode::unavailable, cannot_ + ": its handlers do not have the function",
                  "tool_missing", "tell its publisher; another version may have it");
    }
    if (problem == "sdk_missing") {
      return fail(ErrorCode::unavailable,
                  cannot_ + ": it needs AdaOS's SDK, which is not on this hub", "sdk_missing",
                  "run it under AdaOS", {{"message", text("message")}});
    }
    if (problem == "not_json") {
      return fail(ErrorCode::unavailable,
                  cannot_ + ": what it returned is no JSON: " + text("message"),
                  "tool_result_invalid", "tell its publisher");
    }
    return fail(ErrorCode::unavailable,
                cannot_ + ": it raised " + text("type") + ": " + text("message").substr(0, 500),
                "tool_raised", "see details.traceback; its publisher may know more",
                {{"type", text("type")},
                 {"message", text("message")},
                 {"traceback", artifacts::last_lines(text("traceback"), 20)},
                 {"output", artifacts::last_lines(errors_)}});
  }

 private:
  std::string text(const char* key) const {
    const auto* found = said_.if_contains(key);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
  }
  const boost::json::object& said_;
  const std::string& errors_;
  const std::string cannot_;
};

Result<Json> result_of(const ToolCall& wanted, const ProcessOutcome& ran) {
  boost::system::error_code ec;
  boost::json::parse_options options;
  options.max_depth = 128;
  auto parsed = boost::json::parse(ran.output, ec, {}, options);
  if (ec || !parsed.is_object()) {
    return fail(ErrorCode::unavailable,
                "cannot call " + wanted.skill + ":" + wanted.tool +
                    ": it ended Python with exit code " + std::to_string(ran.exit_code),
                "tool_ended", "see details.output; its publisher may know more",
                {{"exit_code", ran.exit_code}, {"output", artifacts::last_lines(ran.errors)}});
  }
  auto& said = parsed.get_object();
  if (auto* result = said.if_contains("result")) return std::move(*result);
  return Refusal(wanted, said, ran.errors).error();
}

tl::unexpected<Error> stopped(const ToolCall& wanted, const Error& error) {
  const std::string cannot = "cannot call " + wanted.skill + ":" + wanted.tool + ": ";
  if (error.reason == "timeout") {
    return fail(ErrorCode::unavailable,
                cannot + "it did not end within " + std::to_string(wanted.time_max.count()) + " ms",
                "tool_timeout", "give it more time with timeout, or less to do",
                {{"timeout_ms", wanted.time_max.count()}});
  }
  if (error.code == ErrorCode::exhausted) {
    return fail(ErrorCode::exhausted, cannot + error.message.substr(error.message.find(": ") + 2),
                "tool_exceeded", "give it less to do", {{"limit", error.reason}});
  }
  return tl::unexpected(error);
}

}  // namespace

Result<InstalledArtifact> ToolCaller::find(const std::string& name_or_id) {
  std::vector<std::string> names;
  for (auto& artifact : store_.installed()) {
    if (artifact.kind != ArtifactKind::skill) continue;
    if (artifact.name == name_or_id || artifact.id == name_or_id) return std::move(artifact);
    names.push_back(artifact.name);
  }
  const auto near = registry::nearest_names(name_or_id, names);
  return fail(ErrorCode::not_found,
              "cannot call a tool of skill " + name_or_id + ": it is not installed",
              "unknown_skill",
              near.empty() ? "GET /api/skills/list shows what is installed"
                           : "did you mean " + registry::joined(near) + "?",
              {{"skill", name_or_id}, {"suggestions", array_of(near)}});
}

Result<ToolAnswer> ToolCaller::call(const ToolCall& wanted) {
  const auto began = std::chrono::steady_clock::now();
  HUB_TRY(artifact, find(wanted.skill));
  HUB_TRY(skill, artifacts::active_skill(shelf_, artifact));
  HUB_TRY(manifest, registry::read_manifest(ArtifactKind::skill, skill.source));
  HUB_TRY(tools, artifacts::declared_tools(manifest));
  HUB_TRY(tool, find_tool(tools, wanted));
  if (tool.input_schema) {
    HUB_CHECK(
        check_arguments(wanted.skill + ":" + wanted.tool, wanted.arguments, *tool.input_schema));
  }
  for (const char* part : {"db", "files"}) HUB_CHECK(make_directories(skill.data / part));
  HUB_TRY(process, artifacts::skill_process({skill.source, skill.packages}, program, {}));
  process.input = boost::json::serialize(boost::json::object{{"module", tool.module},
                                                             {"function", tool.function},
                                                             {"name", tool.name},
                                                             {"arguments", wanted.arguments}});
  process.environment.push_back("ADAOS_SKILL_ENV_PATH=" +
                                (skill.data / "db" / "skill_env.json").string());
  process.writable = {skill.data};
  const bool network = tool.uses_network || artifacts::uses_network(manifest);
  process.network = network ? sandbox::Network::host : sandbox::Network::none;
  process.limits.time = wanted.time_max;
  process.limits.cpu = std::chrono::ceil<std::chrono::seconds>(2 * wanted.time_max);
  process.limits.memory_bytes = memory_bytes_max;
  process.limits.disk_bytes = disk_bytes_max;
  process.limits.output_bytes = result_bytes_max;
  process.stop = [this] { return stopping_.load(); };
  const auto ran = sandbox::run_confined(process);
  if (!ran) return stopped(wanted, ran.error());
  HUB_TRY(result, result_of(wanted, *ran));
  const auto took = std::chrono::steady_clock::now() - began;
  return ToolAnswer{skill.name, skill.version, tool.name, std::move(result),
                    std::chrono::duration_cast<std::chrono::milliseconds>(took).count()};
}

}  // namespace hub::skills
