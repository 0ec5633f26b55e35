#include "skills/arguments.hpp"

#include <doctest/doctest.h>

namespace hub::skills {
namespace {

Result<> checked(const char* arguments, const char* schema) {
  return check_arguments("lamp:on", boost::json::parse(arguments).as_object(),
                         boost::json::parse(schema));
}

std::string first_path(const Error& error) {
  return std::string(error.details.at("problems").at(0).at("path").as_string());
}

constexpr const char* schema = R"({"type": "object", "required": ["text"], "properties": {
  "text": {"type": "string", "minLength": 1, "maxLength": 5},
  "limit": {"type": "integer", "minimum": 1, "maximum": 500},
  "value": {"type": ["number", "string"]},
  "kind": {"type": "string", "enum": ["mass", "time"]},
  "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2}}})";

}  // namespace

TEST_CASE("arguments that fit are let through") {
  CHECK(checked(R"({"text": "ёжик", "limit": 500, "value": "1,5", "kind": "mass", "tags": ["a"]})",
                schema));
  CHECK(checked(R"({"text": "a", "value": 1.5, "unknown": null})", schema));
  CHECK(checked("{}", "{}"));
}

TEST_CASE("what does not fit is named with its path") {
  const auto path = [](const char* arguments) {
    const auto check = checked(arguments, schema);
    REQUIRE_FALSE(check);
    CHECK(check.error().code == ErrorCode::invalid);
    CHECK(check.error().reason == "arguments_invalid");
    return first_path(check.error());
  };
  CHECK(path("{}") == "");
  CHECK(path(R"({"text": 1})") == "text");
  CHECK(path(R"({"text": "too long"})") == "text");
  CHECK(path(R"({"text": "a", "limit": 0})") == "limit");
  CHECK(path(R"({"text": "a", "limit": 1.5})") == "limit");
  CHECK(path(R"({"text": "a", "kind": "length"})") == "kind");
  CHECK(path(R"({"text": "a", "tags": ["a", 1]})") == "tags[1]");
  CHECK(path(R"({"text": "a", "tags": ["a", "b", "c"]})") == "tags");
  CHECK(path(R"({"text": "a", "value": true})") == "value");
}

TEST_CASE("a schema cannot keep the hub busy, and a broken one allows all") {
  const std::string long_text(30'000, 'a');
  CHECK(checked(("{\"text\": \"" + long_text + "!\"}").c_str(),
                R"({"properties": {"text": {"pattern": "^(a|aa)+$"}}})"));
  CHECK(checked(R"({"a": {"a": {"a": {}}}})", R"({"properties": {"a": {"$ref": "#"}}})"));
  CHECK(checked(R"({"a": 1})", R"({"$ref": "#"})"));
  CHECK(checked(R"({"a": 1})", R"({"allOf": [{"$ref": "#/allOf/0"}]})"));
  CHECK(checked(R"({"x": 1})", R"({"patternProperties": {"(a*)*b": false},
                                   "additionalProperties": false})"));
  CHECK(checked(R"({"a": 1})", R"({"type": 7, "properties": []})"));
}

}  // namespace hub::skills
