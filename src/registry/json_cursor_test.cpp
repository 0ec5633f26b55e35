#include "registry/json_cursor.hpp"

#include <doctest/doctest.h>

#include "registry/catalog_file.hpp"
#include "registry/json_text.hpp"

namespace hub::registry {
namespace {

bool is_canonical(std::string_view text) {
  JsonCursor cursor(text);
  REQUIRE_MESSAGE(cursor.skip(), text);
  const bool canonical = cursor.canonical();
  REQUIRE(cursor.end());
  return canonical;
}

TEST_CASE("text is copied as it is only when the writer would write it so") {
  for (const char* same :
       {"[]", "{}", "1e5", "\"a\\n\\u0001\\\"\\\\\"", "\"Погода\"", "[\n  1,\n  2\n]",
        "{\n  \"a\": {\n    \"b\": []\n  }\n}", "{\n  \"a\": 1\n}\n"}) {
    CHECK_MESSAGE(is_canonical(same), std::string(same));
    CHECK(to_json_text(parse_json_text(same, "x").value()) ==
          std::string(same).substr(0, std::string_view(same).find_last_not_of('\n') + 1));
  }
  for (const char* other :
       {" []", "[ ]", "{ }", "[1]", "[\n  1, 2\n]", "[\n 1\n]", "[\n  1\n ]", "[\n  1 ,\n  2\n]",
        "{\n  \"a\":1\n}", "{\n  \"a\" : 1\n}", "{\n  \"a\":  1\n}", "[\r\n  1\r\n]", "\"\\/\"",
        "\"\\u0041\"", "\"\\u000a\"", "\"\\u001F\"", "\"\\ud83d\\ude00\"", "\"\\u007f\"",
        "[\n\n  1\n]"}) {
    CHECK_MESSAGE(!is_canonical(other), std::string(other));
  }
}

TEST_CASE("a value is walked over, read, and copied to the same end") {
  const std::string text =
      "{\"a\": [1, -2.50, 1e3, true, false, null], \"b\": {\"\\u0441\": \"\\ud83d\\ude00\"}, "
      "\"\": \"\"}";
  JsonCursor skipping(text), reading(text), copying(text);
  JsonNode node;
  std::string copy;
  CHECK(skipping.skip());
  CHECK(reading.read(node));
  CHECK(append_json_text(copy, copying, 0));
  CHECK(skipping.offset() == text.size());
  CHECK(reading.offset() == text.size());
  CHECK(copying.offset() == text.size());
  CHECK(copy == to_json_text(node));
  CHECK(node.find("b")->find("с")->text == "\U0001F600");
}

TEST_CASE("a member is found by its key, escaped or not, and the others are passed over") {
  JsonCursor cursor(R"({"x": [1, {"name": 2}], "n\u0061me": "y\n", "name2": 3})");
  JsonString key, value;
  std::string found;
  REQUIRE(cursor.enter_object());
  while (cursor.next_key(key)) {
    if (key.is("name") && cursor.read_string(value)) {
      found += value.text();
    } else {
      cursor.skip();
    }
  }
  CHECK(cursor.ok());
  CHECK(found == "y\n");
}

TEST_CASE("after a failure nothing moves") {
  JsonCursor cursor("[1, x, 2]");
  REQUIRE(cursor.enter_array());
  int items = 0;
  while (cursor.next_item()) {
    ++items;
    cursor.skip();
  }
  CHECK(items == 2);
  CHECK(cursor.failure() == JsonCursor::Failure::syntax);
  CHECK(cursor.offset() == 4);
  CHECK_FALSE(cursor.skip());
  CHECK_FALSE(cursor.enter_array());
  CHECK_FALSE(cursor.end());
  CHECK(cursor.offset() == 4);
}

// However a catalogue is laid out, the same content gives the same bytes.
TEST_CASE("a catalogue in a foreign layout is written as ours") {
  const std::string ours =
      CatalogFile::parse(
          R"({"version":1,"skills":[{"name":"b","t":"\u041f"},{"name":"A","x":[{},[]]}],)"
          R"("z":[1.0]})")
          .value()
          .bytes();
  CHECK(ours ==
        "{\n  \"version\": 2,\n  \"skills\": [\n    {\n      \"name\": \"A\",\n      \"x\": [\n"
        "        {},\n        []\n      ]\n    },\n    {\n      \"name\": \"b\",\n"
        "      \"t\": \"П\"\n    }\n  ],\n  \"scenarios\": [],\n  \"z\": [\n    1.0\n  ]\n}\n");
  std::string wide = ours, windows;
  for (auto at = wide.find('\n'); at != std::string::npos; at = wide.find('\n', at + 3)) {
    wide.replace(at, 1, "\n\t ");
  }
  for (const char c : ours) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(CatalogFile::parse(wide).value().bytes() == ours);
  CHECK(CatalogFile::parse(windows).value().bytes() == ours);
  CHECK(CatalogFile::parse(ours).value().bytes() == ours);
}

}  // namespace
}  // namespace hub::registry
