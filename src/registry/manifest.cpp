#include "registry/manifest.hpp"

#include <algorithm>
#include <optional>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace hub::registry {
namespace {

// Reads fields of one mapping; the first one of a wrong type is kept as the error.
class Fields {
 public:
  explicit Fields(std::string file) : file_(std::move(file)) {}

  std::string text(const YamlNode& from, const std::string& path, std::string_view key) {
    const YamlNode* found = from.find(key);
    if (!found || found->is_null()) return {};
    if (found->kind == YamlNode::Kind::scalar) return found->text;
    refuse(*found, path + std::string(key), "text");
    return {};
  }

  // A list of texts. Tags may also be one text with commas.
  std::vector<std::string> texts(const YamlNode& from, const std::string& path,
                                 std::string_view key) {
    const YamlNode* found = from.find(key);
    std::vector<std::string> all;
    if (!found || found->is_null()) return all;
    if (found->kind != YamlNode::Kind::sequence) {
      refuse(*found, path + std::string(key), "a list of texts");
      return all;
    }
    for (const auto& item : found->items) {
      if (item.kind != YamlNode::Kind::scalar || item.is_null()) {
        refuse(item, path + std::string(key) + "[]", "text");
        return all;
      }
      all.push_back(item.text);
    }
    return all;
  }

  // Null when absent.
  const YamlNode* mapping(const YamlNode& from, const std::string& path, std::string_view key) {
    const YamlNode* found = from.find(key);
    if (!found || found->is_null()) return nullptr;
    if (found->kind == YamlNode::Kind::mapping) return found;
    refuse(*found, path + std::string(key), "a mapping");
    return nullptr;
  }

  void refuse(const YamlNode& at, const std::string& field, const std::string& want) {
    if (error) return;
    error = Error{ErrorCode::invalid,
                  "cannot read " + file_ + ": line " + std::to_string(at.line) + ", column " +
                      std::to_string(at.column) + ": " + field + ": want " + want,
                  "field_type",
                  "write " + field + " as " + want,
                  {{"file", file_},
                   {"line", at.line},
                   {"column", at.column},
                   {"field", field},
                   {"observed", kind_text(at)}}};
  }

  std::optional<Error> error;

 private:
  static std::string kind_text(const YamlNode& node) {
    constexpr std::size_t chars_max = 40;
    switch (node.kind) {
      case YamlNode::Kind::scalar:
        return node.is_null() ? "nothing" : node.text.substr(0, chars_max);
      case YamlNode::Kind::sequence: return "a list";
      case YamlNode::Kind::mapping: return "a mapping";
    }
    return {};  // not reached: every kind is named above
  }

  std::string file_;
};

void add_new(std::vector<std::string>& all, const std::vector<std::string>& more) {
  for (const auto& one : more) {
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  }
}

std::vector<std::string> split_tags(std::string_view text) {
  std::vector<std::string> tags;
  while (!text.empty()) {
    const auto end = text.find(',');
    std::string_view tag = text.substr(0, end);
    while (tag.starts_with(' ')) tag.remove_prefix(1);
    while (tag.ends_with(' ')) tag.remove_suffix(1);
    if (!tag.empty()) tags.emplace_back(tag);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return tags;
}

void read_skills(Fields& fields, Manifest& manifest) {
  std::vector<std::string> required = fields.texts(manifest.root, "", "depends");
  std::vector<std::string> optional;
  if (const YamlNode* runtime = fields.mapping(manifest.root, "", "runtime")) {
    if (const YamlNode* skills = fields.mapping(*runtime, "runtime.", "skills")) {
      for (auto& one : fields.texts(*skills, "runtime.skills.", "required")) {
        required.push_back(std::move(one));
      }
      optional = fields.texts(*skills, "runtime.skills.", "optional");
    }
  }
  add_new(manifest.requires_skills, required);
  std::erase_if(optional, [&](const std::string& one) {
    return std::ranges::find(manifest.requires_skills, one) != manifest.requires_skills.end();
  });
  add_new(manifest.optional_skills, optional);
}

void read_dependencies(Fields& fields, Manifest& manifest) {
  manifest.dependencies = fields.texts(manifest.root, "", "dependencies");
  if (const YamlNode* service = fields.mapping(manifest.root, "", "service")) {
    const auto more = fields.texts(*service, "service.", "dependencies");
    manifest.dependencies.insert(manifest.dependencies.end(), more.begin(), more.end());
  }
}

Error missing(ArtifactKind kind, const std::string& file) {
  return Error{ErrorCode::not_found,
               "cannot read " + file + ": no such file",
               "manifest_missing",
               "a " + to_text(kind) + " is a directory with a " + manifest_file_of(kind),
               {{"file", file}, {"line", 1}}};
}

}  // namespace

Result<Manifest> parse_manifest(ArtifactKind kind, std::string_view bytes,
                                const std::string& file) {
  HUB_TRY(root, parse_yaml(bytes, file));
  Manifest manifest;
  manifest.kind = kind;
  manifest.root = std::move(root);
  manifest.digest = "sha256:" + to_hex(sha256(bytes));

  Fields fields(file);
  manifest.id = fields.text(manifest.root, "", "id");
  manifest.name = fields.text(manifest.root, "", "name");
  manifest.version = fields.text(manifest.root, "", "version");
  manifest.title = fields.text(manifest.root, "", "title");
  manifest.description = fields.text(manifest.root, "", "description");
  manifest.updated_at = fields.text(manifest.root, "", "updated_at");
  manifest.secret_fixtures = fields.texts(manifest.root, "", "secret_fixtures");
  const YamlNode* tags = manifest.root.find("tags");
  if (tags && tags->kind == YamlNode::Kind::scalar) {
    manifest.tags = split_tags(fields.text(manifest.root, "", "tags"));
  } else {
    add_new(manifest.tags, fields.texts(manifest.root, "", "tags"));
  }
  read_skills(fields, manifest);
  switch (kind) {
    case ArtifactKind::skill: read_dependencies(fields, manifest); break;
    case ArtifactKind::scenario: break;
  }
  if (fields.error) return tl::unexpected(*fields.error);
  return manifest;
}

Result<Manifest> read_manifest(ArtifactKind kind, const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / manifest_file_of(kind);
  std::error_code ec;
  if (!std::filesystem::exists(path, ec)) return tl::unexpected(missing(kind, path.string()));
  const auto size = std::filesystem::file_size(path, ec);
  if (!ec && size > manifest_bytes_max) return tl::unexpected(too_large(path.string(), size));
  HUB_TRY(bytes, read_file(path));
  return parse_manifest(kind, bytes, path.string());
}

Result<Manifest> read_published_manifest(const git::Repository& repository,
                                         const std::string& commit, ArtifactKind kind,
                                         const std::string& name) {
  const std::string path = directory_of(kind) + "/" + name + "/" + manifest_file_of(kind);
  constexpr auto bytes_max = static_cast<std::int64_t>(git::TreeLimits{}.file_bytes_max);
  auto bytes = repository.read_file(commit, path, bytes_max);
  if (!bytes && bytes.error().reason == "no_path") return tl::unexpected(missing(kind, path));
  if (!bytes) return tl::unexpected(bytes.error());
  return parse_manifest(kind, *bytes, path);
}

}  // namespace hub::registry
