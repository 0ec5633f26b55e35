#pragma once
// MarketplaceCatalog: what the marketplace shows. A pure function of (catalogue, installed
// artifacts, active operations, query): no I/O, no clock, and the order of the inputs plays no
// part. Built once for a catalogue; immutable, so any thread may ask it.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "contracts/artifact.hpp"
#include "contracts/catalog_entry.hpp"
#include "contracts/marketplace_row.hpp"
#include "contracts/operation_state.hpp"

namespace hub::marketplace {

enum class Installed { hide, show };

struct Query {
  std::optional<ArtifactKind> kind = {};
  std::string q = {};  // a part of name, id, title, description or a tag, whatever the case
  Installed installed = Installed::hide;
};

// shown + hidden_installed + hidden_filtered = all entries of the catalogue.
struct Counts {
  std::int64_t shown = 0;
  std::int64_t hidden_installed = 0;  // fits the query, is installed
  std::int64_t hidden_filtered = 0;   // does not fit the query
  std::int64_t skills = 0;            // of those shown
  std::int64_t scenarios = 0;
  std::int64_t updates = 0;      // entries that are an update to something installed
  std::int64_t quarantined = 0;  // entries that could not be read
};
BOOST_DESCRIBE_STRUCT(Counts, (),
                      (shown, hidden_installed, hidden_filtered, skills, scenarios, updates,
                       quarantined))

enum class EmptyReason {
  all_installed,  // all that fits the query is installed
  no_match,       // nothing fits the query
  unavailable,    // there is no catalogue
  empty,          // the catalogue has no entries
};
BOOST_DESCRIBE_ENUM(EmptyReason, all_installed, no_match, unavailable, empty)

struct View {
  std::vector<MarketplaceRow> rows;  // an exact name or id first; then skills, scenarios, by name
  Counts counts;
  std::optional<EmptyReason> empty_reason;  // exactly when there are no rows
};

class MarketplaceCatalog {
 public:
  // Null: no catalogue was ever fetched.
  explicit MarketplaceCatalog(std::shared_ptr<const Catalog> catalog);

  View view(std::span<const InstalledArtifact> installed,
            std::span<const OperationState> operations, const Query& query) const;

 private:
  struct Entry {
    const CatalogEntry* entry = nullptr;
    std::string name, id, title;  // folded
    std::string haystack;         // folded: all that a query looks into
  };

  static bool fits(const Entry&, const Query&, const std::string& folded_q);

  std::shared_ptr<const Catalog> catalog_;  // keeps what entries_ points into alive
  std::vector<Entry> entries_;              // sorted by kind, then name
  std::unordered_map<std::string, std::size_t> skills_by_alias_;
};

}  // namespace hub::marketplace
