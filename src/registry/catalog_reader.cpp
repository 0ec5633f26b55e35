// From registry.json to a Catalog: what readers need, one bad entry not spoiling the rest.
#include <charconv>
#include <map>

#include "registry/catalog_file.hpp"
#include "registry/find_entry.hpp"
#include "registry/normalise.hpp"
#include "registry/text.hpp"

namespace hub::registry {
namespace {

// Reads the known fields of one entry; the first one of a wrong type is remembered.
class EntryReader {
 public:
  explicit EntryReader(const JsonNode& entry) : entry_(entry) {}

  std::string text(const JsonNode& from, const std::string& path, std::string_view key) {
    const JsonNode* found = present(from, key);
    if (!found) return {};
    if (found->is_string()) return found->text;
    refuse(path + std::string(key), "text");
    return {};
  }
  std::vector<std::string> texts(const JsonNode& from, const std::string& path,
                                 std::string_view key) {
    std::vector<std::string> all;
    const JsonNode* found = present(from, key);
    if (!found) return all;
    if (!found->is_array()) refuse(path + std::string(key), "a list of texts");
    for (const auto& item : found->items) {
      if (!item.is_string()) refuse(path + std::string(key) + "[]", "text");
      all.push_back(item.text);
    }
    return all;
  }
  std::optional<std::int64_t> integer(const JsonNode& from, const std::string& path,
                                      std::string_view key) {
    const JsonNode* found = present(from, key);
    if (!found) return std::nullopt;
    std::int64_t value = 0;
    const char* end = found->text.data() + found->text.size();
    const auto [stop, error] = std::from_chars(found->text.data(), end, value);
    if (found->kind != JsonNode::Kind::number || error != std::errc() || stop != end || value < 0) {
      refuse(path + std::string(key), "a whole number");
      return std::nullopt;
    }
    return value;
  }
  boost::json::object object(std::string_view key) {
    const JsonNode* found = mapping(key);
    return found ? to_value(*found).as_object() : boost::json::object{};
  }
  const JsonNode* mapping(std::string_view key) {
    const JsonNode* found = present(entry_, key);
    if (!found || found->is_object()) return found;
    refuse(std::string(key), "an object");
    return nullptr;
  }

  const std::string& wrong() const { return wrong_; }

 private:
  static const JsonNode* present(const JsonNode& from, std::string_view key) {
    const JsonNode* found = from.find(key);
    return found && found->kind != JsonNode::Kind::null ? found : nullptr;
  }
  void refuse(const std::string& field, const char* want) {
    if (wrong_.empty()) wrong_ = field + ": want " + want;
  }

