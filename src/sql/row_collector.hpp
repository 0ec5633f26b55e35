#pragma once
// An FTS5 auxiliary function that hands over all rows of a match at once. Stepping through a
// statement costs about 100 ns a row; this, a third of it. Inner header of this room; full_text.hpp
// is what others use.

#include <cstdint>

#include "sql/row_set.hpp"

struct sqlite3;

namespace hub::sql {

// What hub_rows(table, $2) is given as its pointer.
struct Collected {
  RowSet rows;
  std::int64_t left = 0;  // how many more it takes
};

inline constexpr const char* collected_pointer = "hub_collected";

// False when SQLite was built without FTS5.
bool add_row_collector(sqlite3* db);

}  // namespace hub::sql
