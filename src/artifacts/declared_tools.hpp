#pragma once
// What a skill's manifest says of its tools and of what it needs to run them. Pure, any thread.

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "registry/manifest.hpp"

namespace hub::artifacts {

struct DeclaredTool {
  std::string name;
  std::string description;
  std::string module, function;      // "handlers.main", "add_note"
  std::optional<Json> input_schema;  // JSON Schema of its arguments; absent: not declared
  bool uses_network = false;         // the tool's own permissions; see uses_network()
};

// invalid: "tool_invalid" (no usable name or entry), "tools_duplicate"; details {name, line}.
Result<std::vector<DeclaredTool>> declared_tools(const registry::Manifest&);

// Whether the skill as a whole asks for the network: `permissions` lists "network", or something
// below it ("network.http").
bool uses_network(const registry::Manifest&);

// `runtime.env.allow_heavy_dependencies: true`: its packages may be as large as a machine-learning
// library's.
bool allows_heavy_packages(const registry::Manifest&);

}  // namespace hub::artifacts
