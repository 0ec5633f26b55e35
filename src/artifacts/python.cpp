#include "artifacts/python.hpp"

#include <mutex>
#include <optional>

#include "base/json.hpp"
#include "base/process.hpp"

namespace hub::artifacts {
namespace {

constexpr const char* question = R"(
import json, os, platform, sys
homes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix,
         os.path.dirname(os.path.realpath(sys.executable))}
print(json.dumps({"program": sys.executable, "version": platform.python_version(),
                  "readable": sorted(os.path.realpath(home) for home in homes)}))
)";

struct Answer {
  std::string program, version;
  std::vector<std::string> readable;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (program, version, readable))

tl::unexpected<Error> unusable(const std::string& said) {
  return fail(ErrorCode::unavailable, "cannot use python3: it did not say where it is",
              "python_unusable", "run python3 -V as the hub's user and see what it says",
              {{"output", said}});
}

Result<Python> ask_python() {
  ProcessRequest request;
  request.arguments = {"python3", "-I", "-c", question};
  HUB_TRY(ran, run_process(request));
  if (ran.exit_code != 0) return unusable(ran.errors);
  boost::system::error_code ec;
  const auto parsed = boost::json::parse(ran.output, ec);
  if (ec) return unusable(ran.output);
  HUB_TRY(answer, from_json<Answer>(parsed, "python3"));
  Python python;
  python.program = answer.program;
  python.version = answer.version;
  python.readable.assign(answer.readable.begin(), answer.readable.end());
  // The system's own are seen by every confined program; all of the root, by none.
  std::erase_if(python.readable,
                [](const fs::path& path) { return path == "/" || path == "/usr"; });
  return python;
}

}  // namespace

Result<Python> find_python() {
  static std::mutex mutex;
  static std::optional<Python> found;
  const std::lock_guard lock(mutex);
  if (!found) {
    HUB_TRY(python, ask_python());
    found = std::move(python);
  }
  return *found;
}

}  // namespace hub::artifacts
