#pragma once
// MarketplaceCatalog: what the marketplace shows. A pure function of (catalogue, installed
// artifacts, active operations, query, what the search found): no I/O, no clock, and the order of
// the inputs plays no part. Built once for a catalogue; immutable, so any thread may ask it. Asking
// makes rows for the page that is wanted only; the rest is counted.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "contracts/catalog_entry.hpp"
#include "contracts/marketplace_row.hpp"
#include "contracts/operation_state.hpp"
#include "marketplace/searched_text.hpp"

namespace hub::marketplace {

enum class Installed { hide, show, only };
BOOST_DESCRIBE_ENUM(Installed, hide, show, only)

enum class Sort {
  relevance,  // how well it fits the question; without one: by name
  name,       // skills, then scenarios, each by name
  updated,    // newest first
  size,       // smallest first, unknown ones last
};
BOOST_DESCRIBE_ENUM(Sort, relevance, name, updated, size)

struct Query {
  std::optional<ArtifactKind> kind = {};
  std::string q = {};                  // words, see docs/formats/search.md; or an exact name or id
  std::vector<std::string> tags = {};  // all of them, whatever the case
  std::string publisher = {};          // whatever the case
  Installed installed = Installed::hide;
  Sort sort = Sort::relevance;
  std::string after = {};  // View::next_cursor of the page before
  std::size_t limit = SIZE_MAX;
};

// shown + hidden_installed + hidden_filtered + hidden_unlisted = all entries of the catalogue.
struct Counts {
  std::int64_t shown = 0;             // on all pages
  std::int64_t hidden_installed = 0;  // fits the query, but is installed (or, for `only`, is not)
  std::int64_t hidden_filtered = 0;   // does not fit the query
  std::int64_t hidden_unlisted = 0;   // fits, but its publisher does not want it listed
  std::int64_t skills = 0;            // of those shown
  std::int64_t scenarios = 0;
  std::int64_t updates = 0;      // entries that are an update to something installed
  std::int64_t quarantined = 0;  // entries that could not be read
};
BOOST_DESCRIBE_STRUCT(Counts, (),
                      (shown, hidden_installed, hidden_filtered, hidden_unlisted, skills, scenarios,
                       updates, quarantined))

enum class EmptyReason {
  all_installed,  // all that fits the query is installed (for `only`: nothing of it is)
  no_match,       // nothing fits the query
  hidden,         // what fits is not listed
  unavailable,    // there is no catalogue
  empty,          // the catalogue has no entries
};
BOOST_DESCRIBE_ENUM(EmptyReason, all_installed, no_match, hidden, unavailable, empty)

struct Facet {
  std::string value;
  std::int64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(Facet, (), (value, count))

// Of what is shown, most frequent first, ties by value; at most facet_values_max of each.
inline constexpr std::size_t facet_values_max = 50;
struct Facets {
  std::vector<Facet> kinds, tags, publishers;
};
BOOST_DESCRIBE_STRUCT(Facets, (), (kinds, tags, publishers))

struct View {
  std::vector<MarketplaceRow> rows;  // one page; for a question an exact name or id comes first
  std::string next_cursor;           // empty: that was the last page
  Counts counts;
  Facets facets;
  std::optional<EmptyReason> empty_reason;  // exactly when nothing is shown
};

// What depends on the catalogue and an entry's place in it, and on nothing else.
struct Standing {
  std::string name, id;  // folded
  // Name, id and titles as search_words() sees them: "| weather skill | weather | погода |"
  std::string spelled;
  std::vector<std::uint32_t> tags;  // numbers in the list of all tags, each once
  std::uint32_t publisher = 0;      // the same of publishers; 0: none
};

// Numbers for texts, in the order they come; texts that fold alike share one. Of their spellings
// the first by bytes stands for all.
class Numbers {
 public:
  std::uint32_t add(const std::string& text);
  std::optional<std::uint32_t> find(const std::string& text) const;
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

class MarketplaceCatalog {
 public:
  // Null: no catalogue was ever fetched. Its entries are indexed (registry/find_entry.hpp).
  explicit MarketplaceCatalog(std::shared_ptr<const Catalog> catalog);

  // `found`: what an index of this very catalogue says about question_words(query.q). Without it
  // the entries are looked through. invalid, reason "bad_cursor": nothing has it any more.
  Result<View> view(std::span<const InstalledArtifact> installed,
                    std::span<const OperationState> operations, const Query& query,
                    const Found* found = nullptr) const;

  // One row, whatever is installed; nothing when the catalogue has no such name or id.
  std::optional<MarketplaceRow> row(std::span<const InstalledArtifact> installed,
                                    std::span<const OperationState> operations, ArtifactKind kind,
                                    std::string_view name_or_id) const;

  // The rows of scenarios that need a skill of this name, required or optional.
  std::vector<MarketplaceRow> dependents(std::span<const InstalledArtifact> installed,
                                         std::span<const OperationState> operations,
                                         const std::string& skill) const;

  const std::shared_ptr<const Catalog>& catalog() const { return catalog_; }

 private:
  struct Asking;

  void sort_entries();
  void find_installed(Asking&, std::span<const InstalledArtifact> installed) const;
  void number_filters(Asking&) const;
  void search(Asking&, const Found*) const;
  std::optional<std::size_t> position_of_cursor(const std::string& cursor) const;
  std::string cursor_of(std::size_t position) const;
  std::optional<std::size_t> find(ArtifactKind kind, std::string_view name_or_id) const;
  MarketplaceRow row_at(std::size_t position, const Asking&) const;
  bool fits(std::size_t position, const Asking&) const;
  void sift(Asking&, View&) const;
  void count_facets(const Positions& shown, View&) const;
  std::vector<std::uint32_t> ordered(const Asking&) const;
  Result<> fill_page(const Asking&, View&) const;

  std::shared_ptr<const Catalog> catalog_;
  std::vector<Standing> standings_;  // by position in the catalogue
  Numbers tags_, publishers_;        // publisher 0 is the empty one
  std::unordered_map<std::size_t, std::vector<std::size_t>> needed_by_;  // skill -> scenarios
  // Positions in the order of Sort; by_merit_ is the order of entries that fit equally well.
  std::vector<std::uint32_t> by_name_, by_updated_, by_size_, by_merit_;
};

}  // namespace hub::marketplace
