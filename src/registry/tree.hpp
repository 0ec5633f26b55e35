#pragma once
// The files of an artifact, validated, and their digest `adaos.tree.v1`
// (docs/formats/tree-digest.md). Blocking disk reads; any thread.
//
// Refused, each with a stable reason, a hint and details {file, observed} and, where there is one,
// {limit} or {line}: path_unsafe, path_not_utf8, path_not_nfc, path_reserved, path_too_long (240
// bytes), path_too_deep (16), path_case_collision, tree_symlink, tree_hard_link, tree_special_file,
// tree_gitlink, tree_too_many_files (10,000), tree_too_large (128 MiB), file_too_large (32 MiB),
// secret_found.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "git/repository.hpp"

namespace hub::registry {

namespace fs = std::filesystem;

struct ArtifactFile {
  std::string path;  // NFC, '/', relative
  git::FileMode mode = git::FileMode::regular;
  std::int64_t size_bytes = 0;
  Digest content{};  // SHA-256 of its bytes
};

struct ArtifactTree {
  std::vector<ArtifactFile> files;  // sorted by path bytes
  std::string digest;               // "sha256:…", adaos.tree.v1
  std::int64_t size_bytes = 0;
};

// Names that are never part of an artifact: .git, __pycache__, *.pyc, node_modules, …
bool is_dropped_name(std::string_view name);

// One path of an artifact by the rules above.
Result<> check_path(std::string_view path);
// The files together: how many, how large, names that fold alike.
Result<> check_together(std::span<const ArtifactFile>);

// "sha256:…". `files` in any order.
std::string tree_digest(std::vector<ArtifactFile> files);

// Sorted, summed and digested.
ArtifactTree tree_of(std::vector<ArtifactFile>);

// Whether an artifact may hold what looks like a secret: none that is published, one that stays on
// its machine may.
enum class Secrets { refused, allowed };

// Walks, validates and digests; nothing is read before all names, kinds and sizes are known to be
// good. `secret_fixtures` may hold what looks like a secret.
Result<ArtifactTree> read_tree(const fs::path& directory,
                               const std::vector<std::string>& secret_fixtures = {},
                               Secrets = Secrets::refused);

// The digest of what is published at `path` in a commit, by the same rules for names, modes and
// sizes; what looks like a secret is out already and refused no more.
Result<ArtifactTree> read_published_tree(const git::Repository&, const std::string& commit,
                                         const std::string& path);

}  // namespace hub::registry
