#pragma once
// The rule of ownership (ownership.hpp) applied to one update from a browser, which it needs to
// know nothing else for. A struct that touches the hub's part becomes a GC struct of the same
// length: refusing it would leave a gap in its author's clock and hold back all its later edits.
// A delete of the hub's structs is dropped, and so are structs that carry the hub's own ids.
// A subdocument becomes a GC struct wherever it is: nobody could say who owns what is in one.
//
// Not every one of these is an attack: an honest browser that comes back gives us our own structs
// and deletes of them again. FilteredUpdate says which is which.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ydoc/ranges.hpp"

namespace hub::ydoc {

struct FilteredUpdate {
  std::string rewritten;  // empty when `changed` is false: take the bytes as they are
  bool changed = false;
  std::size_t forged_structs = 0;  // a browser's own writes to what the hub owns, and subdocuments
  StateVector returned;            // up to where it had structs under the hub's ids, dropped
  DeleteSet refused_deletes;       // of reserved ids; a forgery where they hide something live
};

// invalid "malformed_update".
Result<FilteredUpdate> filter_update(std::string_view update);

}  // namespace hub::ydoc
