#pragma once
// How well an entry fits a question. Pure, any thread. Inner header of this room.

#include <string>
#include <vector>

#include "contracts/catalog_entry.hpp"
#include "marketplace/marketplace_catalog.hpp"

namespace hub::marketplace {

// Only so many of what a search finds are weighed; the rest follows by merit. Keeps a word that is
// in every entry from costing more than others.
inline constexpr std::size_t weighed_max = 2'000;

struct Question {
  explicit Question(const std::string& q);

  std::string folded;                // the whole of it
  std::vector<std::string> words;    // question_words()
  std::vector<std::string> written;  // its words without stemming
  std::string spelled;               // those with spaces between: "weather skill"
};

// "| weather skill | weather | погода |"
std::string spelled(const CatalogEntry&);

// What is best is lowest: 0 for the exact name or id; then a name, id or title that is the
// question, or begins so; then every word whole in those, or at the beginning of a word there; then
// a tag, the publisher, the description. `named`: every word of the question, or what was searched
// in its place, is in name, id or title.
enum class Named { no, yes };
int weight_of(const Question&, const CatalogEntry&, const Standing&, Named);

}  // namespace hub::marketplace
