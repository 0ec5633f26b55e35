#pragma once
// AuthoredDocument: the hub's part of a webspace's document, as Y.Maps and plain values. Only ever
// written, never merged with anything: the store is the truth and this is its shape on the wire.
//
//   AuthoredDocument document(author);       // a reserved id that was never used for this webspace
//   document.set({"runtime", "meta", "seq"}, 7);
//   if (auto update = document.commit(); !update.empty()) broadcast(update);
//
// A set writes an item after the key's previous one and deletes that one, as Yjs does. What is
// equal already is not written. Deleted items join into runs and the inside of a deleted container
// into one GC struct; rotate() replaces a container whose keys left too many of them.
//
// Commit before you encode: state and differences are told from what is committed.
//
// One thread at a time. Writing elsewhere than in the hub's places (ownership.hpp), or through
// something that is no map, is a bug and throws std::logic_error.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "ydoc/ownership.hpp"
#include "ydoc/update.hpp"

namespace hub::ydoc {

using Path = std::vector<std::string>;  // a root, then keys

class AuthoredDocument {
 public:
  explicit AuthoredDocument(ClientId author);
  AuthoredDocument(AuthoredDocument&&) noexcept;
  AuthoredDocument& operator=(AuthoredDocument&&) noexcept;
  ~AuthoredDocument();

  // A plain value. Integers arrive as numbers, not as BigInt.
  void set(const Path&, Json value);
  // A nested Y.Map; what is a map already stays.
  void set_map(const Path&);
  // Nothing happens when there is no such key.
  void erase(const Path&);
  // A fresh Y.Map with the same live values in place of this one. Clients converge, connected or
  // offline, and what the old one left behind becomes one GC struct.
  void rotate(const Path& map);

  // The update (v1) of all that was written since the last commit; empty when that is nothing.
  std::string commit();

  // Live values and keys. Readers get null and nothing where there is none.
  const Json* find(const Path&) const;  // a plain value
  bool is_map(const Path&) const;
  std::vector<std::string> keys(const Path& map) const;
  Json to_json() const;  // {"runtime": {...}, "registry": {...}, "data": {...}}

  ClientId author() const { return author_; }
  Clock next_clock() const { return next_; }
  void add_to(StateVector&) const;
  // All that a client with this state vector lacks, and the whole delete set.
  void add_to(UpdateWriter&, const StateVector&) const;
  std::string encode_state() const { return encode_diff({}); }
  std::string encode_diff(const StateVector&) const;

  // Whether a delete of this range would hide something that is there.
  bool is_live(ClientId, Range) const;

  std::size_t live_items() const { return live_; }
  std::size_t structs() const;
  Clock written_since_rotation() const { return next_ - rotated_at_; }

 private:
  enum class State : std::uint8_t { live, deleted, gc };
  struct Item;
  struct Node;
  struct Entry;

  Node& root(const std::string& name);
  Node* find_node(const Path&, std::size_t depth) const;
  std::pair<Node*, std::string> place(const Path&);
  Entry& write(Node& node, const std::string& key, ContentKind content, std::string body);
  void write_map(Node& node, const std::string& key);
  void copy(const Node& from, Node& to);
  void remove_item(Clock clock);
  void remove_tree(Node& node);
  Item& item_at(Clock clock);
  std::size_t index_of(Clock clock) const;
  void tidy_when_worth_it();
  bool joins(const Item& left, const Item& right) const;
  void write_struct(Writer&, const Item&, Clock from) const;

  ClientId author_;
  Clock next_ = 0;
  Clock committed_ = 0;
  Clock rotated_at_ = 0;
  std::size_t live_ = 0;
  std::size_t tidied_size_ = 0;
  std::vector<Item> items_;  // by clock, without gaps
  RangeSet deleted_, deleted_since_commit_;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> roots_;
};

}  // namespace hub::ydoc
