#include "skills/arguments.hpp"

// Else it ends the process at a schema that it does not understand.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/log.hpp"

namespace hub::skills {
namespace {

constexpr std::size_t problems_told = 10;

Json without_what_may_not_end(const Json& schema) {
  if (schema.is_array()) {
    boost::json::array items;
    for (const auto& item : schema.get_array()) items.push_back(without_what_may_not_end(item));
    return items;
  }
  if (!schema.is_object()) return schema;
  const auto& object = schema.get_object();
  if (object.contains("$ref")) return boost::json::object();
  boost::json::object kept;
  for (const auto& [key, value] : object) {
    if (key == "pattern" && value.is_string()) continue;
    if (key == "patternProperties") continue;
    // It speaks of what the patterns leave over.
    if (key == "additionalProperties" && object.contains("patternProperties")) continue;
    kept[key] = without_what_may_not_end(value);
  }
  return kept;
}

// "<root>[limit]" or "<root>[tags][0]" -> "limit", "tags[0]"
std::string path_of(const std::vector<std::string>& context) {
  std::string path;
  for (std::size_t at = 1; at < context.size(); ++at) {
    auto part = context[at];
    if (part.size() > 2 && part.front() == '[' && part.back() == ']') {
      part = part.substr(1, part.size() - 2);
    }
    const bool is_index = part.find_first_not_of("0123456789") == std::string::npos;
    path += is_index ? "[" + part + "]" : (path.empty() ? "" : ".") + part;
  }
  return path;
}

// The innermost of what valijson says comes first.
boost::json::array problems_in(valijson::ValidationResults& results) {
  boost::json::array problems;
  valijson::ValidationResults::Error error;
  while (problems.size() < problems_told && results.popError(error)) {
    problems.push_back(
        boost::json::object{{"path", path_of(error.context)}, {"message", error.description}});
  }
  return problems;
}

}  // namespace

Result<> check_arguments(const std::string& tool, const boost::json::object& arguments,
                         const Json& schema) {
  valijson::Schema parsed;
  try {
    valijson::SchemaParser parser;
    const Json safe = without_what_may_not_end(schema);
    const valijson::adapters::BoostJsonAdapter adapter(safe);
    parser.populateSchema(adapter, parsed);
  } catch (const std::exception& thrown) {
    log::warning("skills", "schema_unreadable", {{"tool", tool}, {"error", thrown.what()}});
    return {};
  }
  const Json value = arguments;
  const valijson::adapters::BoostJsonAdapter target(value);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(parsed, target, &results)) return {};
  auto problems = problems_in(results);
  const auto& first = problems.at(0).get_object();
  const std::string path(first.at("path").get_string());
  const std::string message(first.at("message").get_string());
  return fail(
      ErrorCode::invalid,
      "cannot call " + tool + ": " +
          (path.empty() ? "its arguments do not fit" : "argument " + path + " does not fit") +
          ": " + message,
      "arguments_invalid", "the skill's manifest says under tools what it takes",
      {{"tool", tool}, {"problems", std::move(problems)}});
}

}  // namespace hub::skills
