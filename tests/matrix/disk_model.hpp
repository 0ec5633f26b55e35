#pragma once
// A model of a disk under the real code: what would be left of a folder if the process were killed
// now, or if the power went now. Linked into a test program only; disk_calls.cpp defines the libc
// calls that change files, does them for real, and enters them in the books here. So SQLite,
// libgit2, libstdc++ and our own code run above it as they are.
//
// What a power cut may do, which is what POSIX leaves open and more than today's file systems do:
//   - a write that was not synced is kept, lost, or torn at sectors of 512 bytes, each by itself,
//   so
//     that a later one may survive an earlier one;
//   - of the changes to a directory's names since its last fsync, the first few survive, directory
//     by directory; a rename over two directories falls in both when it falls in one; what was
//     unlinked or replaced comes back;
//   - fsync of a file keeps its bytes, not its name; fsync of a directory keeps its names;
//   - inode numbers are given again as soon as they are free.
//
// A refused fsync is what Linux makes of it: the bytes can still be read, also by the next process,
// and no later fsync will write them; only writing them again helps.
//
// What the books do not see (writes by other programs, through mmap, by the inside of libc) counts
// as lost until somebody fsyncs the file and the directory that names it. SQLite's -shm does not
// survive a power cut. Modes and times are not modelled.
//
// A process that ends by _Exit(), as a hub does whose log cannot be written, leaves its books to
// the next model of the same root.
//
// stat() and its kin show inode numbers of the model's own, which a copy takes along in a file
// beside it (<copy>.inodes): a directory keeps its number over a simulated restart, as over a real
// one.
//
// One model at a time in a process. Any thread may work on the files meanwhile; changes take turns.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/files.hpp"

namespace hub::matrix {

enum class CallKind {
  create,
  write,
  truncate,
  sync_file,
  sync_directory,
  rename,
  link,
  remove,
  make_directory,
};
constexpr std::size_t call_kinds = 9;

struct Call {
  CallKind kind = CallKind::write;
  std::string path;  // below the root, as it was before the call: "state/hub.db-wal"; the root: ""
};

// What happens to what was not synced.
struct PowerCut {
  enum class Unsynced { lost, kept, by_chance };
  Unsynced unsynced = Unsynced::by_chance;
  std::uint64_t seed = 0;
};

// Called under the model's lock, on the thread that makes the call. They may take copies; what they
// do to files is not entered in the books.
struct DiskHooks {
  std::function<void(const Call&)> before = {};     // the tree is as the call finds it
  std::function<int(const Call&)> refuse = {};      // an errno: the call fails with it
  std::function<bool(const Call&)> skip_sync = {};  // true: this fsync answers well, does nothing
};

class Books;

class DiskModel {
 public:
  // Everything below `root` counts as synced, but for what a copy of a killed process or a failed
  // fsync has left to remember beside it (<root>.platter). Takes over the inode
  // numbers of <root>.inodes.
  explicit DiskModel(const fs::path& root);
  ~DiskModel();
  DiskModel(const DiskModel&) = delete;
  DiskModel& operator=(const DiskModel&) = delete;

  void set_hooks(DiskHooks hooks);

  // Copies of the tree as it would be found; `to` must not exist.
  // The page cache survives the process: a model of the copy knows what was not synced.
  void copy_killed(const fs::path& to);
  void copy_power_lost(const fs::path& to, const PowerCut&);

  std::uint64_t count(CallKind kind) const;  // calls that were seen and made

 private:
  std::unique_ptr<Books> books_;
};

}  // namespace hub::matrix
