#include "artifacts/resolved_manifest.hpp"

#include "artifacts/declared_tools.hpp"
#include "registry/json_text.hpp"

namespace hub::artifacts {
namespace {

using registry::JsonNode;
using registry::YamlNode;

// AdaOS's defaults.
constexpr int timeout_s = 30, retries = 1;

JsonNode or_null(const YamlNode* node) { return node ? to_json_node(*node) : JsonNode(); }

JsonNode or_default(const YamlNode* node, std::int64_t otherwise) {
  return node ? to_json_node(*node) : JsonNode::number(otherwise);
}

JsonNode object_of(std::initializer_list<std::pair<const char*, JsonNode>> fields) {
  auto object = JsonNode::object();
  for (const auto& [key, value] : fields) object.set(key, value);
  return object;
}

// Values never stand there; a name becomes a placeholder for one.
JsonNode secrets_of(const YamlNode* node) {
  auto secrets = JsonNode::array();
  if (!node) return secrets;
  for (const auto& item : node->items) {
    const bool name = item.kind == YamlNode::Kind::scalar && !item.text.starts_with("${secret:");
    secrets.items.push_back(name ? JsonNode::string("${secret:" + item.text + "}")
                                 : to_json_node(item));
  }
  return secrets;
}

const YamlNode* find_tool(const registry::Manifest& manifest, const std::string& name) {
  const auto* tools = manifest.root.find("tools");
  if (!tools) return nullptr;
  for (const auto& tool : tools->items) {
    const auto* named = tool.find("name");
    if (named && named->text == name) return &tool;
  }
  return nullptr;
}

JsonNode tool_of(const registry::Manifest& manifest, const DeclaredTool& tool) {
  static const YamlNode nothing;
  const auto* found = find_tool(manifest, tool.name);
  const auto& said = found ? *found : nothing;
  const auto* permissions = said.find("permissions");
  if (!permissions) permissions = manifest.root.find("permissions");
  return object_of({{"name", JsonNode::string(tool.name)},
                    {"module", JsonNode::string(tool.module)},
                    {"callable", JsonNode::string(tool.function)},
                    {"timeout_seconds", or_default(said.find("timeout"), timeout_s)},
                    {"retries", or_default(said.find("retries"), retries)},
                    {"schema", object_of({{"input", or_null(said.find("input_schema"))},
                                          {"output", or_null(said.find("output_schema"))}})},
                    {"permissions", or_null(permissions)},
                    {"secrets", secrets_of(said.find("secrets"))}});
}

JsonNode runtime_of(const registry::Manifest& manifest, const fs::path& source,
                    const fs::path& packages, const fs::path& interpreter) {
  const auto* runtime = manifest.root.find("runtime");
  const auto* type = runtime ? runtime->find("type") : nullptr;
  std::error_code ec;
  std::vector<std::string> paths;
  if (fs::is_directory(packages, ec)) paths.push_back(packages.string());
  return object_of({{"type", type ? to_json_node(*type) : JsonNode::string("python")},
                    {"interpreter", JsonNode::string(interpreter.string())},
                    {"src", JsonNode::string(source.string())},
                    {"vendor", JsonNode::string(packages.string())},
                    {"python_paths", JsonNode::strings(paths)}});
}

}  // namespace

Result<std::string> resolved_manifest(const Shelf& shelf, const std::string& place,
                                      const registry::Manifest& manifest,
                                      const fs::path& interpreter) {
  HUB_TRY(tools, declared_tools(manifest));
  const auto source = shelf.source_of(place);
  auto declared = JsonNode::object();
  for (const auto& tool : tools) declared.set(tool.name, tool_of(manifest, tool));
  auto default_tool = or_null(manifest.root.find("default_tool"));
  if (tools.size() == 1 && default_tool == JsonNode()) {
    default_tool = JsonNode::string(tools.front().name);
  }
  const auto name = fs::path(place).parent_path().filename().string();
  const auto all =
      object_of({{"name", JsonNode::string(name)},
                 {"version", JsonNode::string(manifest.version)},
                 {"slot", JsonNode::string(fs::path(place).filename().string().substr(0, 1))},
                 {"source", JsonNode::string(source.string())},
                 {"runtime", runtime_of(manifest, source, shelf.packages_of(place), interpreter)},
                 {"tools", declared},
                 {"default_tool", default_tool},
                 {"policy", object_of({{"timeout_seconds", JsonNode::number(timeout_s)},
                                       {"retry_count", JsonNode::number(retries)}})},
                 {"policy_overrides", JsonNode::object()},
                 {"secrets", secrets_of(manifest.root.find("secrets"))},
                 {"events", or_null(manifest.root.find("events"))},
                 {"slot_root", JsonNode::string(shelf.place(place).string())}});
  return registry::to_json_text(all) + "\n";
}

Result<> write_resolved_manifest(const Shelf& shelf, const std::string& place) {
  HUB_TRY(manifest, registry::read_manifest(ArtifactKind::skill, shelf.source_of(place)));
  HUB_TRY(python, find_python());
  HUB_TRY(text, resolved_manifest(shelf, place, manifest, python.program));
  return write_file_atomic(shelf.resolved_manifest_of(place), text);
}

}  // namespace hub::artifacts
