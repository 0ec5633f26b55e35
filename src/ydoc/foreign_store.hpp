#pragma once
// ForeignStore: what browsers wrote in a webspace's document, kept and passed on as opaque structs
// per client, never integrated. Merging and diffing are Yjs's own mergeUpdates and diffUpdate: the
// first struct that covers a clock stays; gaps stay gaps and are told as Skips.
//
// Give it filtered updates only (filter.hpp); it checks their form again, but not who owns what.
// Runs of typed text, list values and deleted things are joined, and the content of what is wholly
// deleted is let go, so it grows with what is there rather than with what was done.
//
// One thread at a time.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ydoc/update.hpp"

namespace hub::ydoc {

struct ForeignLimits {
  std::size_t bytes_max = std::size_t{8} << 20U;  // with our bookkeeping
  std::size_t clients_max = 20'000;               // a page load that writes is one
};

class ForeignStore {
 public:
  explicit ForeignStore(ForeignLimits limits = {}) : limits_(limits) {}

  // Takes what is new and gives just that, as an update; empty when nothing was.
  // invalid "malformed_update"; exhausted "document_full": over a limit. Then nothing changed.
  Result<std::string> merge(std::string_view update);

  // All of it, as one update (with Skips where there are gaps): for persistence.
  std::string encode() const;

  // What a client may believe we have: up to the first gap.
  void add_to(StateVector&) const;
  // All that a client with this state vector lacks, and the whole delete set.
  void add_to(UpdateWriter&, const StateVector&) const;

  bool empty() const { return clients_.empty() && deletes_.empty(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t clients() const { return clients_.size(); }

  // Lets go of deleted content and joins what it can; a pass over everything.
  void compact();

 private:
  struct Piece {
    Clock clock = 0;
    Clock length = 0;
    std::string bytes;  // one struct
    Clock end() const { return clock + length; }
  };
  using Pieces = std::vector<Piece>;  // by clock
  using News = std::map<ClientId, Pieces>;

  void find_new(ClientId, const Struct&, Pieces& out) const;
  Result<> check_room(const News&, const DeleteSet&, std::size_t structs_bytes) const;
  void take(ClientId, Pieces fresh);
  static void write(UpdateWriter&, ClientId, const Pieces&, Clock from);
  static void append(Pieces& to, ClientId, Piece piece);
  static std::size_t cost(const Pieces&);
  void compact_when_worth_it();

  ForeignLimits limits_;
  std::map<ClientId, Pieces> clients_;
  DeleteSet deletes_;
  std::size_t bytes_ = 0;
  std::size_t compacted_bytes_ = 0;
};

}  // namespace hub::ydoc
