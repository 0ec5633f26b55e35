#pragma once
// SharedDocument: one webspace's document as browsers see it. What the hub authored and what
// browsers wrote, side by side; neither is ever integrated into the other, browsers do that.
//
//   browser -> filter -> ForeignStore -> the other browsers, persistence
//   hub     -> AuthoredDocument -----------> all browsers
//
// Knows no network, no clock, no operations. One thread at a time.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "ydoc/authored_document.hpp"
#include "ydoc/filter.hpp"
#include "ydoc/foreign_store.hpp"
#include "ydoc/message.hpp"

namespace hub::ydoc {

inline constexpr std::size_t kUpdateBytesMax = std::size_t{1} << 20U;

// What follows from one message.
struct Reaction {
  std::vector<Frame> answers;  // to its sender, in this order
  Frame broadcast;             // to everybody else; null: nothing was new
  std::string persist;         // the update to keep; empty: nothing
  bool forged = false;         // it tried to write what the hub owns, and that part is gone
};

class SharedDocument {
 public:
  // `author`: an id that was never used for this webspace. `first_claimed`..author-1 are ids of
  // earlier openings: we say that we have all of theirs, so that browsers keep their remains.
  SharedDocument(ClientId author, ClientId first_claimed, ForeignStore foreign);

  // Write through this, then commit.
  AuthoredDocument& authored() { return authored_; }
  const AuthoredDocument& authored() const { return authored_; }
  const ForeignStore& foreign() const { return foreign_; }

  // The frame with what was written since the last commit, for everybody; null: nothing.
  Frame commit();

  // The same live values authored afresh under a new id, without any residue. The frame is for
  // everybody; clients converge on it as they do after a restart.
  Frame renew(ClientId author);

  // The hub's step 1, first thing on each connection.
  Frame greeting() const;

  // Takes step 1, step 2 and update; other kinds give an empty reaction.
  // invalid "malformed_…"; exhausted "document_full"; then the document is as it was.
  Result<Reaction> handle(const Message&);

  StateVector state_vector() const;
  // Everything that a client with this state vector lacks, the hub's part and the browsers', as
  // one update: a client that applies it never sees half.
  std::string encode_diff(const StateVector&) const;

 private:
  bool is_forged(const FilteredUpdate&) const;
  Frame step2(const StateVector& theirs);

  AuthoredDocument authored_;
  ForeignStore foreign_;
  ClientId first_claimed_;
  Frame whole_;  // the answer to an empty state vector, until something changes
};

}  // namespace hub::ydoc
