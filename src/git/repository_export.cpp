// Listing a subtree and writing it to disk. What a tree may hold is checked before any byte is
// written: regular files and directories with names that stay inside.
#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "base/files.hpp"
#include "git/libgit2.hpp"
#include "git/repository.hpp"

namespace hub::git {
namespace {

constexpr int depth_max = 64;
constexpr const char* republish = "its publisher must push it again without that";

bool is_safe_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower != ".git" && name.find('/') == std::string_view::npos;
}

class Lister {
 public:
  Lister(git_repository* repository, git_odb* odb, const TreeLimits& limits)
      : repository_(repository), odb_(odb), limits_(limits) {}

  Result<> walk(const git_tree* tree, const std::string& prefix, int depth) {
    if (depth > depth_max) {
      return refuse(prefix, "tree_too_deep", "too many directories deep", republish,
                    {{"limit", depth_max}, {"observed", depth}});
    }
    for (std::size_t at = 0; at < git_tree_entrycount(tree); ++at) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree, at);
      const std::string name = git_tree_entry_name(entry);
      if (!is_safe_name(name)) {
        return refuse(prefix + name, "path_unsafe", "an unsafe name", republish);
      }
      HUB_CHECK(visit(entry, prefix + name, depth));
    }
    return {};
  }

  std::vector<TreeFile> files;

 private:
  Result<> visit(const git_tree_entry* entry, const std::string& path, int depth) {
    switch (git_tree_entry_filemode(entry)) {
      case GIT_FILEMODE_BLOB: return add(entry, path, FileMode::regular);
      case GIT_FILEMODE_BLOB_EXECUTABLE: return add(entry, path, FileMode::executable);
      case GIT_FILEMODE_LINK: return refuse(path, "tree_symlink", "a symbolic link", republish);
      case GIT_FILEMODE_COMMIT: return refuse(path, "tree_gitlink", "a submodule", republish);
      case GIT_FILEMODE_UNREADABLE:
        return refuse(path, "tree_special_file", "an unknown mode", republish);
      case GIT_FILEMODE_TREE: break;
    }
    git_tree* raw = nullptr;
    const int rc = git_tree_lookup(&raw, repository_, git_tree_entry_id(entry));
    const OwnedTree tree(raw);
    if (rc != 0) return failure("read " + path, rc);
    return walk(raw, path + "/", depth + 1);
  }

  Result<> add(const git_tree_entry* entry, const std::string& path, FileMode mode) {
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const int rc = git_odb_read_header(&size, &type, odb_, git_tree_entry_id(entry));
    if (rc != 0) return failure("read " + path, rc);
    const auto bytes = static_cast<std::int64_t>(size);
    bytes_ += bytes;
    if (bytes > limits_.file_bytes_max) {
      return refuse(path, "file_too_large", "too large a file", republish,
                    {{"limit", limits_.file_bytes_max}, {"observed", bytes}});
    }
    if (bytes_ > limits_.bytes_max) {
      return refuse(path, "tree_too_large", "too many bytes in all", republish,
                    {{"limit", limits_.bytes_max}, {"observed", bytes_}});
    }
    if (std::ssize(files) >= limits_.files_max) {
      return refuse(path, "tree_too_many_files", "too many files", republish,
                    {{"limit", limits_.files_max}, {"observed", files.size() + 1}});
    }
    files.push_back({path, mode, text_of(*git_tree_entry_id(entry)), bytes});
    return {};
  }

  static tl::unexpected<Error> refuse(const std::string& path, const char* reason,
                                      const std::string& what, const char* hint,
                                      boost::json::object details = {}) {
    details["file"] = path;
    details["path"] = path;
    if (!details.contains("observed")) details["observed"] = what;
    return fail(ErrorCode::invalid, "cannot take " + path + " from the registry: " + what, reason,
                hint, std::move(details));
  }

  git_repository* repository_;
  git_odb* odb_;
  const TreeLimits& limits_;
  std::int64_t bytes_ = 0;
};

Result<> write_new_file(const fs::path& path, std::string_view bytes, FileMode mode) {
  const unsigned bits = mode == FileMode::executable ? 0755 : 0644;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, bits);
  int error = file < 0 ? errno : 0;
  while (error == 0 && !bytes.empty()) {
    const ssize_t wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0)
      error = errno;
    else
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (file >= 0 && ::close(file) != 0 && error == 0) error = errno;
  if (error == 0) return {};
  return fail(error == ENOSPC ? ErrorCode::exhausted : ErrorCode::unavailable,
              "cannot write " + path.string() + ": " +
                  std::error_code(error, std::generic_category()).message(),
              error == ENOSPC ? "disk_full" : "write_failed");
}

}  // namespace

Result<std::vector<TreeFile>> Repository::list(const std::string& commit, const std::string& path,
                                               const TreeLimits& limits) const {
  HUB_TRY(tree, find_subtree(raw_.get(), commit, path));
  HUB_TRY(odb, object_database(raw_.get()));
  Lister lister(raw_.get(), odb.get(), limits);
  HUB_CHECK(lister.walk(tree.get(), "", 1));
  std::ranges::sort(lister.files, {}, &TreeFile::path);
  return std::move(lister.files);
}

Result<Exported> Repository::export_subtree(const ExportRequest& request) const {
  HUB_TRY(files, list(request.commit, request.path, request.limits));
  std::int64_t total = 0;
  for (const auto& file : files) total += file.size_bytes;
  HUB_CHECK(make_directories(request.destination));
  std::error_code ec;
  if (!fs::is_empty(request.destination, ec) || ec) {
    return fail(ErrorCode::conflict,
                "cannot export to " + request.destination.string() + ": it is not empty",
                "destination_not_empty");
  }
  Exported done;
  if (request.progress) request.progress(0, total);
  for (const auto& file : files) {
    if (request.stop && request.stop()) {
      return fail(ErrorCode::cancelled, "cannot export " + request.path + ": stopped", "stopped");
    }
    const fs::path to = request.destination / file.path;
    HUB_CHECK(make_directories(to.parent_path()));
    HUB_TRY(bytes, read_blob(file.blob, request.limits.file_bytes_max));
    HUB_CHECK(write_new_file(to, bytes, file.mode));
    ++done.files;
    done.bytes += file.size_bytes;
    if (request.progress) request.progress(done.bytes, total);
  }
  return done;
}

}  // namespace hub::git
