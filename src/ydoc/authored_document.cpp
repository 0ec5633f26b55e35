#include "ydoc/authored_document.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

namespace hub::ydoc {
namespace {

// Joining dead structs is a pass over all: done when they have doubled, and never for a few.
constexpr std::size_t kTidySlack = 256;

std::string text_of(const Path& path) {
  std::string out;
  for (const std::string& part : path) out += (out.empty() ? "" : ".") + part;
  return out;
}

bool is_hub_place(const Path& path) {
  if (path.size() < 2) return false;
  if (path[0] == kRootRuntime || path[0] == kRootRegistry) return true;
  if (path[0] != kRootData) return false;
  return path[1] == kKeyInfrastate ||
         (path[1] == kKeyDesktop && path.size() > 2 && path[2] == kKeyToasts);
}

}  // namespace

struct AuthoredDocument::Item {
  Clock clock = 0;
  Clock length = 1;
  State state = State::live;
  ContentKind content = ContentKind::any;
  std::optional<Clock> origin;     // the author's own; then parent and key are known from there
  std::optional<StructId> parent;  // nothing: the root
  std::string root;
  std::string key;
  std::string body;

  Clock end() const { return clock + length; }
};

struct AuthoredDocument::Entry {
  Clock clock = 0;  // of the last item under this key, live or not
  bool present = false;
  Json value;
  std::unique_ptr<Node> map;
};

struct AuthoredDocument::Node {
  std::string root;            // a root, or
  std::optional<StructId> id;  // the item whose content is this map
  std::map<std::string, Entry, std::less<>> entries;
};

AuthoredDocument::AuthoredDocument(ClientId author) : author_(author) {
  if (!is_author(author)) throw std::logic_error("the hub's client id must be a reserved one");
  for (const std::string_view name : {kRootRuntime, kRootRegistry, kRootData}) {
    roots_.emplace(name, std::make_unique<Node>()).first->second->root = name;
  }
  Entry desktop;
  desktop.present = true;
  desktop.map = std::make_unique<Node>();
  desktop.map->id = kDesktopContainer;
  roots_.find(kRootData)->second->entries.emplace(kKeyDesktop, std::move(desktop));
}

AuthoredDocument::AuthoredDocument(AuthoredDocument&&) noexcept = default;
AuthoredDocument& AuthoredDocument::operator=(AuthoredDocument&&) noexcept = default;
AuthoredDocument::~AuthoredDocument() = default;

AuthoredDocument::Node* AuthoredDocument::find_node(const Path& path, std::size_t depth) const {
  if (depth == 0) return nullptr;
  const auto root = roots_.find(path[0]);
  if (root == roots_.end()) return nullptr;
  Node* node = root->second.get();
  for (std::size_t i = 1; i < depth; ++i) {
    const auto found = node->entries.find(path[i]);
    if (found == node->entries.end() || !found->second.present || !found->second.map) {
      return nullptr;
    }
    node = found->second.map.get();
  }
  return node;
}

std::pair<AuthoredDocument::Node*, std::string> AuthoredDocument::place(const Path& path) {
  Node* node = is_hub_place(path) ? find_node(path, path.size() - 1) : nullptr;
  if (!node) throw std::logic_error("cannot write " + text_of(path) + ": no map of the hub there");
  return {node, path.back()};
}

AuthoredDocument::Entry& AuthoredDocument::write(Node& node, const std::string& key,
                                                 ContentKind content, std::string body) {
  if (next_ + 1 >= kClockMax) throw std::logic_error("the author's clock is used up");
  auto [found, fresh] = node.entries.try_emplace(key);
  Entry& entry = found->second;
  Item item;
  item.clock = next_++;
  item.content = content;
  item.body = std::move(body);
  item.key = key;
  if (fresh) {
    item.parent = node.id;
    item.root = node.root;
  } else {
    item.origin = entry.clock;
    if (entry.present) {
      if (entry.map) remove_tree(*entry.map);
      remove_item(entry.clock);
    }
  }
  entry.clock = item.clock;
  entry.present = true;
  entry.map.reset();
  entry.value = nullptr;
  items_.push_back(std::move(item));
  ++live_;
  return entry;
}

void AuthoredDocument::set(const Path& path, Json value) {
  const auto [node, key] = place(path);
  const auto found = node->entries.find(key);
  if (found != node->entries.end() && found->second.present && !found->second.map &&
      found->second.value == value) {
    return;
  }
  Writer body;
  body.var_uint(1);
  body.any(value);
  write(*node, key, ContentKind::any, body.take()).value = std::move(value);
}

void AuthoredDocument::write_map(Node& node, const std::string& key) {
  Writer body;
  body.var_uint(kTypeMap);
  Entry& entry = write(node, key, ContentKind::type, body.take());
  entry.map = std::make_unique<Node>();
  entry.map->id = StructId{author_, entry.clock};
}

void AuthoredDocument::set_map(const Path& path) {
  const auto [node, key] = place(path);
  if (is_map(path)) return;
  write_map(*node, key);
}

void AuthoredDocument::erase(const Path& path) {
  const auto [node, key] = place(path);
  const auto found = node->entries.find(key);
  if (found == node->entries.end() || !found->second.present) return;
  Entry& entry = found->second;
  if (entry.map) remove_tree(*entry.map);
  remove_item(entry.clock);
  entry.present = false;
  entry.map.reset();
  entry.value = nullptr;
}

// NOLINTNEXTLINE(misc-no-recursion): the nesting of our own values
void AuthoredDocument::copy(const Node& from, Node& to) {
  for (const auto& [key, entry] : from.entries) {
    if (!entry.present) continue;
    if (entry.map) {
      write_map(to, key);
      copy(*entry.map, *to.entries.find(key)->second.map);
    } else {
      Writer body;
      body.var_uint(1);
      body.any(entry.value);
      write(to, key, ContentKind::any, body.take()).value = entry.value;
    }
  }
}

void AuthoredDocument::rotate(const Path& path) {
  const auto [node, key] = place(path);
  const auto found = node->entries.find(key);
  if (found == node->entries.end() || !found->second.present || !found->second.map) return;
  remove_tree(*found->second.map);
  const std::unique_ptr<Node> old = std::exchange(found->second.map, nullptr);
  write_map(*node, key);
  copy(*old, *found->second.map);
  tidied_size_ = 0;  // there is much to join now
  rotated_at_ = next_;
}

std::size_t AuthoredDocument::structs() const { return items_.size(); }

std::size_t AuthoredDocument::index_of(Clock clock) const {
  const auto after =
      std::upper_bound(items_.begin(), items_.end(), clock,
                       [](Clock wanted, const Item& item) { return wanted < item.clock; });
  return static_cast<std::size_t>(after - items_.begin()) - 1;
}

AuthoredDocument::Item& AuthoredDocument::item_at(Clock clock) { return items_[index_of(clock)]; }

void AuthoredDocument::remove_item(Clock clock) {
  Item& item = item_at(clock);
  item.state = State::deleted;
  item.content = ContentKind::deleted;
  item.body = {};
  deleted_.add({clock, clock + 1});
  deleted_since_commit_.add({clock, clock + 1});
  --live_;
}

// Everything in a deleted container becomes GC: nothing can ever refer to it again.
// NOLINTNEXTLINE(misc-no-recursion): the nesting of our own values
void AuthoredDocument::remove_tree(Node& node) {
  for (auto& [key, entry] : node.entries) {
    if (entry.present && entry.map) remove_tree(*entry.map);
    if (entry.present) remove_item(entry.clock);
    for (std::optional<Clock> at = entry.clock; at;) {  // and the key's earlier values
      Item& item = item_at(*at);
      item.state = State::gc;
      at = item.origin;
    }
  }
}

bool AuthoredDocument::joins(const Item& left, const Item& right) const {
  if (left.state != right.state) return false;
  if (left.state == State::gc) return true;
  return left.state == State::deleted && right.origin == left.end() - 1;
}

void AuthoredDocument::tidy_when_worth_it() {
  if (items_.size() < 2 * tidied_size_ + kTidySlack) return;
  std::vector<Item> out;
  for (Item& item : items_) {
    if (!out.empty() && joins(out.back(), item)) {
      out.back().length += item.length;
    } else {
      out.push_back(std::move(item));
    }
  }
  items_ = std::move(out);
  tidied_size_ = items_.size();
}

void AuthoredDocument::write_struct(Writer& out, const Item& item, Clock from) const {
  const Clock offset = from > item.clock ? from - item.clock : 0;
  if (item.state == State::gc) return write_gc(out, item.length - offset);
  ItemHead head;
  head.key = item.key;
  if (offset > 0) {
    head.origin = StructId{author_, from - 1};
  } else if (item.origin) {
    head.origin = StructId{author_, *item.origin};
  } else if (item.parent) {
    head.parent = item.parent;
  } else {
    head.root = item.root;
  }
  write_item_head(out, head, item.content);
  if (item.state == State::deleted) {
    out.var_uint(item.length - offset);
  } else {
    out.raw(item.body);
  }
}

std::string AuthoredDocument::commit() {
  if (next_ == committed_ && deleted_since_commit_.empty()) return {};
  UpdateWriter update;
  if (next_ > committed_) {
    Writer structs;
    const std::size_t first = index_of(committed_);
    for (std::size_t i = first; i < items_.size(); ++i)
      write_struct(structs, items_[i], committed_);
    update.client({author_, committed_}, items_.size() - first, structs.take());
  }
  update.deletes(author_, deleted_since_commit_);
  committed_ = next_;
  deleted_since_commit_ = {};
  tidy_when_worth_it();
  return update.take();
}

void AuthoredDocument::add_to(StateVector& vector) const {
  vector[kContainerAuthor] = 1;
  if (committed_ > 0) vector[author_] = committed_;
}

void AuthoredDocument::add_to(UpdateWriter& update, const StateVector& theirs) const {
  const auto has = [&](ClientId client) {
    const auto found = theirs.find(client);
    return found == theirs.end() ? Clock{0} : found->second;
  };
  if (has(kContainerAuthor) < 1) {
    Writer desktop;
    ItemHead head;
    head.root = kRootData;
    head.key = kKeyDesktop;
    write_item_head(desktop, head, ContentKind::type);
    desktop.var_uint(kTypeMap);
    update.client({kContainerAuthor, 0}, 1, desktop.take());
  }
  if (const Clock from = has(author_); from < next_) {
    Writer structs;
    const std::size_t first = index_of(from);
    for (std::size_t i = first; i < items_.size(); ++i) write_struct(structs, items_[i], from);
    update.client({author_, from}, items_.size() - first, structs.take());
  }
  update.deletes(author_, deleted_);
}

std::string AuthoredDocument::encode_diff(const StateVector& theirs) const {
  UpdateWriter update;
  add_to(update, theirs);
  return update.take();
}

const Json* AuthoredDocument::find(const Path& path) const {
  const Node* node = path.empty() ? nullptr : find_node(path, path.size() - 1);
  if (!node) return nullptr;
  const auto found = node->entries.find(path.back());
  const bool plain = found != node->entries.end() && found->second.present && !found->second.map;
  return plain ? &found->second.value : nullptr;
}

bool AuthoredDocument::is_map(const Path& path) const { return find_node(path, path.size()); }

std::vector<std::string> AuthoredDocument::keys(const Path& path) const {
  std::vector<std::string> out;
  if (const Node* node = find_node(path, path.size())) {
    for (const auto& [key, entry] : node->entries) {
      if (entry.present) out.push_back(key);
    }
  }
  return out;
}

Json AuthoredDocument::to_json() const {
  const auto render = [](const Node& node, const auto& self) -> boost::json::object {
    boost::json::object out;
    for (const auto& [key, entry] : node.entries) {
      if (!entry.present) continue;
      out[key] = entry.map ? Json(self(*entry.map, self)) : entry.value;
    }
    return out;
  };
  boost::json::object out;
  for (const auto& [name, node] : roots_) out[name] = render(*node, render);
  return out;
}

bool AuthoredDocument::is_live(ClientId client, Range range) const {
  if (client == kContainerAuthor) return range.start == 0 && range.end > 0;
  if (client != author_ || range.start >= next_) return false;
  return !deleted_.covers({range.start, std::min(range.end, next_)});
}

}  // namespace hub::ydoc
