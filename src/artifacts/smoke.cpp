#include "artifacts/smoke.hpp"

#include "artifacts/declared_tools.hpp"
#include "registry/manifest.hpp"

namespace hub::artifacts {
namespace {

constexpr std::chrono::seconds time_max{30};
constexpr std::chrono::seconds cpu_max{30};
constexpr std::uint64_t memory_bytes_max = 1ULL << 30U;  // large libraries are large when imported
constexpr std::size_t output_bytes_max = 1U << 20U;
constexpr std::size_t problems_told = 20;

// Answers one line of JSON: {"problems": […]}, {"missing": […]}, {"failed": text}, {"sdk": name}
// or {}. Its arguments are the tools, "handlers.main:add_note=add_note".
constexpr std::string_view program = R"(
from _json import encode_basestring as quoted
problems = []
compiled = {}
for folder, names, files in os.walk(source):
    names[:] = sorted(n for n in names if n != "__pycache__" and not n.startswith("."))
    for file in sorted(files):
        if not file.endswith(".py"):
            continue
        path = os.path.join(folder, file)
        name = os.path.relpath(path, source)
        try:
            with open(path, "rb") as opened:
                compiled[name] = compile(opened.read(), name, "exec", 0, True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            line = getattr(error, "lineno", None) or 0
            text = getattr(error, "msg", None) or str(error) or type(error).__name__
            problems.append('{"file":%s,"line":%d,"message":%s}'
                            % (quoted(name), line, quoted(text)))

def imported(module):
    __import__(module)
    return sys.modules[module]

def declared():
    for text in arguments:
        entry, name = text.split("=")
        module, function = entry.split(":")
        yield module, function, name

def names_in(module):
    """What a module that cannot be imported here defines, as its code says."""
    code = compiled.get(module.replace(".", "/") + ".py")
    if code is None:
        return set()
    return {each.co_name for each in code.co_consts if hasattr(each, "co_name")} | {*code.co_names}

def told(key, values):
    answer('{"%s":[%s]}' % (key, ",".join(values)))

def check():
    if problems:
        return told("problems", problems)
    missing, sdk = [], None
    try:
        imported("handlers.main")
        for module, function, name in declared():
            found = getattr(imported(module), function, None)
            if not callable(found) and name not in decorated_tools:
                missing.append(quoted(name))
    except ImportError as error:
        if not is_missing_sdk(error):
            raise
        sdk = error.name
        missing = [quoted(name) for module, function, name in declared()
                   if function not in names_in(module)]
    if missing:
        return told("missing", missing)
    answer("{}" if sdk is None else '{"sdk":%s}' % quoted(sdk))

try:
    check()
except BaseException:
    import traceback
    text = traceback.format_exc()
    answer('{"failed":%s}' % quoted(text[-8000:]))
sys.stderr.flush()
os._exit(0)
)";

std::string joined(const boost::json::array& names) {
  std::string text;
  for (const auto& name : names) {
    if (name.is_string()) text += (text.empty() ? "" : ", ") + std::string(name.get_string());
  }
  return text;
}

tl::unexpected<Error> broken_syntax(const boost::json::array& problems) {
  boost::json::array told;
  for (const auto& problem : problems) {
    if (told.size() < problems_told) told.push_back(problem);
  }
  const auto text = [&](const char* key) {
    const auto* found =
        problems[0].is_object() ? problems[0].get_object().if_contains(key) : nullptr;
    if (!found) return std::string();
    return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
  };
  return fail(
      ErrorCode::invalid,
      "cannot use this skill: " + text("file") + " line " + text("line") + ": " + text("message"),
      "syntax_error", "ask its publisher to mend it",
      {{"problems", std::move(told)}, {"count", problems.size()}});
}

tl::unexpected<Error> import_failed(const std::string& why, const std::string& output) {
  return fail(ErrorCode::invalid, "cannot use this skill: its handlers cannot be imported: " + why,
              "import_failed",
              "see details.output; if a package is missing, its publisher has to "
              "list it under dependencies",
              {{"output", output}});
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.find_last_of('\n') + 1);
}

// What a limit or the system says of the run, said of the skill.
tl::unexpected<Error> said_of_skill(Error error) {
  const bool of_ours = error.reason == "timeout" || error.code == ErrorCode::exhausted;
  if (!of_ours) return tl::unexpected(std::move(error));
  return fail(ErrorCode::invalid,
              "cannot use this skill: importing its handlers was stopped: " +
                  error.message.substr(error.message.find(": ") + 2),
              "import_exceeded", "ask its publisher to do less when it is imported",
              {{"limit", error.reason}});
}

Result<Smoke> read_answer(const ProcessOutcome& ran) {
  boost::system::error_code ec;
  const auto parsed = boost::json::parse(ran.output, ec);
  if (ec || !parsed.is_object()) {
    return import_failed("the import ended Python with exit code " + std::to_string(ran.exit_code),
                         last_lines(ran.errors));
  }
  const auto& said = parsed.get_object();
  const auto* problems = said.if_contains("problems");
  if (problems && problems->is_array() && !problems->get_array().empty()) {
    return broken_syntax(problems->get_array());
  }
  if (const auto* failed = said.if_contains("failed"); failed && failed->is_string()) {
    const std::string trace(failed->get_string());
    return import_failed(last_line(trace), last_lines(trace));
  }
  if (const auto* missing = said.if_contains("missing"); missing && missing->is_array()) {
    return fail(
        ErrorCode::invalid,
        "cannot use this skill: its manifest declares tools that its handlers do not have: " +
            joined(missing->get_array()),
        "tools_missing", "ask its publisher to push it again with all its tools",
        {{"tools", *missing}});
  }
  Smoke smoke;
  if (const auto* sdk = said.if_contains("sdk"); sdk && sdk->is_string()) {
    smoke.warnings.push_back("it needs AdaOS's SDK (" + std::string(sdk->get_string()) +
                             "), which is not on this hub: its tools run under AdaOS only");
  }
  return smoke;
}

}  // namespace

Result<> check_handlers(const fs::path& source) {
  std::error_code ec;
  if (fs::is_regular_file(source / "handlers" / "main.py", ec)) return {};
  return fail(ErrorCode::invalid, "cannot install this skill: it has no handlers/main.py",
              "handlers_missing", "ask its publisher to push it again with its handlers");
}

Result<Smoke> smoke(const SmokeRequest& request) {
  HUB_TRY(manifest, registry::read_manifest(ArtifactKind::skill, request.place.source));
  HUB_CHECK(check_handlers(request.place.source));
  HUB_TRY(tools, declared_tools(manifest));
  std::vector<std::string> arguments;
  for (const auto& tool : tools) {
    arguments.push_back(tool.module + ":" + tool.function + "=" + tool.name);
  }
  HUB_TRY(wanted, skill_process(request.place, program, std::move(arguments)));
  wanted.limits.time = time_max;
  wanted.limits.cpu = cpu_max;
  wanted.limits.memory_bytes = memory_bytes_max;
  wanted.limits.output_bytes = output_bytes_max;
  wanted.stop = request.stop;
  const auto ran = sandbox::run_confined(wanted);
  if (!ran) return said_of_skill(ran.error());
  return read_answer(*ran);
}

}  // namespace hub::artifacts
