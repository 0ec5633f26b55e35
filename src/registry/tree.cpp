#include "registry/tree.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <system_error>

#include <sys/stat.h>

#include "base/files.hpp"

namespace hub::registry {
namespace {

tl::unexpected<Error> refuse(const std::string& path, const std::string& why, const char* reason,
                             const std::string& hint, boost::json::object details = {}) {
  details["path"] = path;
  return fail(ErrorCode::invalid, "cannot publish " + path + ": " + why, reason, hint,
              std::move(details));
}

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

// Walks one artifact on disk.
class Walker {
 public:
  Walker(fs::path root, const std::vector<std::string>& fixtures)
      : root_(std::move(root)), fixtures_(fixtures) {}

  // NOLINTNEXTLINE(misc-no-recursion): check_path bounds the depth
  Result<> walk(const fs::path& directory, const std::string& prefix) {
    std::error_code ec;
    std::vector<std::string> names;
    for (auto at = fs::directory_iterator(directory, ec); !ec && at != fs::directory_iterator();
         at.increment(ec)) {
      names.push_back(at->path().filename().string());
    }
    if (ec) {
      return fail(ErrorCode::unavailable,
                  "cannot read directory " + directory.string() + ": " + ec.message(),
                  "read_failed");
    }
    for (const auto& name : names) {
      if (name == ".git" && !prefix.empty()) {
        return refuse(prefix + name, "a repository inside the artifact", "tree_gitlink",
                      "publish its files, or move it out");
      }
      if (is_dropped_name(name)) continue;
      HUB_CHECK(check_path(prefix + name));
      HUB_CHECK(visit(directory / name, prefix + name));
    }
    return {};
  }

  Result<> check_links() const {
    for (const auto& [inode, found] : links_) {
      if (found.inside == found.all) continue;
      return refuse(found.path, "it is a hard link to a file elsewhere", "tree_hard_link",
                    "copy the file instead of linking it");
    }
    return {};
  }

  std::vector<ArtifactFile> files;

 private:
  struct Links {
    std::uint64_t all = 0, inside = 0;
    std::string path;
  };

  // NOLINTNEXTLINE(misc-no-recursion): check_path bounds the depth
  Result<> visit(const fs::path& at, const std::string& path) {
    struct stat status{};
    if (::lstat(at.c_str(), &status) != 0) {
      return fail(ErrorCode::unavailable, "cannot read " + at.string() + ": it went away",
                  "source_changed");
    }
    if (S_ISDIR(status.st_mode)) return walk(at, path + "/");
    if (S_ISLNK(status.st_mode)) {
      return refuse(path, "it is a symbolic link", "tree_symlink",
                    "put a copy of the file in its place");
    }
    if (!S_ISREG(status.st_mode)) {
      return refuse(path, "it is a device, a socket or a pipe", "tree_special_file", "remove it");
    }
    if (status.st_nlink > 1) {
      Links& links = links_[status.st_ino];
      links.all = status.st_nlink;
      ++links.inside;
      links.path = path;
    }
    return add(at, path, status);
  }

  Result<> add(const fs::path& at, const std::string& path, const struct stat& status) {
    constexpr git::TreeLimits limits{};
    ArtifactFile file;
    file.path = path;
    file.mode =
        (status.st_mode & S_IXUSR) != 0 ? git::FileMode::executable : git::FileMode::regular;
    file.size_bytes = status.st_size;
    files.push_back(file);
    total_ += file.size_bytes;
    if (file.size_bytes > limits.file_bytes_max || std::ssize(files) > limits.files_max ||
        total_ > limits.bytes_max) {
      return check_together(files);  // says which limit
    }
    HUB_TRY(bytes, read_file(at, static_cast<std::size_t>(limits.file_bytes_max)));
    const std::string secret = secret_kind(path, bytes);
    if (!secret.empty() && std::ranges::find(fixtures_, path) == fixtures_.end()) {
      return refuse(path, "it looks like a secret (" + secret + ")", "secret_found",
                    "remove it; if it is a sample that tests need, list it under secret_fixtures",
                    {{"kind", secret}});
    }
    files.back().size_bytes = std::ssize(bytes);
    files.back().content = sha256(bytes);
    return {};
  }

  fs::path root_;
  const std::vector<std::string>& fixtures_;
  std::map<ino_t, Links> links_;
  std::int64_t total_ = 0;
};

ArtifactTree summed(std::vector<ArtifactFile> files) {
  std::ranges::sort(files, {}, &ArtifactFile::path);
  ArtifactTree tree;
  for (const auto& file : files) tree.size_bytes += file.size_bytes;
  tree.digest = tree_digest(files);
  tree.files = std::move(files);
  return tree;
}

}  // namespace

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

Result<ArtifactTree> read_tree(const fs::path& directory,
                               const std::vector<std::string>& secret_fixtures) {
  std::error_code ec;
  if (!fs::is_directory(directory, ec)) {
    return fail(ErrorCode::not_found,
                "cannot read artifact " + directory.string() + ": no such directory",
                "artifact_missing", "give the directory of the skill or scenario");
  }
  Walker walker(directory, secret_fixtures);
  HUB_CHECK(walker.walk(directory, ""));
  HUB_CHECK(walker.check_links());
  HUB_CHECK(check_together(walker.files));
  return summed(std::move(walker.files));
}

Result<ArtifactTree> read_published_tree(const git::Repository& repository,
                                         const std::string& commit, const std::string& path) {
  HUB_TRY(listed, repository.list(commit, path));
  std::vector<ArtifactFile> files;
  for (const auto& one : listed) {
    HUB_TRY(bytes, repository.read_blob(one.blob, git::TreeLimits{}.file_bytes_max));
    files.push_back({one.path, one.mode, one.size_bytes, sha256(bytes)});
  }
  return summed(std::move(files));
}

}  // namespace hub::registry
