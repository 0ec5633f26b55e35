#include "migration/source_files.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "base/fault_point.hpp"

namespace hub::migration {
namespace {

constexpr std::size_t piece_bytes = std::size_t{256} << 10U;
constexpr unsigned permissions = 0777;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

tl::unexpected<Error> source_error(const fs::path& path, int code) {
  const bool gone = code == ENOENT || code == ENOTDIR || code == ELOOP;
  return fail(gone ? ErrorCode::not_found : ErrorCode::unavailable,
              "cannot read " + path.string() + ": " +
                  (code == ELOOP ? std::string("a link stands in its place")
                                 : std::error_code(code, std::generic_category()).message()),
              gone ? "source_missing" : "read_failed",
              gone ? "" : "let the user that the hub runs as read it", {{"path", path.string()}});
}

tl::unexpected<Error> target_error(const char* doing, const fs::path& path, int code) {
  return fail(code == ENOSPC || code == EDQUOT ? ErrorCode::exhausted : ErrorCode::unavailable,
              std::string("cannot ") + doing + " " + path.string() + ": " +
                  std::error_code(code, std::generic_category()).message(),
              code == ENOSPC ? "disk_full" : "disk_failed", {}, {{"path", path.string()}});
}

tl::unexpected<Error> changed(const fs::path& path, const std::string& how) {
  return fail(ErrorCode::conflict, "cannot copy " + path.string() + ": it " + how, "source_changed",
              "stop whatever writes there, then try again", {{"path", path.string()}});
}

tl::unexpected<Error> stopped() { return fail(ErrorCode::cancelled, "stopped while copying"); }

// Opens `path` below `root`, one part after the other, so that no link is followed on the way.
Result<Descriptor> open_below(const fs::path& root, const fs::path& path, int flags) {
  constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Descriptor at(root, folder_flags);
  if (!at.ok()) return source_error(root, errno);
  fs::path seen = root;
  for (auto part = path.begin(); part != path.end(); ++part) {
    if (*part == "..") return source_error(root / path, ELOOP);
    if (*part == "." || part->empty()) continue;
    seen /= *part;
    const bool last = std::next(part) == path.end();
    Descriptor next(::openat(at.get(), part->c_str(),
                             (last ? flags | O_CLOEXEC | O_NONBLOCK : folder_flags) | O_NOFOLLOW));
    if (!next.ok()) return source_error(seen, errno);
    at = std::move(next);
  }
  return at;
}

std::optional<struct stat> status_below(const fs::path& root, const std::string& path, int flags) {
  const auto opened = open_below(root, path, flags);
  struct stat status{};
  if (!opened || ::fstat(opened->get(), &status) != 0) return std::nullopt;
  return status;
}

class Lister {
 public:
  Lister(fs::path shown, const std::function<bool()>& stop)
      : shown_(std::move(shown)), stop_(stop) {}

  // NOLINTNEXTLINE(misc-no-recursion): folder_depth_max bounds it
  Result<> list(Descriptor folder, const std::string& prefix, int depth) {
    const int descriptor = folder.release();
    const std::unique_ptr<DIR, CloseDirectory> open(::fdopendir(descriptor));
    if (!open) return source_error(shown_ / prefix, errno);
    if (depth > folder_depth_max) return too_large("its directories are nested too deeply");
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(open.get())) {
      const std::string name = static_cast<const char*>(entry->d_name);
      if (name != "." && name != "..") names.push_back(name);
      if (++seen_ > folder_entries_max) return too_large("it has too many files");
    }
    if (stop_ && stop_()) return stopped();
    std::ranges::sort(names);
    for (const auto& name : names) {
      HUB_CHECK(visit(::dirfd(open.get()), name, prefix + name, depth));
    }
    return {};
  }

  FolderListing found;

 private:
  // NOLINTNEXTLINE(misc-no-recursion): folder_depth_max bounds it
  Result<> visit(int folder, const std::string& name, const std::string& path, int depth) {
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return changed(shown_ / path, "went away while it was read");
    }
    if (S_ISDIR(status.st_mode)) {
      Descriptor inner(
          ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inner.ok()) return source_error(shown_ / path, errno);
      found.folders.push_back(path);
      return list(std::move(inner), path + "/", depth + 1);
    }
    if (!S_ISREG(status.st_mode)) {
      found.left_out.push_back(path);
      return {};
    }
    found.files.push_back({path, status.st_size, status.st_mode & permissions});
    found.size_bytes += status.st_size;
    return found.size_bytes > folder_bytes_max ? too_large("it is too large") : Result<>();
  }

  Result<> too_large(const std::string& why) const {
    return fail(ErrorCode::exhausted, "cannot read " + shown_.string() + ": " + why,
                "source_too_large", "move a part of it away, and bring that by hand",
                {{"path", shown_.string()},
                 {"entries_max", folder_entries_max},
                 {"bytes_max", folder_bytes_max}});
  }

  fs::path shown_;
  const std::function<bool()>& stop_;
  std::size_t seen_ = 0;
};

