#include "artifacts/skill_tests.hpp"

#include <charconv>

namespace hub::artifacts {
namespace {

constexpr std::chrono::minutes time_max{5};
constexpr std::uint64_t memory_bytes_max = 1ULL << 30U;

// Answers how many tests ran; its exit code says whether all went well.
constexpr std::string_view program = R"(
import unittest
found = unittest.TestSuite()
if os.path.isdir(os.path.join(source, "tests")):
    found = unittest.defaultTestLoader.discover("tests", top_level_dir=source)
result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(found)
answer(str(result.testsRun))
sys.exit(0 if result.wasSuccessful() else 1)
)";

}  // namespace

Result<int> run_skill_tests(const SkillTestsRequest& request) {
  HUB_TRY(wanted, skill_process(request.place, program, {}));
  wanted.limits.time = time_max;
  wanted.limits.cpu = std::chrono::seconds(time_max);
  wanted.limits.memory_bytes = memory_bytes_max;
  wanted.stop = request.stop;
  wanted.on_line = [&](std::string_view line) {
    if (request.on_line) request.on_line(std::string(line));
  };
  const auto ran = sandbox::run_confined(wanted);
  if (!ran && (ran.error().reason == "timeout" || ran.error().code == ErrorCode::exhausted)) {
    return fail(ErrorCode::invalid,
                "cannot use this skill: its tests were stopped: " +
                    ran.error().message.substr(ran.error().message.find(": ") + 2),
                "skill_tests_exceeded", "install it without its tests, or tell its publisher",
                {{"limit", ran.error().reason}});
  }
  if (!ran) return tl::unexpected(ran.error());
  if (ran->exit_code != 0) {
    return fail(ErrorCode::invalid, "cannot use this skill: its own tests fail",
                "skill_tests_failed", "see details.output; tell its publisher",
                {{"output", last_lines(ran->errors, 30)}});
  }
  int count = 0;
  std::from_chars(ran->output.data(), ran->output.data() + ran->output.size(), count);
  return count;
}

}  // namespace hub::artifacts
