// What a process that ended leaves to the next one besides the files: which of it is on the
// platter.

#include <algorithm>
#include <sstream>

#include "matrix/disk_books.hpp"
#include "matrix/kernel.hpp"

namespace hub::matrix {
namespace {

constexpr std::size_t page = 4096;

// The pages that differ, and the size.
std::vector<Change> changes_between(const std::string& before, const std::string& after) {
  std::vector<Change> changes;
  if (after.size() < before.size()) {
    changes.push_back({static_cast<std::int64_t>(after.size()), {}});
  }
  for (std::size_t at = 0; at < after.size(); at += page) {
    const std::string_view now = std::string_view(after).substr(at, page);
    const std::string_view then =
        at < before.size() ? std::string_view(before).substr(at, page) : std::string_view();
    if (now != then.substr(0, now.size())) {
      changes.push_back({static_cast<std::int64_t>(at), std::string(now)});
    }
  }
  return changes;
}

}  // namespace

std::map<std::string, std::uint64_t> read_numbers(const fs::path& copy) {
  std::map<std::string, std::uint64_t> numbers;
  const auto text = read_file(copy.string() + ".inodes");
  if (!text) return numbers;
  std::istringstream lines(*text);
  std::uint64_t number = 0;
  for (std::string path; lines >> number && std::getline(lines.ignore(), path);) {
    numbers[path] = number;
  }
  return numbers;
}

// The folder holds the synced bytes of each file that has unsynced ones, by its place in nodes_,
// and in "index":
//   node <place> <number> <kind> <mode> <path, empty when it is gone>
//   entry <place of directory> <place> <name>     as synced
//   given_up <place> <from> <to>
void Books::write_platter(const fs::path& platter) const {
  fs::remove_all(platter);
  fs::create_directory(platter);
  std::ostringstream index;
  std::unordered_map<const Node*, std::size_t> places;
  for (const auto& node : nodes_) places.emplace(&node, places.size());
  for (const auto& [node, place] : places) {
    index << "node " << place << ' ' << node->number << ' ' << static_cast<int>(node->kind) << ' '
          << node->mode << ' ' << (node->gone ? "" : path_of(*node)) << '\n';
    if (node->platter) std::ofstream(platter / std::to_string(place)) << *node->platter;
    for (const auto& [from, to] : node->given_up) {
      index << "given_up " << place << ' ' << from << ' ' << to << '\n';
    }
  }
  for (const auto& [node, place] : places) {
    for (const auto& [name, child] : node->entries) {
      index << "entry " << place << ' ' << places.at(child) << ' ' << name << '\n';
    }
  }
  std::ofstream(platter / "index") << index.str();
}

void Books::give_up(Node& node) {
  for (const auto& change : node.pending) {
    if (!change.bytes) continue;
    node.given_up.emplace_back(change.at,
                               change.at + static_cast<std::int64_t>(change.bytes->size()));
  }
  outlive();
}

void Books::outlive() const {
  write_platter(root_.string() + ".platter");
  std::string numbers;
  for (const auto& one : nodes_) {
    if (!one.gone) numbers += std::to_string(one.number) + " " + path_of(one) + "\n";
  }
  std::ofstream(root_.string() + ".inodes") << numbers;
}

void Books::remember(const fs::path& platter) {
  std::unordered_map<std::string, Node*> by_path;
  std::set<Node*> unknown;
  for (auto& node : nodes_) {
    by_path[path_of(node)] = &node;
    unknown.insert(&node);
  }
  std::map<std::size_t, Node*> by_place;
  std::map<Node*, std::map<std::string, Node*>> synced;
  const std::string text = read_file(platter / "index").value_or("");
  for (const char* wanted : {"node", "entry", "given_up"}) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string word, name;
      std::size_t place = 0;
      words >> word >> place;
      if (word != wanted) continue;
      if (word == "node") {
        std::uint64_t number = 0;
        int kind = 0;
        mode_t mode = 0;
        words >> number >> kind >> mode;
        std::getline(words.ignore(), name);
        const auto live = by_path.find(name);
        const bool gone = place != 0 && name.empty();
        Node* node = gone || live == by_path.end() ? &nodes_.emplace_back() : live->second;
        node->gone = gone || live == by_path.end();
        node->number = number;
        node->kind = static_cast<NodeKind>(kind);
        node->mode = mode;
        by_place[place] = node;
        unknown.erase(node);
        if (const auto bytes = read_file(platter / std::to_string(place))) {
          node->platter = *bytes;
          if (!node->gone && node->kind == NodeKind::file) {
            node->pending = changes_between(*bytes, bytes_of(*node));
          }
        }
      } else if (word == "entry") {
        std::size_t child = 0;
        words >> child;
        std::getline(words.ignore(), name);
        synced[by_place.at(place)][name] = by_place.at(child);
      } else {
        auto& range = by_place.at(place)->given_up.emplace_back();
        words >> range.first >> range.second;
      }
    }
  }
  for (Node* node : unknown) {  // nobody saw it come
    if (node->kind != NodeKind::file) continue;
    node->platter.emplace();
    node->pending = changes_between("", bytes_of(*node));
  }
  enter_differences(synced);
}

// From the names that were synced to those that are there. A node that moved is one change in both
// directories.
void Books::enter_differences(const std::map<Node*, std::map<std::string, Node*>>& synced) {
  using Name = std::pair<Node*, std::string>;
  std::map<Name, Node*> then, now;
  std::map<Node*, Name> stood;
  for (auto& node : nodes_) {
    for (const auto& [name, child] : node.entries) now[{&node, name}] = child;
    node.entries.clear();
  }
  for (const auto& [directory, entries] : synced) {
    directory->entries = entries;
    for (const auto& [name, child] : entries) {
      then[{directory, name}] = child;
      stood[child] = {directory, name};
    }
  }
  const auto at = [](const std::map<Name, Node*>& names, const Name& name) {
    const auto found = names.find(name);
    return found == names.end() ? nullptr : found->second;
  };
  std::set<Name> told;
  for (const auto& [name, node] : now) {
    if (at(then, name) == node || !told.insert(name).second) continue;
    std::vector<Move::Half> halves{{name.first, name.second, node, false}};
    const auto from = stood.find(node);
    if (from != stood.end() && at(now, from->second) != node && told.insert(from->second).second) {
      halves.push_back({from->second.first, from->second.second, at(now, from->second), false});
    }
    enter_move(std::move(halves));
  }
  for (const auto& [name, node] : then) {
    if (!at(now, name) && !told.contains(name)) {
      enter_move({{name.first, name.second, nullptr, false}});
    }
  }
}

}  // namespace hub::matrix
