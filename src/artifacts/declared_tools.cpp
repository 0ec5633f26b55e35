#include "artifacts/declared_tools.hpp"

#include <set>

#include "registry/json_text.hpp"

namespace hub::artifacts {
namespace {

using registry::YamlNode;

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !letter(text[0])) return false;
  for (const char c : text) {
    if (!letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

bool is_module(std::string_view text) {
  for (std::size_t at = 0; at <= text.size();) {
    const auto dot = std::min(text.find('.', at), text.size());
    if (!is_identifier(text.substr(at, dot - at))) return false;
    at = dot + 1;
  }
  return true;
}

std::string text_of(const YamlNode& node, const char* key) {
  const auto* found = node.find(key);
  return found && found->kind == YamlNode::Kind::scalar && !found->is_null() ? found->text
                                                                             : std::string();
}

bool lists_network(const YamlNode& node) {
  const auto* permissions = node.find("permissions");
  if (!permissions || permissions->kind != YamlNode::Kind::sequence) return false;
  for (const auto& item : permissions->items) {
    if (item.text == "network" || item.text.starts_with("network.")) return true;
  }
  return false;
}

tl::unexpected<Error> bad_tool(const YamlNode& node, const std::string& name,
                               const std::string& why) {
  return fail(ErrorCode::invalid, "cannot read tool " + name + " of skill.yaml: " + why,
              "tool_invalid", "ask its publisher to mend skill.yaml",
              {{"name", name}, {"line", node.line}});
}

// "handlers.main:add_note"; what is left out is handlers.main and the tool's own name.
Result<> read_entry(const YamlNode& node, DeclaredTool& tool) {
  tool.module = "handlers.main";
  tool.function = tool.name;
  const auto entry = text_of(node, "entry");
  if (entry.empty()) return {};
  const auto colon = entry.find(':');
  tool.module = entry.substr(0, colon);
  if (colon != std::string::npos) tool.function = entry.substr(colon + 1);
  if (is_module(tool.module) && is_identifier(tool.function)) return {};
  return bad_tool(node, tool.name, "its entry is " + entry + ", want handlers.main:function");
}

Result<DeclaredTool> read_tool(const YamlNode& node) {
  DeclaredTool tool;
  // "- add_note" says as much as "- name: add_note".
  tool.name = node.kind == YamlNode::Kind::scalar ? node.text : text_of(node, "name");
  if (!is_identifier(tool.name)) {
    return bad_tool(node, tool.name.empty() ? "without a name" : tool.name,
                    "its name must be letters, digits and _");
  }
  HUB_CHECK(read_entry(node, tool));
  tool.description = text_of(node, "description");
  tool.uses_network = lists_network(node);
  const auto* schema = node.find("input_schema");
  if (schema && schema->kind == YamlNode::Kind::mapping) {
    tool.input_schema = registry::to_value(registry::to_json_node(*schema));
  }
  return tool;
}

}  // namespace

Result<std::vector<DeclaredTool>> declared_tools(const registry::Manifest& manifest) {
  std::vector<DeclaredTool> all;
  const auto* listed = manifest.root.find("tools");
  if (!listed || listed->kind != YamlNode::Kind::sequence) return all;
  std::set<std::string> names;
  for (const auto& node : listed->items) {
    HUB_TRY(tool, read_tool(node));
    if (!names.insert(tool.name).second) {
      return fail(ErrorCode::invalid,
                  "cannot read the tools of skill.yaml: " + tool.name + " is declared twice",
                  "tools_duplicate", "ask its publisher to give each tool a name of its own",
                  {{"name", tool.name}, {"line", node.line}});
    }
    all.push_back(std::move(tool));
  }
  return all;
}

bool uses_network(const registry::Manifest& manifest) { return lists_network(manifest.root); }

bool allows_heavy_packages(const registry::Manifest& manifest) {
  const auto* runtime = manifest.root.find("runtime");
  const auto* environment = runtime ? runtime->find("env") : nullptr;
  return environment && text_of(*environment, "allow_heavy_dependencies") == "true";
}

}  // namespace hub::artifacts
