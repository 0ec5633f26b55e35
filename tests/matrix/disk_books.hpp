#pragma once
// What the disk model knows: which bytes and names are on the platter, and what came since. Used by
// disk_calls.cpp, under the lock that Turn holds. Functions that stand for a libc call do it for
// real, return what it returns, and set errno.

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

#include "matrix/disk_model.hpp"

namespace hub::matrix {

// Inode numbers that stat() shows for files that were never entered begin here.
inline constexpr std::uint64_t unseen_numbers = std::uint64_t{1} << 40U;

// By path: what a copy has beside it in <copy>.inodes.
std::map<std::string, std::uint64_t> read_numbers(const fs::path& copy);

// One change of a file that was not synced: bytes at an offset, or a new size.
struct Change {
  std::int64_t at = 0;
  std::optional<std::string> bytes;  // absent: the size becomes `at`
};

struct Node;

// One change of names, in one or two directories. Shared by the logs of both.
struct Move {
  struct Half {
    Node* directory = nullptr;
    std::string name;
    Node* becomes = nullptr;  // null: the name goes
    bool synced = false;
  };
  std::vector<Half> halves;
  bool synced() const;
};

enum class NodeKind { file, directory, link };

struct Node {
  NodeKind kind = NodeKind::file;
  std::uint64_t number = 0;     // the inode number that stat() shows
  ino_t real = 0;               // the kernel's
  std::int64_t born_ns = 0;     // tells a number that the kernel gave again
  std::int64_t touched_ns = 0;  // a file's mtime when the books were opened
  mode_t mode = 0644;
  Node* parent = nullptr;  // where it is now; null: the root, or gone
  std::string name;
  bool gone = false;

  std::optional<std::string> platter;  // bytes as synced, or a link's target; absent: as they are
  std::vector<Change> pending;
  // From and up to where a failed fsync has left bytes that no later one will write.
  std::vector<std::pair<std::int64_t, std::int64_t>> given_up;

  std::map<std::string, Node*> entries;  // a directory's names as synced
  std::vector<std::shared_ptr<Move>> log;
};

class Books {
 public:
  explicit Books(fs::path root);

  DiskHooks hooks;
  std::array<std::uint64_t, call_kinds> counts{};

  dev_t device() const { return device_; }
  // The number that stat() is to show for one of the kernel's on our device.
  std::uint64_t shown(std::uint64_t real) const;

  int open(int at, const char* path, int flags, mode_t mode);
  ssize_t write(int fd, std::string_view bytes, std::optional<std::int64_t> offset);
  int truncate(int fd, std::int64_t size);
  int allocate(int fd, int mode, std::int64_t offset, std::int64_t length);
  // Bytes that the kernel itself put into the file, already done.
  void filled(int fd, std::int64_t offset, std::size_t count);
  int sync(int fd);
  int rename(int from_at, const char* from, int to_at, const char* to, unsigned flags);
  int link(int from_at, const char* from, int to_at, const char* to, int flags);
  int symlink(const char* target, int at, const char* path);
  int remove(int at, const char* path, int flags);
  int make_directory(int at, const char* path, mode_t mode);
  // Leaves beside the root what the next process has to know of this one.
  void outlive() const;

  void copy_killed(const fs::path& to);
  void copy_power_lost(const fs::path& to, const PowerCut&);

 private:
  // Where a path leads. `directory` is null when that is none of our business.
  struct Place {
    Node* directory = nullptr;
    std::string name;
    bool exists = false;
    Node* node = nullptr;  // what is there
  };
  struct Survivors;  // of one power cut

  Place place_of(int at, const char* path);
  Node* node_of(int fd);
  Node* node_of(const struct statx& found);
  Node* adopt(int fd, const struct statx& found);  // made behind our back, if below the root
  Node& enter(const struct statx& found, Node* parent, std::string name);
  void leave(Node&);
  void read_in(Node& directory, const fs::path& path, std::map<std::string, std::uint64_t>& numbers,
               const std::string& below);
  std::uint64_t new_number();

  bool begin(CallKind kind, std::string path);  // false: refused, errno is set
  std::string path_of(const Node& node) const;
  std::string path_of(const Place& place) const;
  fs::path real_path(const Node& node) const;
  std::string bytes_of(const Node& node) const;  // as they are now; empty when they cannot be read
  void keep(Node& node);                         // before its bytes change
  void note_write(Node& node, std::int64_t at, std::string bytes);
  void give_up(Node& node);  // its fsync has failed

  // What an earlier process has left unsynced, and what was on the platter then.
  void write_platter(const fs::path& platter) const;
  void remember(const fs::path& platter);
  void enter_differences(const std::map<Node*, std::map<std::string, Node*>>& synced);
  void enter_move(std::vector<Move::Half> halves);
  void sync_directory(int fd, Node& node);
  void settle(Node& directory);

  void write_out(const Node& directory, const fs::path& to, const std::string& below,
                 Survivors& survivors);
  void copy_live(const fs::path& from, const fs::path& to, const std::string& below,
                 std::string& numbers);

  fs::path root_;
  dev_t device_ = 0;
  std::deque<Node> nodes_;
  Node* top_ = nullptr;
  std::unordered_map<ino_t, Node*> live_;
  std::set<std::uint64_t> free_;
  std::uint64_t next_number_ = 1000;
};

// The lock of the model, and a mark on this thread that its calls go straight to the kernel. Empty
// when there is no model, or this thread is inside of it already.
class Turn {
 public:
  Turn();
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  explicit operator bool() const { return books_ != nullptr; }
  Books* operator->() const { return books_; }

 private:
  Books* books_ = nullptr;
};

// Whether a file of this device may be of interest; cheap, no lock.
bool may_be_modelled(dev_t device);
void set_modelled(Books* books);
bool is_modelled();

}  // namespace hub::matrix
