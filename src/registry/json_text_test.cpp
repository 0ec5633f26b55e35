#include "registry/json_text.hpp"

#include <doctest/doctest.h>

#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

std::string reason_of(std::string_view bytes) {
  const auto read = parse_json_text(bytes, "file.json");
  return read ? "accepted" : read.error().reason;
}

TEST_CASE("what is written is what CPython writes") {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const std::string samples[] = {
      R"([])",
      R"({})",
      R"({"a": [], "b": {}, "c": [[]], "d": [{}]})",
      R"("x")",
      R"(-12)",
      R"([true, false, null, 0, 1.5, 12345678901234567890123])",
      R"({"текст": "Погода \"сегодня\" \\ / \u0001\u001f\u007f\b\f\n\r\t"})",
      R"({"emoji": "\ud83d\ude00"})",
      "{\"\\u2028\": \"\u2028\", \"long\": {\"deep\": [1, [2, [3, {\"x\": \"y\"}]]]}}"};
  std::string lines, ours;
  for (const auto& sample : samples) {
    lines += sample + "\n";
    ours += to_json_text(parse_json_text(sample, "sample").value()) + "\n";
  }
  const auto python = run_process(
      {.arguments = {"python3", "-c",
                     "import json,sys\n"
                     "for line in sys.stdin.buffer.read().decode().split('\\n')[:-1]:\n"
                     "    text = json.dumps(json.loads(line), indent=2, ensure_ascii=False)\n"
                     "    sys.stdout.buffer.write((text + '\\n').encode())"},
       .input = lines});
  REQUIRE(python);
  CHECK_MESSAGE(python->exit_code == 0, python->errors);
  CHECK(ours == python->output);
}

TEST_CASE("numbers keep their text and keys their order") {
  const std::string text = "{\n  \"z\": 1.0,\n  \"a\": 1e5,\n  \"m\": -0,\n  \"big\": 1E400\n}";
  CHECK(to_json_text(parse_json_text(text, "file").value()) == text);
}

TEST_CASE("what other readers would understand differently is refused") {
  CHECK(reason_of(R"({"a": 1, "a": 2})") == "json_duplicate_key");
  CHECK(reason_of(R"({"a": NaN})") == "json_syntax");
  CHECK(reason_of(R"({"a": Infinity})") == "json_syntax");
  CHECK(reason_of(R"({"a": "\ud800"})") == "json_syntax");
  CHECK(reason_of(R"({"a": "\udc00\ud800"})") == "json_syntax");
  CHECK(reason_of("{\"a\": \"\xff\"}") == "json_not_utf8");
  CHECK(reason_of("\xef\xbb\xbf{}") == "json_syntax");
  CHECK(reason_of("{} {}") == "json_syntax");
  CHECK(reason_of("{\"a\": 1,}") == "json_syntax");
  CHECK(reason_of("{\"a\": 01}") == "json_syntax");
  CHECK(reason_of("") == "json_truncated");
  CHECK(reason_of("{\"a\": [1, 2") == "json_truncated");
  CHECK(reason_of("{\n<<<<<<< HEAD\n  \"a\": 1\n=======\n  \"a\": 2\n>>>>>>> x\n}") ==
        "json_conflict_markers");
  const auto nested = [](int levels) {
    return std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']');
  };
  CHECK(reason_of(nested(64)) == "accepted");
  CHECK(reason_of(nested(65)) == "json_too_deep");
  CHECK(reason_of(nested(100'000)) == "json_too_deep");
}

TEST_CASE("duplicate keys are found in objects with many keys, too") {
  std::string text = "{";
  for (int at = 0; at < 5000; ++at) text += "\"k" + std::to_string(at) + "\": 1,\n";
  CHECK(reason_of(text + "\"last\": 1}") == "accepted");
  CHECK(reason_of(text + "\"k17\": 1}") == "json_duplicate_key");
}

TEST_CASE("a refusal names file, line and column") {
  const auto read = parse_json_text("{\n  \"ключ\": 1,\n  \"b\" 2\n}", "registry.json");
  REQUIRE_FALSE(read);
  CHECK(read.error().message.starts_with("cannot read registry.json: line 3, column "));
  CHECK(read.error().details.at("line") == 3);
  CHECK(read.error().details.at("column") == 7);
  const auto twice = parse_json_text("{\n  \"a\": 1,\n  \"a\": 2\n}", "registry.json");
  CHECK(twice.error().details.at("line") == 3);
  const auto cut = parse_json_text("{\n  \"a\": 1,\n", "registry.json");
  CHECK(cut.error().details.at("line") == 3);
}

}  // namespace
}  // namespace hub::registry