// Reads a file to its end, a piece at a time.
template <class Take>
Result<std::int64_t> read_pieces(int descriptor, const fs::path& path,
                                 const std::function<bool()>& stop, Take take) {
  std::vector<char> piece(piece_bytes);
  std::int64_t all = 0;
  for (;;) {
    if (stop && stop()) return stopped();
    const ssize_t got = ::read(descriptor, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return source_error(path, errno);
    if (got == 0) return all;
    all += got;
    HUB_CHECK(take(std::string_view(piece.data(), static_cast<std::size_t>(got))));
  }
}

Result<> write_all(int descriptor, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return target_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

bool stands_whole(const fs::path& path, const SourceFile& file) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_size == file.size_bytes;
}

// Grows under another name and gets its own once it is on the disk.
Result<> copy_file(const CopyRequest& request, const SourceFile& file) {
  const fs::path from = request.root / request.folder / file.path;
  const fs::path to = request.target / file.path;
  auto source = open_below(request.root, fs::path(request.folder) / file.path, O_RDONLY);
  if (!source) {
    return source.error().code == ErrorCode::not_found
               ? Result<>(changed(from, "went away while it was read"))
               : Result<>(tl::unexpected(source.error()));
  }
  struct stat status{};
  if (::fstat(source->get(), &status) != 0) return source_error(from, errno);
  if (!S_ISREG(status.st_mode)) return changed(from, "is no file any more");
  {
    // Never written over: after a power cut it may be a second name of a file that is whole.
    if (::unlink(request.unfinished.c_str()) != 0 && errno != ENOENT) {
      return target_error("remove", request.unfinished, errno);
    }
    const Descriptor target(::open(request.unfinished.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target.ok()) return target_error("write", request.unfinished, errno);
    HUB_TRY(size, read_pieces(source->get(), from, request.stop, [&](std::string_view piece) {
              if (request.copied) request.copied(static_cast<std::int64_t>(piece.size()));
              return write_all(target.get(), request.unfinished, piece);
            }));
    if (size != file.size_bytes) return changed(from, "changed its size while it was read");
    if (::fchmod(target.get(), file.mode) != 0) {
      return target_error("write", request.unfinished, errno);
    }
    const struct timespec times[2] = {status.st_mtim, status.st_mtim};
    static_cast<void>(::futimens(target.get(), times));  // nice to have
    if (::fsync(target.get()) != 0) return target_error("sync", request.unfinished, errno);
  }
  if (::rename(request.unfinished.c_str(), to.c_str()) != 0) {
    return target_error("write", to, errno);
  }
  return {};
}

Result<Digest> digest_below(const fs::path& root, const fs::path& path,
                            const std::function<bool()>& stop) {
  HUB_TRY(opened, open_below(root, path, O_RDONLY));
  Sha256 hash;
  HUB_TRY(size, read_pieces(opened.get(), root / path, stop, [&](std::string_view piece) {
            hash.update(piece);
            return Result<>();
          }));
  static_cast<void>(size);
  return hash.finish();
}

}  // namespace

Result<FolderListing> list_folder(const fs::path& root, const std::string& folder,
                                  const std::function<bool()>& stop) {
  HUB_TRY(open, open_below(root, folder, O_RDONLY | O_DIRECTORY));
  Lister lister(root / folder, stop);
  HUB_CHECK(lister.list(std::move(open), "", 0));
  std::ranges::sort(lister.found.files, {}, &SourceFile::path);
  return std::move(lister.found);
}

bool is_plain_folder(const fs::path& root, const std::string& path) {
  const auto status = status_below(root, path, O_RDONLY | O_DIRECTORY);
  return status && S_ISDIR(status->st_mode);
}

bool is_plain_file(const fs::path& root, const std::string& path) {
  const auto status = status_below(root, path, O_RDONLY);
  return status && S_ISREG(status->st_mode);
}

Result<std::string> read_source(const fs::path& root, const std::string& path,
                                std::size_t bytes_max) {
  HUB_TRY(opened, open_below(root, path, O_RDONLY));
  struct stat status{};
  if (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return source_error(root / path, ENOENT);
  }
  std::string text;
  HUB_TRY(size, read_pieces(opened.get(), root / path, {}, [&](std::string_view piece) -> Result<> {
            text += piece;
            if (text.size() <= bytes_max) return {};
            return fail(ErrorCode::invalid,
                        "cannot read " + (root / path).string() + ": it is larger than " +
                            std::to_string(bytes_max) + " bytes",
                        "source_too_large");
          }));
  static_cast<void>(size);
  return text;
}

Result<> copy_folder(const CopyRequest& request) {
  HUB_CHECK(make_directories(request.target));
  HUB_CHECK(make_directories(request.unfinished.parent_path()));
  std::error_code ec;
  for (const auto& folder : request.folders) {
    fs::create_directories(request.target / folder, ec);
    if (ec) return target_error("make directory", request.target / folder, ec.value());
  }
  for (const auto& file : request.files) {
    const fs::path to = request.target / file.path;
    if (stands_whole(to, file)) {
      if (request.copied) request.copied(file.size_bytes);
      continue;
    }
    HUB_CHECK(copy_file(request, file));
    fault_point("copied:file");
  }
  fs::remove(request.unfinished, ec);
  // A rename lasts when both of its directories do.
  HUB_CHECK(sync_path(request.unfinished.parent_path()));
  return sync_tree(request.target);
}

Result<> check_copy(const CopyRequest& request) {
  for (const auto& file : request.files) {
    const auto path = fs::path(request.folder) / file.path;
    auto source = digest_below(request.root, path, request.stop);
    if (!source && source.error().code == ErrorCode::not_found) {
      return changed(request.root / path, "went away since it was copied");
    }
    if (!source) return tl::unexpected(source.error());
    HUB_TRY(copy, digest_below(request.target, file.path, request.stop));
    if (*source != copy) return changed(request.root / path, "changed since it was copied");
    if (request.copied) request.copied(file.size_bytes);
  }
  return {};
}

}  // namespace hub::migration
