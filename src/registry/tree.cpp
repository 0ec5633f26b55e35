#include "registry/tree.hpp"

#include <algorithm>
#include <array>

namespace hub::registry {
namespace {

template <class Integer>
void append_little_endian(std::string& out, Integer value) {
  for (std::size_t at = 0; at < sizeof value; ++at) {
    out += static_cast<char>((value >> (8U * at)) & 0xFFU);
  }
}

std::string_view view_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest leaf_of(const ArtifactFile& file) {
  using namespace std::string_view_literals;
  std::string bytes("adaos.tree.v1\0file\0"sv);
  append_little_endian(bytes, static_cast<std::uint32_t>(file.path.size()));
  bytes += file.path;
  bytes += file.mode == git::FileMode::executable ? '\1' : '\0';
  append_little_endian(bytes, static_cast<std::uint64_t>(file.size_bytes));
  bytes += view_of(file.content);
  return sha256(bytes);
}

}  // namespace

ArtifactTree tree_of(std::vector<ArtifactFile> files) {
  std::ranges::sort(files, {}, &ArtifactFile::path);
  ArtifactTree tree;
  for (const auto& file : files) tree.size_bytes += file.size_bytes;
  tree.digest = tree_digest(files);
  tree.files = std::move(files);
  return tree;
}

bool is_dropped_name(std::string_view name) {
  constexpr std::array<std::string_view, 11> dropped{
      ".git", "__pycache__",  ".pytest_cache", ".mypy_cache", ".ruff_cache",    ".venv",
      "venv", "node_modules", ".DS_Store",     "Thumbs.db",   ".skill_env.json"};
  return std::ranges::find(dropped, name) != dropped.end() || name.ends_with(".pyc");
}

std::string tree_digest(std::vector<ArtifactFile> files) {
  using namespace std::string_view_literals;
  std::ranges::sort(files, {}, &ArtifactFile::path);
  std::string head("adaos.tree.v1\0root\0"sv);
  append_little_endian(head, static_cast<std::uint64_t>(files.size()));
  Sha256 root;
  root.update(head);
  for (const auto& file : files) {
    const Digest leaf = leaf_of(file);
    root.update(view_of(leaf));
  }
  return "sha256:" + to_hex(root.finish());
}

Result<ArtifactTree> read_published_tree(const git::Repository& repository,
                                         const std::string& commit, const std::string& path) {
  HUB_TRY(listed, repository.list(commit, path));
  std::vector<ArtifactFile> files;
  for (const auto& one : listed) {
    HUB_CHECK(check_path(one.path));
    files.push_back({one.path, one.mode, one.size_bytes, {}});
  }
  HUB_CHECK(check_together(files));
  files.clear();
  for (const auto& one : listed) {
    HUB_TRY(bytes, repository.read_blob(one.blob, git::TreeLimits{}.file_bytes_max));
    files.push_back({one.path, one.mode, one.size_bytes, sha256(bytes)});
  }
  return tree_of(std::move(files));
}

}  // namespace hub::registry
