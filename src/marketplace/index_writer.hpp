#pragma once
// What an index file holds, and how it follows a catalogue. Inner header of this room; see
// search_index.hpp.

#include <functional>
#include <optional>

#include "marketplace/search_index.hpp"

namespace hub::marketplace {

// Makes the tables; those of another version are dropped.
void prepare_index(sql::Connection&);

struct Written {
  std::int64_t added = 0, changed = 0, removed = 0;
};

// One transaction. Nothing when `stop` said so, which is asked now and then.
std::optional<Written> write_index(sql::Connection&, const Catalog&, IndexedRows& rows,
                                   const std::function<bool()>& stop);

}  // namespace hub::marketplace
