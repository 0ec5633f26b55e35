#pragma once
// Markdown of strangers as a tree of nodes that cannot do harm: no markup passes through, links go
// to http, https and mailto only, images are their alternative text. Whoever shows it makes
// elements of the nodes, never markup. CommonMark with tables, strikethrough and task lists (md4c);
// raw HTML is text. docs/integrators.md lists the nodes. Pure, any thread.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace hub::marketplace {

inline constexpr std::size_t markdown_bytes_max = std::size_t{128} << 10U;
inline constexpr std::size_t markdown_nodes_max = 10'000;
inline constexpr std::size_t markdown_depth_max = 12;  // what is deeper stands a level higher

struct Document {
  boost::json::array nodes;
  bool truncated = false;  // a limit was met; what is there is its beginning
};

Document read_markdown(std::string_view text);

// All text below, without anything else.
std::string plain_text(const boost::json::array& nodes);

// A changelog by its headings: one part for each version they name, in their order. What comes
// before the first is left out.
struct ChangelogPart {
  std::string version;
  std::string title;  // of the heading
  boost::json::array nodes;
};
std::vector<ChangelogPart> parts_of_changelog(const Document&);

}  // namespace hub::marketplace
