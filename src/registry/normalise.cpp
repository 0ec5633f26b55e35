#include "registry/normalise.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "registry/semver.hpp"
#include "registry/text.hpp"

namespace hub::registry {
namespace {

// The order of an entry's keys in registry.json.
constexpr std::array<std::string_view, 26> key_order{"kind",
                                                     "id",
                                                     "name",
                                                     "version",
                                                     "updated_at",
                                                     "path",
                                                     "manifest",
                                                     "source",
                                                     "install",
                                                     "title",
                                                     "title_i18n",
                                                     "description",
                                                     "description_i18n",
                                                     "categories",
                                                     "tags",
                                                     "publisher",
                                                     "manifest_id",
                                                     "channels",
                                                     "compatibility",
                                                     "entry",
                                                     "runtime_python",
                                                     "activation",
                                                     "tools_count",
                                                     "trigger",
                                                     "skills",
                                                     "io"};
constexpr std::array<std::string_view, 2> last_keys{"integrity", "signature"};

// Said by the manifest and the tree: replaced or removed by each push. Of `activation` see below.
constexpr std::array<std::string_view, 18> derived_keys{"kind",
                                                        "id",
                                                        "name",
                                                        "version",
                                                        "updated_at",
                                                        "path",
                                                        "manifest",
                                                        "title",
                                                        "title_i18n",
                                                        "description",
                                                        "description_i18n",
                                                        "tags",
                                                        "manifest_id",
                                                        "compatibility",
                                                        "entry",
                                                        "runtime_python",
                                                        "tools_count",
                                                        "trigger"};

bool contains(std::span<const std::string_view> all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

JsonNode object_of(std::initializer_list<std::pair<std::string_view, std::string_view>> texts) {
  JsonNode object = JsonNode::object();
  for (const auto& [key, text] : texts) object.set(key, JsonNode::string(text));
  return object;
}

void set_text(JsonNode& entry, std::string_view key, const std::string& text) {
  if (!text.empty()) entry.set(key, JsonNode::string(text));
}

void set_mapping(JsonNode& entry, std::string_view key, const YamlNode& from) {
  const YamlNode* found = from.find(key);
  if (found && found->kind == YamlNode::Kind::mapping && !found->items.empty()) {
    entry.set(key, to_json_node(*found));
  }
}

void set_version(JsonNode& entry, const Manifest& manifest) {
  if (parse_semver(manifest.version)) {
    entry.set("version", JsonNode::string(manifest.version));
    return;
  }
  const std::string hex = manifest.digest.substr(manifest.digest.find(':') + 1);
  entry.set("version", JsonNode::string("0.0.0-legacy." + hex.substr(0, 12)));
}

JsonNode compatibility_of(const Manifest& manifest) {
  const bool missing = manifest.version.empty();
  JsonNode block = object_of({{"schema", "adaos.workspace.artifact_compatibility.v1"},
                              {"status", "migration_required"},
                              {"reason", missing ? "canonical_manifest_version_missing"
                                                 : "canonical_manifest_version_invalid"},
                              {"version_source", "canonical_manifest_digest"},
                              {"manifest_digest", manifest.digest}});
  block.set("publishable", JsonNode::boolean(false));
  if (!missing) block.set("declared_version", JsonNode::string(manifest.version));
  return block;
}

// A script, or the object that holds one.
std::string entry_of(const YamlNode& root) {
  const YamlNode* entry = root.find("entry");
  if (entry && entry->kind == YamlNode::Kind::mapping) entry = entry->find("script");
  return entry && entry->kind == YamlNode::Kind::scalar && !entry->is_null() ? entry->text : "";
}

// runtime.activation, the keys that readers know, an unknown mode being eager.
JsonNode activation_of(const YamlNode& activation) {
  constexpr std::array<std::string_view, 3> modes{"eager", "lazy", "on_demand"};
  JsonNode policy = JsonNode::object();
  const YamlNode* mode = activation.find("mode");
  policy.set("mode", JsonNode::string(mode && contains(modes, mode->text) ? mode->text : "eager"));
  for (const char* key : {"when", "startup_allowed", "background_refresh"}) {
    if (const YamlNode* found = activation.find(key)) policy.set(key, to_json_node(*found));
  }
  return policy;
}

void set_required_skills(JsonNode& entry, const Manifest& manifest) {
  if (manifest.requires_skills.empty() && manifest.optional_skills.empty()) return;
  JsonNode skills = JsonNode::object();
  skills.set("required", JsonNode::strings(manifest.requires_skills));
  if (!manifest.optional_skills.empty()) {
    skills.set("optional", JsonNode::strings(manifest.optional_skills));
  }
  entry.set("skills", std::move(skills));
}

void set_skill_keys(JsonNode& entry, const Manifest& manifest) {
  set_text(entry, "entry", entry_of(manifest.root));
  if (const YamlNode* runtime = manifest.root.find("runtime")) {
    const YamlNode* python = runtime->find("python");
    if (python && python->kind == YamlNode::Kind::scalar) {
      set_text(entry, "runtime_python", python->text);
    }
    const YamlNode* activation = runtime->find("activation");
    if (activation && activation->kind == YamlNode::Kind::mapping) {
      entry.set("activation", activation_of(*activation));
    }
  }
  const YamlNode* tools = manifest.root.find("tools");
  if (tools && tools->kind == YamlNode::Kind::sequence) {
    entry.set("tools_count", JsonNode::number(std::ssize(tools->items)));
  }
  set_required_skills(entry, manifest);
}

void set_scenario_keys(JsonNode& entry, const Manifest& manifest) {
  const YamlNode* trigger = manifest.root.find("trigger");
  if (trigger && trigger->kind == YamlNode::Kind::scalar && !trigger->is_null()) {
    set_text(entry, "trigger", trigger->text);
  }
  set_required_skills(entry, manifest);
  set_mapping(entry, "io", manifest.root);
}

JsonNode integrity_of(const ArtifactTree& tree) {
  JsonNode integrity = object_of({{"tree", tree.digest}});
  integrity.set("size", JsonNode::number(tree.size_bytes));
  integrity.set("files", JsonNode::number(std::ssize(tree.files)));
  return integrity;
}

JsonNode in_order(JsonNode&& entry) {
  JsonNode ordered = JsonNode::object();
  const auto take = [&](std::string_view key) {
    if (JsonNode* found = entry.find(key)) ordered.set(key, std::move(*found));
  };
  for (const auto key : key_order) take(key);
  for (const auto key : last_keys) take(key);
  for (std::size_t at = 0; at < entry.keys.size(); ++at) {
    if (ordered.find(entry.keys[at]) == nullptr) {
      ordered.set(entry.keys[at], std::move(entry.items[at]));
    }
  }
  return ordered;
}

// What the fresh object says, on top of what the previous one has besides.
JsonNode overlaid(const JsonNode* previous, const JsonNode& fresh) {
  if (!previous || !previous->is_object()) return fresh;
  JsonNode merged = *previous;
  for (std::size_t at = 0; at < fresh.keys.size(); ++at)
    merged.set(fresh.keys[at], fresh.items[at]);
  return merged;
}

bool is_package_lock(const JsonNode* activation) {
  const std::string* mode = activation ? activation->find_string("mode") : nullptr;
  return mode && *mode == "package_lock";
}

}  // namespace

bool is_name(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  constexpr std::size_t bytes_max = 100;
  return !name.empty() && name.size() <= bytes_max && is_word(name[0]) &&
         std::ranges::all_of(
             name, [&](char c) { return is_word(c) || c == '_' || c == '.' || c == '-'; });
}

Result<> check_name(std::string_view name) {
  constexpr std::array<std::string_view, 12> reserved{
      "skills",   "scenarios", "projects", "registry", "registry.json", "index",
      "versions", "trust",     "latest",   "stable",   "desktop",       "default"};
  if (!is_name(name)) {
    return fail(ErrorCode::invalid,
                "cannot use the name \"" + std::string(name) +
                    "\": want letters, digits, _ . - and no more than 100",
                "name_invalid", "rename the directory, for example to my_skill",
                {{"file", name}, {"name", name}, {"limit", 100}, {"observed", name}});
  }
  if (contains(reserved, ascii_lower(name))) {
    return fail(ErrorCode::invalid,
                "cannot use the name \"" + std::string(name) + "\": it is reserved",
                "name_reserved", "choose another name",
                {{"file", name}, {"name", name}, {"observed", name}});
  }
  return {};
}

JsonNode normalise(const std::string& directory, const Manifest& manifest, const ArtifactTree& tree,
                   const std::string& updated_at) {
  const std::string kind = to_text(manifest.kind);
  const std::string path = directory_of(manifest.kind) + "/" + directory;
  const std::string manifest_path = path + "/" + manifest_file_of(manifest.kind);
  std::string id = manifest.id;
  if (id.empty() && manifest.kind == ArtifactKind::skill) id = manifest.name;
  if (id.empty()) id = directory;

  JsonNode entry = object_of({{"kind", kind}, {"id", id}, {"name", directory}});
  set_version(entry, manifest);
  entry.set("updated_at",
            JsonNode::string(manifest.updated_at.empty() ? updated_at : manifest.updated_at));
  entry.set("path", JsonNode::string(path));
  entry.set("manifest", JsonNode::string(manifest_path));
  entry.set("source", object_of({{"path", path}, {"manifest", manifest_path}}));
  entry.set("install", object_of({{"kind", kind}, {"name", directory}, {"id", id}}));
  const std::string title = manifest.title.empty() ? manifest.name : manifest.title;
  if (title != directory) set_text(entry, "title", title);
  set_mapping(entry, "title_i18n", manifest.root);
  set_text(entry, "description", manifest.description);
  set_mapping(entry, "description_i18n", manifest.root);
  if (!manifest.tags.empty()) entry.set("tags", JsonNode::strings(manifest.tags));
  if (id != directory) entry.set("manifest_id", JsonNode::string(id));
  if (!parse_semver(manifest.version)) entry.set("compatibility", compatibility_of(manifest));
  switch (manifest.kind) {
    case ArtifactKind::skill: set_skill_keys(entry, manifest); break;
    case ArtifactKind::scenario: set_scenario_keys(entry, manifest); break;
  }
  entry.set("integrity", integrity_of(tree));
  return in_order(std::move(entry));
}

JsonNode merge_entry(const JsonNode& previous, const JsonNode& fresh) {
  JsonNode merged = previous;
  for (const auto key : derived_keys) merged.erase(key);
  for (const char* key : {"skills", "io", "integrity"}) merged.erase(key);
  // A lock set by a package release is no business of the manifest.
  if (!is_package_lock(merged.find("activation"))) merged.erase("activation");
  // A signature is about the bytes it was made for.
  const JsonNode* old_tree = previous.find("integrity");
  const JsonNode* new_tree = fresh.find("integrity");
  if (!old_tree || !new_tree || !(*old_tree == *new_tree)) merged.erase("signature");
  for (std::size_t at = 0; at < fresh.keys.size(); ++at) {
    const std::string& key = fresh.keys[at];
    const bool shared = key == "source" || key == "install";
    merged.set(key, shared ? overlaid(previous.find(key), fresh.items[at]) : fresh.items[at]);
  }
  return in_order(std::move(merged));
}

}  // namespace hub::registry
