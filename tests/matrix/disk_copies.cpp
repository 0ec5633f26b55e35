// Copies of the tree as it would be found after a kill or a power cut.

#include <algorithm>
#include <stdexcept>

#include "matrix/disk_books.hpp"
#include "matrix/kernel.hpp"

namespace hub::matrix {
namespace {

constexpr std::int64_t sector = 512;

// The inside of the model writes past the books: every call here is made with the turn taken.
void write_whole(const fs::path& path, std::string_view bytes, mode_t mode) {
  const int fd =
      kernel::open(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) throw std::runtime_error("cannot write the copy " + path.string());
  while (!bytes.empty()) {
    const auto wrote = ::syscall(SYS_write, fd, bytes.data(), bytes.size());
    if (wrote <= 0) throw std::runtime_error("cannot write the copy " + path.string());
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  kernel::close(fd);
}

void put(std::string& bytes, std::int64_t at, std::string_view piece) {
  const auto begin = static_cast<std::size_t>(at);
  if (bytes.size() < begin + piece.size()) bytes.resize(begin + piece.size(), '\0');
  bytes.replace(begin, piece.size(), piece);
}

void note_number(std::string& numbers, std::uint64_t number, const std::string& path) {
  numbers += std::to_string(number) + " " + path + "\n";
}

std::string joined(const std::string& below, const std::string& name) {
  return below.empty() ? name : below + "/" + name;
}

}  // namespace

// Which of the moves and writes outlast this power cut.
struct Books::Survivors {
  PowerCut cut;
  std::mt19937_64 random;
  std::set<const Move*> fallen;
  std::set<std::uint64_t> used;
  std::uint64_t next_number = 0;
  std::string numbers;

  explicit Survivors(const PowerCut& wanted) : cut(wanted), random(wanted.seed) {}

  std::size_t up_to(std::size_t choices) {  // 0..choices
    switch (cut.unsynced) {
      case PowerCut::Unsynced::lost: return 0;
      case PowerCut::Unsynced::kept: return choices;
      case PowerCut::Unsynced::by_chance: break;
    }
    return std::uniform_int_distribution<std::size_t>(0, choices)(random);
  }

  static bool synced_in(const Move& move, const Node& directory) {
    return std::ranges::any_of(move.halves, [&](const Move::Half& half) {
      return half.directory == &directory && half.synced;
    });
  }

  // Of each directory the first few; what falls in one falls in the other, with all that came after
  // it there and was not synced.
  void choose(const std::deque<Node>& nodes) {
    std::map<const Node*, std::size_t> kept;
    for (const auto& node : nodes) {
      std::size_t synced = 0;
      for (std::size_t i = 0; i < node.log.size(); ++i) {
        if (synced_in(*node.log[i], node)) synced = i + 1;
      }
      if (!node.log.empty()) kept[&node] = synced + up_to(node.log.size() - synced);
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (auto& [node, count] : kept) {
        for (std::size_t i = 0; i < node->log.size(); ++i) {
          const Move* move = node->log[i].get();
          if (i >= count && !synced_in(*move, *node)) changed |= fallen.insert(move).second;
          if (i < count && fallen.contains(move) && !synced_in(*move, *node)) {
            count = i;
            changed = true;
          }
        }
      }
    }
  }

  std::map<std::string, Node*> entries_of(const Node& directory) const {
    auto entries = directory.entries;
    for (const auto& move : directory.log) {
      if (fallen.contains(move.get())) continue;
      for (const auto& half : move->halves) {
        if (half.directory != &directory) continue;
        if (half.becomes) {
          entries[half.name] = half.becomes;
        } else {
          entries.erase(half.name);
        }
      }
    }
    return entries;
  }

  void apply(const Change& change, std::string& bytes) {
    if (!change.bytes) {
      if (up_to(1) == 1) bytes.resize(static_cast<std::size_t>(change.at), '\0');
      return;
    }
    const std::string_view piece = *change.bytes;
    const std::size_t fate = cut.unsynced == PowerCut::Unsynced::by_chance ? up_to(2) : 1;
    if (fate < 2) {
      if (up_to(1) == 1) put(bytes, change.at, piece);
      return;
    }
    const auto end = change.at + static_cast<std::int64_t>(piece.size());
    for (auto at = change.at; at < end;) {
      const auto next = std::min(end, (at / sector + 1) * sector);
      const auto begin = static_cast<std::size_t>(at - change.at);
      if (up_to(1) == 1) put(bytes, at, piece.substr(begin, static_cast<std::size_t>(next - at)));
      at = next;
    }
  }

  // A number is given to one file only, even when the cut brings back one that had it before.
  std::uint64_t number_of(const Node& node) {
    return used.insert(node.number).second ? node.number : next_number++;
  }
};

void Books::copy_power_lost(const fs::path& to, const PowerCut& cut) {
  Survivors survivors(cut);
  survivors.choose(nodes_);
  survivors.next_number = next_number_;
  fs::create_directory(to);
  note_number(survivors.numbers, survivors.number_of(*top_), "");
  write_out(*top_, to, "", survivors);
  write_whole(to.string() + ".inodes", survivors.numbers, 0644);
}

void Books::write_out(const Node& directory, const fs::path& to, const std::string& below,
                      Survivors& survivors) {
  for (const auto& [name, node] : survivors.entries_of(directory)) {
    if (name.ends_with("-shm")) continue;
    const fs::path path = to / name;
    const std::string full = joined(below, name);
    note_number(survivors.numbers, survivors.number_of(*node), full);
    switch (node->kind) {
      case NodeKind::directory:
        fs::create_directory(path);
        fs::permissions(path, fs::perms(node->mode));
        write_out(*node, path, full, survivors);
        break;
      case NodeKind::link: fs::create_symlink(node->platter.value_or(""), path); break;
      case NodeKind::file: {
        std::string bytes = node->platter ? *node->platter : bytes_of(*node);
        for (const auto& change : node->pending) survivors.apply(change, bytes);
        write_whole(path, bytes, node->mode);
        break;
      }
    }
  }
}

void Books::copy_killed(const fs::path& to) {
  std::string numbers;
  note_number(numbers, top_->number, "");
  fs::create_directory(to);
  copy_live(root_, to, "", numbers);
  write_whole(to.string() + ".inodes", numbers, 0644);
  write_platter(to.string() + ".platter");
}

void Books::copy_live(const fs::path& from, const fs::path& to, const std::string& below,
                      std::string& numbers) {
  for (const auto& entry : fs::directory_iterator(from)) {
    struct statx found{};
    if (!kernel::look(AT_FDCWD, entry.path().c_str(), found)) continue;
    const std::string name = entry.path().filename().string();
    const std::string full = joined(below, name);
    note_number(numbers, shown(found.stx_ino), full);
    const fs::path path = to / name;
    if (S_ISDIR(found.stx_mode)) {
      fs::create_directory(path);
      fs::permissions(path, fs::perms(found.stx_mode & 07777U));
      copy_live(entry.path(), path, full, numbers);
    } else if (S_ISLNK(found.stx_mode)) {
      fs::copy_symlink(entry.path(), path);
    } else if (S_ISREG(found.stx_mode)) {
      const auto bytes = read_file(entry.path());
      write_whole(path, bytes ? *bytes : std::string(), found.stx_mode & 07777U);
    }
  }
}

}  // namespace hub::matrix
