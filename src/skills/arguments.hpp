#pragma once
// Whether the arguments of a tool fit the JSON Schema that its skill declares (draft 7, valijson).
//
// A schema comes from whoever wrote the skill, and this is the hub's own process: `pattern`,
// `patternProperties` and `$ref`, which could keep it busy for ever, are not looked at; the tool
// sees what they would have refused. Pure, any thread.

#include "base/json.hpp"

namespace hub::skills {

// invalid: "arguments_invalid" with details.problems: {path, message}. A schema that is none is
// taken for one that allows all.
Result<> check_arguments(const std::string& tool, const boost::json::object& arguments,
                         const Json& schema);

}  // namespace hub::skills
