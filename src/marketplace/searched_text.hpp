#pragma once
// What the search looks into, of one catalogue entry, and what it answers. Pure, any thread.

#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "contracts/catalog_entry.hpp"
#include "sql/row_set.hpp"

namespace hub::marketplace {

using Positions = sql::RowSet;  // places in Catalog::entries

// A word of the question that is nowhere, and what was searched in its place.
struct Correction {
  std::string word;
  std::vector<std::string> instead;
};
BOOST_DESCRIBE_STRUCT(Correction, (), (word, instead))

// Entries that have every word of a question: each as the beginning of one of their words.
struct Found {
  Positions anywhere;
  Positions named;  // of those: every word is in the name, id or a title
  std::vector<Correction> corrections;
};

// Texts that a person may read, joined with line ends.
std::string name_text(const CatalogEntry&);         // name, id
std::string title_text(const CatalogEntry&);        // in every language
std::string tag_text(const CatalogEntry&);          // tags
std::string description_text(const CatalogEntry&);  // in every language

// The words of a question, as they are looked up: without repetitions, at most query_words_max.
std::vector<std::string> question_words(std::string_view question);

// Answers from the entries themselves, one by one, without corrections: for as long as there is no
// index. It finds the same entries as the index does.
Found scan(const Catalog&, const std::vector<std::string>& words);

}  // namespace hub::marketplace
