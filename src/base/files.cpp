#include "base/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "base/hash.hpp"

namespace hub {
namespace {

tl::unexpected<Error> system_error(const std::string& doing, const fs::path& path, int code) {
  const ErrorCode kind = code == ENOENT   ? ErrorCode::not_found
                         : code == ENOSPC ? ErrorCode::exhausted
                         : code == EEXIST ? ErrorCode::conflict
                                          : ErrorCode::unavailable;
  return fail(kind, "cannot " + doing + " " + path.string() + ": " +
                        std::error_code(code, std::generic_category()).message());
}

Result<> write_all(int descriptor, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return system_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Makes the name of `path` durable. Some directories may be written to and not be opened.
Result<> sync_name_of(const fs::path& path) {
  const Descriptor directory(parent_of(path), O_RDONLY);
  if (!directory.ok() && errno == EACCES) return {};
  if (!directory.ok()) return system_error("open", parent_of(path), errno);
  if (::fsync(directory.get()) != 0) return system_error("sync", parent_of(path), errno);
  return {};
}

}  // namespace

Result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
  const Descriptor file(path, O_RDONLY);
  if (!file.ok()) return system_error("read", path, errno);
  std::string bytes;
  struct stat status{};
  if (::fstat(file.get(), &status) == 0 && status.st_size > 0) {
    bytes.reserve(std::min(static_cast<std::size_t>(status.st_size), bytes_max));
  }
  std::array<char, 65536> chunk{};
  for (;;) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path, errno);
    if (got == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max) {
      return fail(ErrorCode::invalid, "cannot read " + path.string() + ": larger than " +
                                          std::to_string(bytes_max) + " bytes");
    }
  }
}

Result<> write_file_atomic(const fs::path& path, std::string_view bytes, unsigned mode) {
  const fs::path beside = path.string() + "." + random_hex(6) + ".tmp";
  {
    const Descriptor file(beside, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!file.ok()) return system_error("write", path, errno);
    auto written = write_all(file.get(), path, bytes);
    if (written && ::fsync(file.get()) != 0) written = system_error("sync", path, errno);
    if (!written) {
      ::unlink(beside.c_str());
      return written;
    }
  }
  return rename_durable(beside, path);
}

void remove_unfinished_writes(const fs::path& folder) {
  constexpr std::size_t tail = 1 + 12 + 4;  // ".0123456789ab.tmp"
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  std::error_code ec;
  std::vector<fs::path> left;
  for (auto at = fs::directory_iterator(folder, ec); !ec && at != fs::directory_iterator();
       at.increment(ec)) {
    const std::string name = at->path().filename();
    if (name.size() <= tail || !name.ends_with(".tmp")) continue;
    const auto random = std::string_view(name).substr(name.size() - tail, tail - 4);
    if (random.front() == '.' && std::ranges::all_of(random.substr(1), is_hex)) {
      left.push_back(at->path());
    }
  }
  for (const auto& file : left) fs::remove(file, ec);
}

Result<> sync_path(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (!file.ok()) return system_error("open", path, errno);
  if (::fsync(file.get()) != 0) return system_error("sync", path, errno);
  return {};
}

Result<> sync_tree(const fs::path& root) {
  std::error_code ec;
  for (auto at = fs::recursive_directory_iterator(root, ec);
       !ec && at != fs::recursive_directory_iterator(); at.increment(ec)) {
    if (at->is_symlink(ec)) continue;
    HUB_CHECK(sync_path(at->path()));
  }
  if (ec) return system_error("walk", root, ec.value());
  HUB_CHECK(sync_path(root));
  return sync_name_of(root);
}

Result<> rename_durable(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error("rename to", to, errno);
  HUB_CHECK(sync_path(parent_of(to)));
  if (parent_of(from) != parent_of(to)) HUB_CHECK(sync_path(parent_of(from)));
  return {};
}

Result<> exchange_durable(const fs::path& a, const fs::path& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0) {
    return system_error("exchange with", b, errno);
  }
  HUB_CHECK(sync_path(parent_of(b)));
  if (parent_of(a) != parent_of(b)) HUB_CHECK(sync_path(parent_of(a)));
  return {};
}

Result<> make_directories(const fs::path& path, unsigned mode) {
  // One at a time: what another thread has just made must not count as there before it is synced.
  static std::mutex turn;
  const std::lock_guard guard(turn);
  std::error_code ec;
  fs::path made;
  for (const auto& part : path) {
    made /= part;
    if (fs::is_directory(made, ec)) continue;
    if (::mkdir(made.c_str(), mode) != 0 && errno != EEXIST) {
      return system_error("make directory", made, errno);
    }
    HUB_CHECK(sync_name_of(made));
  }
  if (!fs::is_directory(path, ec)) return system_error("make directory", path, ENOTDIR);
  return {};
}

Result<> remove_tree(const fs::path& path) {
  std::error_code ec;
  fs::remove_all(path, ec);
  if (ec) return system_error("remove", path, ec.value());
  return {};
}

Result<> remove_tree_durable(const fs::path& path) {
  HUB_CHECK(remove_tree(path));
  std::error_code ec;
  if (!fs::is_directory(parent_of(path), ec)) return {};
  return sync_name_of(path);
}

Result<FileLock> FileLock::try_take(const fs::path& path) {
  Descriptor file(path, O_RDWR | O_CREAT, 0600);
  if (!file.ok()) return system_error("open lock", path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::conflict, "cannot lock " + path.string() + ": another process holds it",
                "locked");
  }
  return FileLock(file.release());
}

Result<FileLock> FileLock::take(const fs::path& path, int timeout_ms_max) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms_max);
  for (;;) {
    auto taken = try_take(path);
    if (taken || taken.error().code != ErrorCode::conflict) return taken;
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(ErrorCode::unavailable, "cannot lock " + path.string() + ": still held after " +
                                              std::to_string(timeout_ms_max) + " ms");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (fs::temp_directory_path() / "adaos-hub-XXXXXX").string();
  if (!::mkdtemp(name.data())) {
    throw std::system_error(errno, std::generic_category(), "cannot make a temporary directory");
  }
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}

}  // namespace hub
