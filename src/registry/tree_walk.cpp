// An artifact on this disk: first all names, kinds and sizes, then the contents, a piece at a time.
#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "registry/secrets.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

tl::unexpected<Error> refuse(const std::string& path, const std::string& why, const char* reason,
                             const std::string& hint, boost::json::object details = {}) {
  details["file"] = path;
  details["path"] = path;
  return fail(ErrorCode::invalid, "cannot publish " + path + ": " + why, reason, hint,
              std::move(details));
}

// Walks one artifact on disk.
class Walker {
 public:
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
    seen_ += names.size();
    if (seen_ > names_max) {
      return refuse(prefix.empty() ? "." : prefix, "too many files and directories",
                    "tree_too_many_files", "publish fewer files",
                    {{"limit", names_max}, {"observed", seen_}});
    }
    for (const auto& name : names) {
      if (name == ".git" && !prefix.empty()) {
        return refuse(prefix + name, "a repository inside the artifact", "tree_gitlink",
                      "publish its files, or move it out", {{"observed", "a repository"}});
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
                    "copy the file instead of linking it",
                    {{"limit", found.inside}, {"observed", found.all}});
    }
    return {};
  }

  std::vector<ArtifactFile> files;

 private:
  // Directories are no part of an artifact, but somebody has to walk them.
  static constexpr std::size_t names_max = 40'000;

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
                    "put a copy of the file in its place", {{"observed", "a symbolic link"}});
    }
    if (!S_ISREG(status.st_mode)) {
      const char* what = S_ISSOCK(status.st_mode)   ? "a socket"
                         : S_ISFIFO(status.st_mode) ? "a pipe"
                                                    : "a device";
      return refuse(path, std::string("it is ") + what, "tree_special_file", "remove it",
                    {{"observed", what}});
    }
    if (status.st_nlink > 1) {
      Links& links = links_[status.st_ino];
      links.all = status.st_nlink;
      ++links.inside;
      links.path = path;
    }
    return add(path, status);
  }

  // Sizes are looked at before anything is read.
  Result<> add(const std::string& path, const struct stat& status) {
    constexpr git::TreeLimits limits{};
    ArtifactFile file;
    file.path = path;
    file.mode =
        (status.st_mode & S_IXUSR) != 0 ? git::FileMode::executable : git::FileMode::regular;
    file.size_bytes = status.st_size;
    files.push_back(std::move(file));
    total_ += status.st_size;
    const bool good = status.st_size <= limits.file_bytes_max &&
                      std::ssize(files) <= limits.files_max && total_ <= limits.bytes_max;
    return good ? Result<>() : check_together(files);  // says which limit
  }

  std::map<ino_t, Links> links_;
  std::int64_t total_ = 0;
  std::size_t seen_ = 0;
};

// Reads files one after the other through one buffer.
class ContentReader {
 public:
  ContentReader(fs::path root, const std::vector<std::string>& fixtures, Secrets secrets)
      : root_(std::move(root)), fixtures_(fixtures), secrets_(secrets) {}

  Result<> read(ArtifactFile& file) {
    constexpr std::int64_t bytes_max = git::TreeLimits{}.file_bytes_max;
    const fs::path path = root_ / file.path;
    const Descriptor descriptor(path, O_RDONLY | O_NOFOLLOW);
    const bool fixture =
        secrets_ == Secrets::allowed || std::ranges::find(fixtures_, file.path) != fixtures_.end();
    Sha256 hash;
    std::size_t kept = 0;  // of the piece before, so that nothing hides on the border
    std::int64_t before = 0, lines = 1;
    for (;;) {
      const ssize_t got = ::read(descriptor.get(), buffer_.data() + kept, buffer_.size() - kept);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unreadable(path, errno);
      if (got == 0) break;
      const auto fresh = static_cast<std::size_t>(got);
      const std::string_view window(buffer_.data(), kept + fresh);
      hash.update(window.substr(kept));
      before += got;
      if (before > bytes_max) return changed(file.path);
      if (!fixture) HUB_CHECK(look_for_secret(file.path, window, kept == 0, lines));
      kept = std::min(window.size(), secret_bytes_max);
      lines += std::ranges::count(window.substr(0, window.size() - kept), '\n');
      std::copy(window.end() - static_cast<std::ptrdiff_t>(kept), window.end(), buffer_.begin());
    }
    if (before == 0 && !fixture) HUB_CHECK(look_for_secret(file.path, "", true, lines));
    if (before != file.size_bytes) return changed(file.path);
    file.content = hash.finish();
    return {};
  }

 private:
  static constexpr std::size_t buffer_bytes = std::size_t{256} << 10U;

  static Result<> look_for_secret(const std::string& path, std::string_view window, bool at_start,
                                  std::int64_t lines) {
    const auto secret = at_start ? find_secret(path, window) : find_secret_inside(window);
    if (!secret) return {};
    const std::int64_t line = lines + secret->line - 1;
    return refuse(
        path,
        "line " + std::to_string(line) + " looks like a secret (" + std::string(secret->kind) + ")",
        "secret_found",
        "remove it; if it is a sample that tests need, list it under secret_fixtures",
        {{"kind", secret->kind}, {"line", line}, {"observed", secret->kind}});
  }

  static Result<> unreadable(const fs::path& path, int error) {
    return fail(ErrorCode::unavailable,
                "cannot read " + path.string() + ": " +
                    std::error_code(error, std::generic_category()).message(),
                "read_failed", "let this user read it", {{"file", path.string()}});
  }
  static Result<> changed(const std::string& path) {
    return fail(ErrorCode::conflict, "cannot publish " + path + ": it changed while it was read",
                "source_changed", "push again when nothing writes to the directory",
                {{"file", path}});
  }

  fs::path root_;
  const std::vector<std::string>& fixtures_;
  Secrets secrets_;
  std::vector<char> buffer_ = std::vector<char>(buffer_bytes);
};

}  // namespace

Result<ArtifactTree> read_tree(const fs::path& directory,
                               const std::vector<std::string>& secret_fixtures, Secrets secrets) {
  std::error_code ec;
  if (!fs::is_directory(directory, ec)) {
    return fail(ErrorCode::not_found,
                "cannot read artifact " + directory.string() + ": no such directory",
                "artifact_missing", "give the directory of the skill or scenario");
  }
  Walker walker;
  HUB_CHECK(walker.walk(directory, ""));
  HUB_CHECK(walker.check_links());
  HUB_CHECK(check_together(walker.files));
  ContentReader reader(directory, secret_fixtures, secrets);
  for (auto& file : walker.files) HUB_CHECK(reader.read(file));
  return tree_of(std::move(walker.files));
}

}  // namespace hub::registry
