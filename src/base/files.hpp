#pragma once
// Files that survive a power cut. A Result carries what a caller can tell a user; every function
// may be called from any thread. Paths are absolute or relative to the working directory.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hub {

namespace fs = std::filesystem;

// invalid: larger than `bytes_max`; not_found; unavailable: any other failure.
Result<std::string> read_file(const fs::path&, std::size_t bytes_max = std::size_t{1} << 30U);

// Writes beside, fsyncs, renames over, fsyncs the directory: a reader sees the old or the new file.
Result<> write_file_atomic(const fs::path&, std::string_view bytes, unsigned mode = 0644);
// Removes what a killed write_file_atomic() has left in this folder, not below it. Only while
// nobody else writes there. A folder that is not there has none.
void remove_unfinished_writes(const fs::path& folder);

Result<> sync_path(const fs::path&);  // fsync of one file or directory
// fsync of every file and directory below, of the root, and of the directory that names it.
Result<> sync_tree(const fs::path&);

// Renames, then fsyncs both parents. Both must be on one file system.
Result<> rename_durable(const fs::path& from, const fs::path& to);
// Swaps two existing paths in one step (Linux renameat2 RENAME_EXCHANGE), then fsyncs both parents.
Result<> exchange_durable(const fs::path& a, const fs::path& b);

Result<> make_directories(const fs::path&, unsigned mode = 0755);  // durable, with all above them
// A missing one is fine; never follows a symlink. After a power cut it may be there again, unless
// it was removed durably.
Result<> remove_tree(const fs::path&);
Result<> remove_tree_durable(const fs::path&);

// An exclusive advisory lock (flock) held as long as the object lives; ends with the process.
class FileLock {
 public:
  // conflict: somebody else holds it.
  static Result<FileLock> try_take(const fs::path&);
  // Waits for its turn; unavailable after `timeout_ms_max`.
  static Result<FileLock> take(const fs::path&, int timeout_ms_max);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// A fresh directory that is removed with the object. For tests and short-lived work.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace hub
