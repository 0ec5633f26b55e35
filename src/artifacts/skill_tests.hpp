#pragma once
// Runs the tests that a skill brings along: unittest, from its folder tests/, confined. Blocking,
// for worker threads.

#include <functional>

#include "artifacts/skill_process.hpp"

namespace hub::artifacts {

struct SkillTestsRequest {
  SkillPlace place;
  std::function<void(const std::string& line)> on_line = {};
  std::function<bool()> stop = {};
};

// How many ran. invalid: "skill_tests_failed" with the last lines in details.output,
// "skill_tests_exceeded" (details.limit); cancelled.
Result<int> run_skill_tests(const SkillTestsRequest&);

}  // namespace hub::artifacts
