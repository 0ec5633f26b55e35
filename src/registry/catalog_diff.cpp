#include "registry/catalog_diff.hpp"

#include <algorithm>
#include <set>

#include "registry/catalog_file.hpp"
#include "registry/json_difference.hpp"
#include "registry/manifest.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

using Texts = std::set<std::string>;

// A list of texts, or a mapping from what to how: "network", "files: read".
void collect(const YamlNode& node, const std::string& prefix, Texts& into) {
  switch (node.kind) {
    case YamlNode::Kind::scalar:
      if (!node.is_null()) {
        into.insert(prefix + node.text);
      } else if (prefix.size() > 2) {
        into.insert(prefix.substr(0, prefix.size() - 2));
      }
      return;
    case YamlNode::Kind::sequence:
      for (const auto& item : node.items) collect(item, prefix, into);
      return;
    case YamlNode::Kind::mapping:
      for (std::size_t at = 0; at < node.keys.size(); ++at) {
        collect(node.items[at], prefix + node.keys[at] + ": ", into);
      }
      return;
  }
}

// What a manifest asks for.
struct Wishes {
  Texts permissions, requirements;
};

Wishes wishes_of(const Manifest& manifest) {
  Wishes wishes;
  if (const YamlNode* node = manifest.root.find("permissions")) {
    collect(*node, "", wishes.permissions);
  }
  for (const auto& one : manifest.requires_skills) wishes.requirements.insert("skill " + one);
  for (const auto& one : manifest.optional_skills) {
    wishes.requirements.insert("skill " + one + " (optional)");
  }
  for (const auto& one : manifest.dependencies) wishes.requirements.insert("pip " + one);
  const YamlNode* runtime = manifest.root.find("runtime");
  const YamlNode* python = runtime ? runtime->find("python") : nullptr;
  if (python && python->kind == YamlNode::Kind::scalar && !python->is_null()) {
    wishes.requirements.insert("python " + python->text);
  }
  return wishes;
}

TextChanges changes_of(const Texts& before, const Texts& after) {
  TextChanges changes;
  std::ranges::set_difference(after, before, std::back_inserter(changes.added));
  std::ranges::set_difference(before, after, std::back_inserter(changes.removed));
  return changes;
}

// One end of the comparison.
struct Side {
  const git::Repository& repository;
  std::string commit;
  CatalogFile file;

  // Nothing when the files are not there or cannot be read.
  Wishes wishes(ArtifactKind kind, const std::string& name) const {
    const auto manifest = read_published_manifest(repository, commit, kind, name);
    return manifest ? wishes_of(*manifest) : Wishes();
  }
  std::string tree(ArtifactKind kind, const std::string& name, const JsonNode& entry) const {
    const JsonNode* integrity = entry.find("integrity");
    const std::string* digest = integrity ? integrity->find_string("tree") : nullptr;
    if (digest) return *digest;
    const auto read = read_published_tree(repository, commit, directory_of(kind) + "/" + name);
    return read ? read->digest : std::string();
  }
};

Result<Side> side_of(const git::Repository& repository, const std::string& commit) {
  auto bytes = repository.read_file(commit, "registry.json", catalog_bytes_max);
  if (!bytes && bytes.error().reason == "no_path") {
    return Side{repository, commit, CatalogFile::empty("")};
  }
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->empty()) return Side{repository, commit, CatalogFile::empty("")};
  auto file = CatalogFile::parse(std::move(*bytes));
  if (!file) {
    file.error().message += " (commit " + commit + ")";
    return tl::unexpected(file.error());
  }
  return Side{repository, commit, std::move(*file)};
}

std::string version_of(const JsonNode& entry) {
  const std::string* version = entry.find_string("version");
  return version ? *version : std::string();
}

// Keys that only repeat what is told apart from them.
bool is_told_otherwise(std::string_view key) {
  return key == "version" || key == "updated_at" || key.starts_with("integrity") ||
         key.starts_with("signature") || key == "order";
}

class Comparison {
 public:
  Comparison(const Side& from, const Side& to) : from_(from), to_(to) {}

  CatalogDiff run() {
    diff_.from = from_.commit;
    diff_.to = to_.commit;
    for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) compare(kind);
    for (auto& key : from_.file.differing_further_keys(to_.file)) {
      diff_.fields.push_back(std::move(key));
    }
    return std::move(diff_);
  }

 private:
  void compare(ArtifactKind kind) {
    const auto before = from_.file.by_name(kind), after = to_.file.by_name(kind);
    std::set<std::string_view> names;
    for (const auto& [name, text] : before) names.insert(name);
    for (const auto& [name, text] : after) names.insert(name);
    for (const auto name : names) {
      const auto old_text = before.find(name), new_text = after.find(name);
      if (old_text != before.end() && new_text != after.end()) {
        if (old_text->second != new_text->second) {
          update(kind, std::string(name), old_text->second, new_text->second);
        }
      } else {
        const bool added = old_text == before.end();
        appear(kind, std::string(name), added);
      }
    }
  }

  void appear(ArtifactKind kind, const std::string& name, bool added) {
    ArtifactChange change;
    change.kind = kind;
    change.name = name;
    change.change = added ? ChangeKind::added : ChangeKind::removed;
    const Side& side = added ? to_ : from_;
    (added ? change.to_version : change.from_version) = version_of(*side.file.entry(kind, name));
    change.files_changed = true;
    const Wishes wishes = side.wishes(kind, name), none;
    change.permissions =
        added ? changes_of({}, wishes.permissions) : changes_of(wishes.permissions, {});
    change.requirements =
        added ? changes_of({}, wishes.requirements) : changes_of(wishes.requirements, {});
    diff_.changes.push_back(std::move(change));
  }

  void update(ArtifactKind kind, const std::string& name, std::string_view old_text,
              std::string_view new_text) {
    const JsonNode before = *from_.file.entry(kind, name), after = *to_.file.entry(kind, name);
    ArtifactChange change;
    change.kind = kind;
    change.name = name;
    change.change = ChangeKind::updated;
    change.from_version = version_of(before);
    change.to_version = version_of(after);
    change.files_changed = from_.tree(kind, name, before) != to_.tree(kind, name, after);
    for (auto& key : differing_keys(old_text, new_text)) {
      if (!is_told_otherwise(key)) change.fields.push_back(std::move(key));
    }
    const Wishes old_wishes = from_.wishes(kind, name), new_wishes = to_.wishes(kind, name);
    change.permissions = changes_of(old_wishes.permissions, new_wishes.permissions);
    change.requirements = changes_of(old_wishes.requirements, new_wishes.requirements);
    const bool nothing = change.from_version == change.to_version && !change.files_changed &&
                         change.fields.empty() && change.permissions.empty() &&
                         change.requirements.empty();
    if (!nothing) diff_.changes.push_back(std::move(change));
  }

  const Side& from_;
  const Side& to_;
  CatalogDiff diff_;
};

}  // namespace

Result<CatalogDiff> diff_catalogs(const git::Repository& repository, const std::string& from,
                                  const std::string& to) {
  HUB_TRY(before, side_of(repository, from));
  HUB_TRY(after, side_of(repository, to));
  return Comparison(before, after).run();
}

}  // namespace hub::registry
