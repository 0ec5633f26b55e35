#include "artifacts/smoke.hpp"

#include <doctest/doctest.h>

#include "artifacts/skill_tests.hpp"
#include "artifacts/test_skill.hpp"

namespace hub::artifacts {
namespace {

Result<Smoke> tried(const TestSkill& skill) {
  return smoke({.place = {skill.source, skill.packages}});
}

std::string detail(const Error& error, const char* key) {
  const auto* found = error.details.if_contains(key);
  return !found               ? ""
         : found->is_string() ? std::string(found->get_string())
                              : boost::json::serialize(*found);
}

constexpr const char* two_tools =
    "tools:\n- name: on\n  entry: handlers.main:switch_on\n- name: off\n";

}  // namespace

TEST_CASE("a skill that compiles, imports and has its tools is fine, and nothing of it changes") {
  const TestSkill skill("def switch_on(): pass\ndef off(): pass\n", two_tools);
  const auto smoke = tried(skill);
  REQUIRE(smoke);
  CHECK(smoke->warnings.empty());
  CHECK_FALSE(fs::exists(skill.source / "handlers/__pycache__"));
}

TEST_CASE("a syntax error is told with its file and line, in whatever file it is") {
  const TestSkill skill("def off(): pass\n");
  skill.write("handlers/parts/wires.py", "import os\n\ndef broken(:\n");
  skill.write("handlers/parts/zero.py", std::string("a = 1\0", 6));
  const auto smoke = tried(skill);
  REQUIRE_FALSE(smoke);
  CHECK(smoke.error().reason == "syntax_error");
  CHECK(smoke.error().message.find("handlers/parts/wires.py line 3") != std::string::npos);
  CHECK(smoke.error().details.at("count") == 2);
}

TEST_CASE("an import that fails is told with the end of its traceback") {
  const TestSkill skill("print('noise')\nimport no_such_library\n");
  const auto smoke = tried(skill);
  REQUIRE_FALSE(smoke);
  CHECK(smoke.error().reason == "import_failed");
  CHECK(smoke.error().message.find("No module named 'no_such_library'") != std::string::npos);
  CHECK(detail(smoke.error(), "output").find("handlers/main.py") != std::string::npos);
}

TEST_CASE("an import that ends Python is a failure, whatever it says of itself") {
  for (const char* text : {"raise SystemExit(0)", "import os; os._exit(0)",
                           "import sys; sys.exit()", "import os, signal; os.abort()"}) {
    CAPTURE(text);
    const auto smoke = tried(TestSkill(text));
    REQUIRE_FALSE(smoke);
    CHECK(smoke.error().reason == "import_failed");
  }
}

TEST_CASE("a tool that the manifest declares and the handlers lack is named") {
  const TestSkill skill("def switch_on(): pass\n", two_tools);
  const auto smoke = tried(skill);
  REQUIRE_FALSE(smoke);
  CHECK(smoke.error().reason == "tools_missing");
  CHECK(detail(smoke.error(), "tools") == R"(["off"])");
}

TEST_CASE("a skill that imports AdaOS's SDK is tried without it, with a warning") {
  const std::string handlers =
      "from adaos.sdk.core.decorators import tool\n"
      "from adaos.sdk.data import memory\n"
      "@tool\ndef switch_on(): pass\n";
  const auto smoke = tried(TestSkill(handlers + "def off(): pass\n", two_tools));
  REQUIRE(smoke);
  REQUIRE(smoke->warnings.size() == 1);
  CHECK(smoke->warnings[0].find("adaos.sdk.data") != std::string::npos);

  const auto lacking = tried(TestSkill(handlers, two_tools));
  REQUIRE_FALSE(lacking);
  CHECK(lacking.error().reason == "tools_missing");
}

TEST_CASE("AdaOS's decorators alone are no reason for a warning, and name tools") {
  const TestSkill skill(
      "from adaos.sdk.core.decorators import tool, subscribe\n"
      "@tool('on')\ndef first(): pass\n"
      "@tool(name='off', public=True)\ndef second(): pass\n"
      "@subscribe('sys.ready')\ndef ready(event): pass\n"
      "@tool\ndef third(): pass\n",
      "tools:\n- name: on\n- name: off\n- third\n");
  const auto smoke = tried(skill);
  REQUIRE(smoke);
  CHECK(smoke->warnings.empty());
}

TEST_CASE("an import that takes too much is stopped, and says what of") {
  const auto limit_of = [](const char* handlers) {
    const auto smoke = tried(TestSkill(handlers));
    REQUIRE_FALSE(smoke);
    CHECK(smoke.error().reason == "import_exceeded");
    return detail(smoke.error(), "limit");
  };
  CHECK(limit_of("while True: print('endless ' * 1000)") == "output_too_large");
}

TEST_CASE("tools that cannot be called by their declaration are refused") {
  const auto reason_of = [](const char* manifest) {
    const auto smoke = tried(TestSkill("def on(): pass\n", manifest));
    return smoke ? std::string() : smoke.error().reason;
  };
  CHECK(reason_of("tools:\n- name: on\n- name: on\n") == "tools_duplicate");
  CHECK(reason_of("tools:\n- name: 'on=off'\n") == "tool_invalid");
  CHECK(reason_of("tools:\n- name: on\n  entry: ../../etc/passwd:x\n") == "tool_invalid");
  CHECK(reason_of("tools:\n- description: nothing\n") == "tool_invalid");
}

TEST_CASE("a skill's own tests are run, counted, and their failure is told") {
  const TestSkill skill("def on(): return 1\n");
  const SkillTestsRequest request{.place = {skill.source, skill.packages}};
  CHECK(run_skill_tests(request).value() == 0);
  skill.write("tests/__init__.py", "");
  const std::string begins =
      "import unittest\nfrom handlers import main\nclass T(unittest.TestCase):\n  def "
      "test_on(self): "
      "self.assertEqual(main.on(), ";
  skill.write("tests/test_on.py", begins + "1)\n");
  CHECK(run_skill_tests(request).value() == 1);
  skill.write("tests/test_on.py", begins + "2)\n");
  const auto failed = run_skill_tests(request);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().reason == "skill_tests_failed");
  CHECK(detail(failed.error(), "output").find("1 != 2") != std::string::npos);
}

}  // namespace hub::artifacts
