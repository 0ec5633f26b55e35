#include "artifacts/skill_process.hpp"

#include <algorithm>

namespace hub::artifacts {
namespace {

// Without json, inspect and the like: each costs as much as a third of Python's own start.
constexpr std::string_view prelude = R"(
import os, sys
source, packages, *arguments = sys.argv[1:]
_answer = os.dup(1)
os.dup2(2, 1)

def answer(text):
    data = text.encode("utf-8", "backslashreplace")
    while data:
        data = data[os.write(_answer, data):]

def is_missing_sdk(error):
    return isinstance(error, ImportError) and (error.name or "").split(".")[0] == "adaos"

decorated_tools = {}

class _Decorators:
    """adaos.sdk.core.decorators for a machine without AdaOS; asked when nothing else has it."""
    names = {"adaos", "adaos.sdk", "adaos.sdk.core", "adaos.sdk.core.decorators",
             "adaos.sdk.decorators"}

    def find_spec(self, name, path=None, target=None):
        if name not in self.names or ("adaos" in sys.modules and name != "adaos"
                                      and not hasattr(sys.modules["adaos"], "_without_adaos")):
            return None
        from _frozen_importlib import ModuleSpec
        return ModuleSpec(name, self, is_package=not name.endswith("decorators"))

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module._without_adaos = True
        if not module.__name__.endswith("decorators"):
            return

        def decorator(kind):
            def decorate(*given, **named):
                if len(given) == 1 and callable(given[0]) and not named:
                    return noted(given[0], given[0].__name__)
                name = given[0] if given else named.get("name")
                return lambda function: noted(function, name or function.__name__)

            def noted(function, name):
                if kind == "tool":
                    decorated_tools[name] = function
                return function
            return decorate

        def __getattr__(name):
            if name.startswith("__"):
                raise AttributeError(name)
            return decorator(name)
        module.__getattr__ = __getattr__

sys.meta_path.append(_Decorators())
if os.path.isdir(packages):
    import site
    site.addsitedir(packages)
sys.path.insert(0, source)
)";

}  // namespace

Result<sandbox::ConfinedProcess> skill_process(const SkillPlace& place, std::string_view program,
                                               std::vector<std::string> arguments) {
  HUB_TRY(python, find_python());
  std::error_code ec;
  const auto plain = [&ec](const fs::path& path) {
    auto canonical = fs::weakly_canonical(path, ec);
    return ec ? path : canonical;
  };
  const auto source = plain(place.source);
  const auto packages = plain(place.packages);
  sandbox::ConfinedProcess wanted;
  wanted.arguments = {python.program.string(),
                      "-I",
                      "-S",
                      "-B",
                      "-X",
                      "utf8",
                      "-W",
                      "ignore",
                      "-c",
                      std::string(prelude) + std::string(program),
                      source.string(),
                      packages.string()};
  std::ranges::move(arguments, std::back_inserter(wanted.arguments));
  wanted.directory = source;
  wanted.readable = python.readable;
  wanted.readable.push_back(source);
  wanted.readable.push_back(packages);
  return wanted;
}

std::string last_lines(std::string_view text, std::size_t lines_max) {
  std::size_t at = text.size();
  for (std::size_t lines = 0; at > 0; --at) {
    if (text[at - 1] == '\n' && at != text.size() && ++lines == lines_max) break;
  }
  return std::string(text.substr(at));
}

}  // namespace hub::artifacts
