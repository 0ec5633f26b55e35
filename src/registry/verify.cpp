#include "registry/verify.hpp"

#include <algorithm>
#include <set>

#include "registry/catalog_file.hpp"
#include "registry/catalog_reader.hpp"
#include "registry/manifest.hpp"
#include "registry/semver.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

constexpr const char* push_again = "push it again with a higher version";

class Verifier {
 public:
  Verifier(const git::Repository& repository, std::string commit) : repository_(repository) {
    report_.commit = std::move(commit);
  }

  Result<VerifyReport> run() {
    HUB_TRY(bytes, repository_.read_file(report_.commit, "registry.json", catalog_bytes_max));
    HUB_TRY(catalog, read_catalog(bytes, {}));
    report_.entries = std::ssize(catalog.entries) + std::ssize(catalog.quarantined);
    std::set<std::string> listed;
    for (const auto& entry : catalog.entries) {
      listed.insert(entry.path);
      HUB_CHECK(check(entry));
    }
    for (const auto& bad : catalog.quarantined) {
      const std::string root = bad.where.substr(0, bad.where.find('['));
      listed.insert(root + "/" + bad.name);
      add(bad.where + (bad.name.empty() ? "" : " " + bad.name), "", VerifyStatus::quarantined,
          bad.reason, bad.message, bad.hint);
    }
    HUB_CHECK(find_unlisted(listed));
    std::ranges::sort(report_.artifacts, {}, &VerifiedArtifact::path);
    return std::move(report_);
  }

 private:
  Result<> check(const CatalogEntry& entry) {
    const auto bad = [&](VerifyStatus status, const char* reason, const std::string& why,
                         const char* hint) {
      add(entry.path, entry.version, status, reason, "cannot trust " + entry.path + ": " + why,
          hint);
    };
    const auto tree = read_published_tree(repository_, report_.commit, entry.path);
    if (!tree && tree.error().reason == "no_path") {
      bad(VerifyStatus::files_missing, "files_missing", "the registry has no files of it",
          "push it again, or remove the entry with: adaos-hub registry rebuild");
      return {};
    }
    if (!tree) return take_refusal(entry, tree.error());
    const auto manifest =
        read_published_manifest(repository_, report_.commit, entry.kind, entry.name);
    if (!manifest) return take_refusal(entry, manifest.error());
    if (entry.tree.empty()) {
      ++report_.without_digest;
      report_.artifacts.push_back({entry.path, entry.version, VerifyStatus::without_digest,
                                   "no_digest", entry.path + " was published without a digest",
                                   "write digests with: adaos-hub registry rebuild"});
    } else if (entry.tree != tree->digest) {
      bad(VerifyStatus::changed, "digest_differs",
          "its files give " + tree->digest + ", its entry says " + entry.tree, push_again);
    } else if ((entry.size_bytes && *entry.size_bytes != tree->size_bytes) ||
               (entry.files && *entry.files != std::ssize(tree->files))) {
      bad(VerifyStatus::changed, "size_differs",
          "it has " + std::to_string(tree->files.size()) + " files of " +
              std::to_string(tree->size_bytes) + " bytes, its entry says otherwise",
          "write the catalogue again with: adaos-hub registry rebuild");
    } else if (parse_semver(manifest->version) && manifest->version != entry.version) {
      bad(VerifyStatus::changed, "version_differs",
          "its manifest says " + manifest->version + ", its entry " + entry.version, push_again);
    } else {
      ++report_.good;
    }
    return {};
  }

  // What the files are like is a finding; that they cannot be read at all is an error of ours.
  Result<> take_refusal(const CatalogEntry& entry, const Error& error) {
    if (error.code == ErrorCode::unavailable) return tl::unexpected(error);
    add(entry.path, entry.version, VerifyStatus::refused, error.reason, error.message, error.hint);
    return {};
  }

  void add(std::string path, std::string version, VerifyStatus status, std::string reason,
           std::string message, std::string hint) {
    ++report_.bad;
    report_.artifacts.push_back({std::move(path), std::move(version), status, std::move(reason),
                                 std::move(message), std::move(hint)});
  }

  Result<> find_unlisted(const std::set<std::string>& listed) {
    for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
      HUB_TRY(names, repository_.directories(report_.commit, directory_of(kind)));
      for (const auto& name : names) {
        const std::string path = directory_of(kind) + "/" + name;
        if (listed.contains(path)) continue;
        add(path, "", VerifyStatus::not_listed, "not_listed",
            path + " has files and no entry in registry.json",
            "push it, or write the catalogue again with: adaos-hub registry rebuild");
      }
    }
    return {};
  }

  const git::Repository& repository_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify_registry(const git::Repository& repository, const std::string& commit) {
  return Verifier(repository, commit).run();
}

}  // namespace hub::registry