  const JsonNode& entry_;
  std::string wrong_;
};

// As older writers leave it: name, install.name, the last part of path, id.
std::string name_of(const JsonNode& entry) {
  if (const std::string* name = entry.find_string("name")) return *name;
  const JsonNode* install = entry.find("install");
  if (const std::string* name = install ? install->find_string("name") : nullptr) return *name;
  if (const std::string* path = entry.find_string("path")) {
    return path->substr(path->rfind('/') + 1);
  }
  const std::string* id = entry.find_string("id");
  return id ? *id : std::string();
}

Result<CatalogEntry> read_entry(ArtifactKind kind, const JsonNode& node) {
  if (!node.is_object()) {
    return fail(ErrorCode::invalid, "cannot read the entry: want an object", "field_type");
  }
  EntryReader reader(node);
  CatalogEntry entry;
  entry.kind = kind;
  entry.name = name_of(node);
  if (!is_name(entry.name)) {
    return fail(ErrorCode::invalid, "cannot read the entry: no usable name", "name_invalid");
  }
  entry.id = reader.text(node, "", "id");
  if (entry.id.empty()) entry.id = entry.name;
  entry.version = reader.text(node, "", "version");
  entry.title = reader.text(node, "", "title");
  entry.title_i18n = reader.object("title_i18n");
  entry.description = reader.text(node, "", "description");
  entry.description_i18n = reader.object("description_i18n");
  entry.tags = reader.texts(node, "", "tags");
  entry.path = directory_of(kind) + "/" + entry.name;
  entry.updated_at = reader.text(node, "", "updated_at");
  if (const JsonNode* publisher = reader.mapping("publisher")) {
    entry.publisher = reader.text(*publisher, "publisher.", "owner_id");
  }
  if (kind == ArtifactKind::scenario) {
    if (const JsonNode* skills = reader.mapping("skills")) {
      entry.requires_skills = reader.texts(*skills, "skills.", "required");
      entry.optional_skills = reader.texts(*skills, "skills.", "optional");
    }
  }
  if (const JsonNode* integrity = reader.mapping("integrity")) {
    entry.tree = reader.text(*integrity, "integrity.", "tree");
    entry.size_bytes = reader.integer(*integrity, "integrity.", "size");
    entry.files = reader.integer(*integrity, "integrity.", "files");
  }
  const std::string visibility = reader.text(node, "", "visibility");
  if (visibility == "unlisted") entry.visibility = Visibility::unlisted;
  if (visibility == "hidden") entry.visibility = Visibility::hidden;
  if (const JsonNode* compatibility = reader.mapping("compatibility")) {
    entry.publishable =
        reader.text(*compatibility, "compatibility.", "status") != "migration_required";
  }
  if (!reader.wrong().empty()) {
    return fail(ErrorCode::invalid,
                "cannot read " + to_text(kind) + " " + entry.name + ": " + reader.wrong(),
                "field_type");
  }
  return entry;
}

struct Read {
  std::string where;
  CatalogEntry entry;
};

// A name is worth more than somebody else's id, whatever the order of the entries.
class Aliases {
 public:
  // The first owner keeps an alias. Empty when it is free or ours, else the owner's name.
  std::string claim(const std::string& alias, const Read& by) {
    const auto [at, fresh] = owners_.emplace(fold(alias), &by);
    return fresh || at->second == &by ? std::string() : at->second->entry.name;
  }

 private:
  std::map<std::string, const Read*> owners_;
};

QuarantinedEntry clash(const Read& read, const std::string& alias, const std::string& owner) {
  return {read.where, read.entry.name, "alias_conflict",
          "cannot use " + to_text(read.entry.kind) + " " + read.entry.name + ": " + owner +
              " already answers to \"" + alias + "\""};
}

void read_kind(ArtifactKind kind, const JsonNode& entries, Catalog& catalog) {
  std::vector<Read> all;
  for (std::size_t at = 0; at < entries.items.size(); ++at) {
    const std::string where = directory_of(kind) + "[" + std::to_string(at) + "]";
    auto read = read_entry(kind, entries.items[at]);
    if (read) {
      all.push_back({where, std::move(*read)});
    } else {
      catalog.quarantined.push_back(
          {where, name_of(entries.items[at]), read.error().reason, read.error().message});
    }
  }
  Aliases aliases;
  std::vector<std::string> owners;
  for (const auto& read : all) owners.push_back(aliases.claim(read.entry.name, read));
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (!owners[at].empty()) {
      catalog.quarantined.push_back(clash(all[at], all[at].entry.name, owners[at]));
      continue;
    }
    if (const auto owner = aliases.claim(all[at].entry.id, all[at]); !owner.empty()) {
      catalog.quarantined.push_back(clash(all[at], all[at].entry.id, owner));
      continue;
    }
    catalog.entries.push_back(all[at].entry);
  }
}

}  // namespace

Catalog CatalogFile::catalog(const std::string& commit, const std::string& digest,
                             Time fetched_at) const {
  Catalog catalog;
  catalog.commit = commit;
  catalog.digest = digest;
  catalog.fetched_at = fetched_at;
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    read_kind(kind, *root_.find(directory_of(kind)), catalog);
  }
  index_entries(catalog);
  return catalog;
}

}  // namespace hub::registry
