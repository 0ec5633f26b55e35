// Names: what is in which directory, what was synced of it, and what moved since.

#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <linux/fs.h>

#include "matrix/disk_books.hpp"
#include "matrix/kernel.hpp"

namespace hub::matrix {
namespace {

std::string target_of(int at, const char* path) {
  std::string target(4096, '\0');
  const auto length = ::syscall(SYS_readlinkat, at, path, target.data(), target.size());
  target.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return target;
}

}  // namespace

Books::Books(fs::path root) : root_(std::move(root)) {
  struct statx found{};
  if (!kernel::look(AT_FDCWD, root_.c_str(), found)) {
    throw std::runtime_error("cannot model " + root_.string() + ": it is not there");
  }
  device_ = kernel::device_of(found);
  auto numbers = read_numbers(root_);
  for (const auto& [path, number] : numbers) {
    if (number < unseen_numbers) next_number_ = std::max(next_number_, number + 1);
  }
  top_ = &enter(found, nullptr, "");
  top_->number = numbers.contains("") ? numbers[""] : new_number();
  read_in(*top_, root_, numbers, "");
  if (fs::exists(root_.string() + ".platter")) remember(root_.string() + ".platter");
}

void Books::read_in(Node& directory, const fs::path& path,
                    std::map<std::string, std::uint64_t>& numbers, const std::string& below) {
  for (const auto& entry : fs::directory_iterator(path)) {
    struct statx found{};
    kernel::look(AT_FDCWD, entry.path().c_str(), found);
    const std::string name = entry.path().filename().string();
    std::string full = below;
    if (!full.empty()) full += '/';
    full += name;
    Node* node = node_of(found);  // a second name of one file
    if (!node) {
      node = &enter(found, &directory, name);
      const auto given = numbers.find(full);
      node->number = given != numbers.end() ? given->second : new_number();
    }
    if (node->kind == NodeKind::link) node->platter = target_of(AT_FDCWD, entry.path().c_str());
    directory.entries[name] = node;
    if (node->kind == NodeKind::directory) read_in(*node, entry.path(), numbers, full);
  }
}

void Books::enter_move(std::vector<Move::Half> halves) {
  const auto move = std::make_shared<Move>(std::move(halves));  // the logs of both directories
  Node* last = nullptr;
  for (const auto& half : move->halves) {
    if (half.directory != last) half.directory->log.push_back(move);
    last = half.directory;
  }
}

int Books::rename(int from_at, const char* from, int to_at, const char* to, unsigned flags) {
  const auto rename_now = [&] {
    return static_cast<int>(::syscall(SYS_renameat2, from_at, from, to_at, to, flags));
  };
  const Place source = place_of(from_at, from);
  const Place target = place_of(to_at, to);
  if (!source.directory && !target.directory) return rename_now();
  if (!begin(CallKind::rename, path_of(source.directory ? source : target))) return -1;
  const bool exchange = (flags & RENAME_EXCHANGE) != 0;
  if (target.node && !exchange) keep(*target.node);
  struct statx moved{};
  kernel::look(from_at, from, moved);
  const int done = rename_now();
  if (done != 0 || (source.node && source.node == target.node)) return done;

  Node* arrives = source.node;
  if (!arrives && target.directory) {  // made behind our back, or from elsewhere
    arrives = &enter(moved, target.directory, target.name);
    arrives->number = new_number();
    if (arrives->kind == NodeKind::file) arrives->platter.emplace();
  }
  std::vector<Move::Half> halves;
  if (source.directory) {
    Node* comes_back = exchange ? target.node : nullptr;
    halves.push_back({source.directory, source.name, comes_back, false});
    if (comes_back) {
      comes_back->parent = source.directory;
      comes_back->name = source.name;
    }
  }
  if (target.directory) {
    halves.push_back({target.directory, target.name, arrives, false});
    arrives->parent = target.directory;
    arrives->name = target.name;
  } else if (arrives) {
    leave(*arrives);
  }
  if (target.node && !exchange) leave(*target.node);
  enter_move(std::move(halves));
  return done;
}

int Books::link(int from_at, const char* from, int to_at, const char* to, int flags) {
  const Place source = place_of(from_at, from);
  const Place target = place_of(to_at, to);
  if (target.directory && source.node && !begin(CallKind::link, path_of(target))) return -1;
  const int done = static_cast<int>(::syscall(SYS_linkat, from_at, from, to_at, to, flags));
  if (done == 0 && target.directory && source.node) {
    // The bytes are read by the path of the newest name: the older one is often removed next.
    source.node->parent = target.directory;
    source.node->name = target.name;
    enter_move({{target.directory, target.name, source.node, false}});
  }
  return done;
}

int Books::symlink(const char* target, int at, const char* path) {
  const Place place = place_of(at, path);
  if (place.directory && !begin(CallKind::link, path_of(place))) return -1;
  const int done = static_cast<int>(::syscall(SYS_symlinkat, target, at, path));
  if (done == 0 && place.directory) {
    struct statx found{};
    kernel::look(at, path, found);
    Node& node = enter(found, place.directory, place.name);
    node.number = new_number();
    node.platter = target;
    enter_move({{place.directory, place.name, &node, false}});
  }
  return done;
}

int Books::remove(int at, const char* path, int flags) {
  const Place place = place_of(at, path);
  const bool ours = place.directory && place.exists;
  if (ours && !begin(CallKind::remove, path_of(place))) return -1;
  struct statx found{};
  kernel::look(at, path, found);
  if (ours && place.node) keep(*place.node);
  const int done = static_cast<int>(::syscall(SYS_unlinkat, at, path, flags));
  if (done != 0 || !ours) return done;
  enter_move({{place.directory, place.name, nullptr, false}});
  const bool last_name = S_ISDIR(found.stx_mode) || found.stx_nlink == 1;
  if (place.node && last_name) leave(*place.node);
  return done;
}

int Books::make_directory(int at, const char* path, mode_t mode) {
  const Place place = place_of(at, path);
  const bool ours = place.directory && !place.exists;
  if (ours && !begin(CallKind::make_directory, path_of(place))) return -1;
  const int done = static_cast<int>(::syscall(SYS_mkdirat, at, path, mode));
  if (done == 0 && ours) {
    struct statx found{};
    kernel::look(at, path, found);
    Node& node = enter(found, place.directory, place.name);
    node.number = new_number();
    enter_move({{place.directory, place.name, &node, false}});
  }
  return done;
}

// Everything that stands in the directory now is on the platter, also what nobody saw come or go.
void Books::sync_directory(int fd, Node& directory) {
  std::map<std::string, Node*> now = directory.entries;
  for (const auto& move : directory.log) {
    for (const auto& half : move->halves) {
      if (half.directory != &directory) continue;
      if (half.becomes) {
        now[half.name] = half.becomes;
      } else {
        now.erase(half.name);
      }
    }
  }
  std::set<std::string> standing;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd/" + std::to_string(fd) + "/.")) {
    const std::string name = entry.path().filename().string();
    standing.insert(name);
    struct statx found{};
    if (!kernel::look(fd, name.c_str(), found)) continue;
    Node* node = node_of(found);
    if (!node) {
      node = &enter(found, &directory, name);
      node->number = new_number();
      if (node->kind == NodeKind::file) node->platter.emplace();
      if (node->kind == NodeKind::link) node->platter = target_of(fd, name.c_str());
    }
    const auto known = now.find(name);
    if (known == now.end() || known->second != node) {
      enter_move({{&directory, name, node, false}});
    }
  }
  for (const auto& [name, node] : now) {
    if (!standing.contains(name)) enter_move({{&directory, name, nullptr, false}});
  }
  for (const auto& move : directory.log) {
    for (auto& half : move->halves) {
      if (half.directory == &directory) half.synced = true;
    }
  }
  const auto log = directory.log;
  settle(directory);
  for (const auto& move : log) {
    for (const auto& half : move->halves) {
      if (half.directory != &directory) settle(*half.directory);
    }
  }
}

// What is synced on both sides, and everything before it, leaves the log.
void Books::settle(Node& directory) {
  auto& log = directory.log;
  std::size_t done = 0;
  for (; done < log.size() && log[done]->synced(); ++done) {
    for (const auto& half : log[done]->halves) {
      if (half.directory != &directory) continue;
      if (half.becomes) {
        directory.entries[half.name] = half.becomes;
      } else {
        directory.entries.erase(half.name);
      }
    }
  }
  log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace hub::matrix
