#pragma once
// The marketplace as a person reads it in a terminal. Pure functions of what the hub answered and
// the width of the screen. Answers of a newer or older hub are read for what they have.

#include "base/json.hpp"
#include "cli/operation_view.hpp"

namespace hub::cli {

// Rows with state, version and title, what was searched in place of a mistyped word, what is
// hidden, and, when there is nothing, why and what to do.
Lines marketplace_table(const boost::json::object& answer, const View&);

// All about one artifact, with its README as text.
Lines marketplace_details(const boost::json::object& answer, const View&);

}  // namespace hub::cli
