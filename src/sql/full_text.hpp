#pragma once
// What FTS5 tables are asked beside SQL.

#include <cstdint>
#include <string_view>

#include "sql/connection.hpp"
#include "sql/row_set.hpp"

namespace hub::sql {

// The rows of an FTS5 table that one phrase is in, at most `rows_max` of them, lowest rowids first.
// `query` is "SELECT hub_rows(t, $2) FROM t WHERE t MATCH $1 LIMIT 1" for a table t. Throws
// Failure.
RowSet match_rows(Connection&, Query query, std::string_view phrase, std::int64_t rows_max);

}  // namespace hub::sql
