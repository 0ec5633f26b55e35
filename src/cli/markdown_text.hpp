#pragma once
// Markdown nodes, as the hub sends them (docs/integrators.md), as lines of text. Pure.

#include "base/json.hpp"
#include "cli/text.hpp"

namespace hub::cli {

// Of the member "nodes" of an object; unknown nodes show what is inside them.
Lines markdown_lines(const boost::json::object& holder, int columns);

}  // namespace hub::cli
