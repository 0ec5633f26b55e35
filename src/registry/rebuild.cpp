#include "registry/rebuild.hpp"

#include <algorithm>

#include "registry/catalog_file.hpp"
#include "registry/catalog_reader.hpp"
#include "registry/catalog_time.hpp"
#include "registry/json_difference.hpp"
#include "registry/manifest.hpp"
#include "registry/normalise.hpp"
#include "registry/text.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

constexpr ArtifactKind kinds[] = {ArtifactKind::skill, ArtifactKind::scenario};

class Rebuilder {
 public:
  Rebuilder(const git::Repository& repository, std::string commit)
      : repository_(repository), commit_(std::move(commit)) {}

  Result<Rebuilt> run() {
    HUB_TRY(previous, previous_catalog());
    CatalogFile file = previous.without_entries();
    for (const auto kind : kinds) HUB_CHECK(add_all(kind, previous, file));
    rebuilt_.bytes = file.bytes();
    HUB_TRY(read, read_catalog(rebuilt_.bytes, {}));
    for (const auto& bad : read.quarantined) {
      rebuilt_.problems.push_back({bad.where, bad.reason, bad.message, bad.hint});
    }
    compare(file);
    return std::move(rebuilt_);
  }

 private:
  // The published file, or the last one before it that can be read.
  Result<CatalogFile> previous_catalog() {
    constexpr int commits_max = 1000;
    std::string at = commit_;
    for (int step = 0; step < commits_max && !at.empty(); ++step) {
      auto bytes = repository_.read_file(at, "registry.json", catalog_bytes_max);
      if (!bytes && bytes.error().reason != "no_path") return tl::unexpected(bytes.error());
      if (bytes && step == 0) rebuilt_.published = *bytes;
      auto file = bytes ? CatalogFile::parse(std::move(*bytes))
                        : Result<CatalogFile>(tl::unexpected(bytes.error()));
      if (file) {
        readable_ = step == 0;
        if (step > 0) warn(at.substr(0, 12) + ", the last that can be read");
        return file;
      }
      if (step == 0) why_ = file.error().message;
      HUB_TRY(parent, repository_.parent_of(at));
      at = parent;
    }
    warn("nowhere: no registry.json before it can be read");
    return CatalogFile::empty("");
  }

  void warn(const std::string& from) {
    rebuilt_.warnings.push_back(why_ + "; what manifests do not say is taken from " + from);
  }

  Result<> add_all(ArtifactKind kind, const CatalogFile& previous, CatalogFile& file) {
    const std::string root = directory_of(kind);
    HUB_TRY(names, repository_.directories(commit_, root));
    HUB_TRY(changes, repository_.last_changes(commit_, root));
    for (const auto& name : names) {
      HUB_TRY(published_at, repository_.commit_time(changes[name]));
      const auto before = previous.entry(kind, name);
      auto entry = entry_of(kind, name, published_at, before);
      if (!entry) {
        const Error& error = entry.error();
        if (error.code == ErrorCode::unavailable) return tl::unexpected(error);
        std::string path = root;
        path.append("/").append(name);
        rebuilt_.problems.push_back({std::move(path), error.reason, error.message, error.hint});
        if (before) file.upsert(kind, *before);
        continue;
      }
      file.upsert(kind, before ? merge_entry(*before, *entry) : *entry);
      ++(kind == ArtifactKind::skill ? rebuilt_.skills : rebuilt_.scenarios);
    }
    return {};
  }

  Result<JsonNode> entry_of(ArtifactKind kind, const std::string& name, Time published_at,
                            const std::optional<JsonNode>& before) const {
    HUB_CHECK(check_name(name));
    const std::string path = directory_of(kind) + "/" + name;
    HUB_TRY(manifest, read_published_manifest(repository_, commit_, kind, name));
    HUB_TRY(tree, read_published_tree(repository_, commit_, path));
    if (before) published_at = time_of(*before, tree.digest, published_at);
    return normalise(name, manifest, tree, to_seconds_text(published_at));
  }

  // Several publishers may share one commit, each with a reading of the clock of its own: an entry
  // of these very files keeps its time when that is near the commit's.
  static Time time_of(const JsonNode& before, const std::string& digest, Time published_at) {
    constexpr std::chrono::minutes near{10};
    const JsonNode* integrity = before.find("integrity");
    const std::string* tree = integrity ? integrity->find_string("tree") : nullptr;
    const std::string* text = before.find_string("updated_at");
    const auto time = text ? read_time(*text) : std::nullopt;
    const bool stands = tree && *tree == digest && time && *time >= published_at - near &&
                        *time <= published_at + near;
    return stands ? *time : published_at;
  }

  void compare(const CatalogFile& file) {
    if (rebuilt_.bytes == rebuilt_.published) return;
    const auto published = readable_ ? CatalogFile::parse(rebuilt_.published)
                                     : Result<CatalogFile>(CatalogFile::empty(""));
    if (!readable_) rebuilt_.differences.push_back({"", "cannot be read", ""});
    for (const auto kind : kinds) compare_entries(kind, *published, file);
    if (readable_ && published->updated_at() != file.updated_at()) {
      rebuilt_.differences.push_back({"", "differs", "updated_at"});
    }
    if (rebuilt_.differences.empty()) rebuilt_.differences.push_back({"", "layout", ""});
  }

  void compare_entries(ArtifactKind kind, const CatalogFile& published, const CatalogFile& file) {
    const auto before = published.by_name(kind), after = file.by_name(kind);
    const std::string root = directory_of(kind) + "/";
    const auto path_of = [&root](std::string_view name) { return root + std::string(name); };
    for (const auto& [name, text] : after) {
      const auto found = before.find(name);
      if (found == before.end()) {
        rebuilt_.differences.push_back({path_of(name), "missing", ""});
      } else if (found->second != text) {
        rebuilt_.differences.push_back(
            {path_of(name), "differs", joined(differing_keys(found->second, text))});
      }
    }
    for (const auto& [name, text] : before) {
      if (!after.contains(name)) {
        rebuilt_.differences.push_back({path_of(name), "without files", ""});
      }
    }
    const std::int64_t unnamed = published.unnamed(kind);
    if (unnamed > 0) {
      rebuilt_.differences.push_back({root, "without name", std::to_string(unnamed) + " of them"});
    }
  }

  const git::Repository& repository_;
  const std::string commit_;
  Rebuilt rebuilt_;
  bool readable_ = false;  // the published file
  std::string why_;        // it is not
};

}  // namespace

Result<Rebuilt> rebuild_catalog(const git::Repository& repository, const std::string& commit) {
  return Rebuilder(repository, commit).run();
}

}  // namespace hub::registry
