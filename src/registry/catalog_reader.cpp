#include "registry/catalog_reader.hpp"

#include <algorithm>

#include "registry/catalog_walk.hpp"
#include "registry/entry_reader.hpp"
#include "registry/find_entry.hpp"
#include "registry/text.hpp"

namespace hub::registry {
namespace {

// Where an entry was read.
struct Place {
  std::size_t number = 0;  // in its list
  std::size_t offset = 0;  // of its first byte in the file
};

// Lines of offsets that never go back, so that the file is walked once.
class LineCounter {
 public:
  explicit LineCounter(std::string_view bytes) : bytes_(bytes) {}
  std::int64_t line_at(std::size_t offset) {
    line_ += std::ranges::count(bytes_.substr(at_, offset - at_), '\n');
    at_ = offset;
    return line_;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

std::string where_of(ArtifactKind kind, std::size_t place) {
  return directory_of(kind) + "[" + std::to_string(place) + "]";
}

// One list of the file.
class List {
 public:
  List(ArtifactKind kind, std::string_view bytes, Catalog& catalog)
      : kind_(kind), lines_(bytes), alias_lines_(bytes), catalog_(catalog) {}

  void read(JsonCursor& cursor) {
    // An entry takes about half a kilobyte in memory: as much as the file at most, set aside at
    // once.
    constexpr std::size_t entry_bytes = 512;
    if (all_.empty()) all_.reserve((cursor.bytes().size() - cursor.offset()) / entry_bytes);
    EntryReader reader(kind_, cursor);
    const Place place{count_++, cursor.offset()};
    reader.read();
    if (!cursor.ok()) return;
    if (!reader.fault) {
      all_.push_back(std::move(reader.entry));
      places_.push_back(place);
      return;
    }
    EntryFault& fault = *reader.fault;
    const std::string& name = reader.entry.name;
    catalog_.quarantined.push_back({where_of(kind_, place.number), name, fault.reason,
                                    "cannot read " +
                                        (name.empty() ? "the entry" : to_text(kind_) + " " + name) +
                                        ": " + fault.why,
                                    fault.hint, fault.observed, lines_.line_at(fault.offset)});
  }

  // A name is worth more than somebody else's id, whatever the order of the entries; the first
  // owner keeps an alias.
  void settle_aliases() {
    EntryIndex& index = catalog_.by_alias[kind_];
    const std::size_t first = catalog_.entries.size();
    index.reserve(all_.size() + (all_.size() / 2));
    std::vector<bool> clashing(all_.size());
    for (std::size_t at = 0; at < all_.size(); ++at) {
      clashing[at] = !index.emplace(fold(all_[at].name), first + at).second;
    }
    for (std::size_t at = 0; at < all_.size(); ++at) {
      const CatalogEntry& entry = all_[at];
      if (!clashing[at] && entry.id == entry.name) continue;
      const std::string& alias = clashing[at] ? entry.name : entry.id;
      const auto [owner, fresh] = index.emplace(fold(alias), first + at);
      if (fresh || (!clashing[at] && owner->second == first + at)) continue;
      clashing[at] = true;
      moved_ = true;
      add_clash(at, alias, all_[owner->second - first].name);
    }
    keep_free(clashing);
  }

  bool moved() const { return moved_; }  // entries are not where the index says

 private:
  void add_clash(std::size_t at, const std::string& alias, const std::string& owner) {
    const std::string& name = all_[at].name;
    catalog_.quarantined.push_back({where_of(kind_, places_[at].number), name, "alias_conflict",
                                    "cannot use " + to_text(kind_) + " " + name + ": " + owner +
                                        " already answers to \"" + alias + "\"",
                                    "give one of the two another name or id", alias,
                                    alias_lines_.line_at(places_[at].offset)});
  }

  void keep_free(const std::vector<bool>& clashing) {
    if (!moved_ && catalog_.entries.empty()) {
      catalog_.entries = std::move(all_);
      return;
    }
    for (std::size_t at = 0; at < all_.size(); ++at) {
      if (!clashing[at]) catalog_.entries.push_back(std::move(all_[at]));
    }
  }

  ArtifactKind kind_;
  LineCounter lines_, alias_lines_;
  Catalog& catalog_;
  std::size_t count_ = 0;
  std::vector<CatalogEntry> all_;
  std::vector<Place> places_;  // of each of them
  bool moved_ = false;
};

}  // namespace

Result<Catalog> read_catalog(std::string_view bytes, const CatalogOrigin& origin) {
  Catalog catalog;
  catalog.commit = origin.commit;
  catalog.digest = origin.digest;
  catalog.fetched_at = origin.fetched_at;
  List skills(ArtifactKind::skill, bytes, catalog);
  List scenarios(ArtifactKind::scenario, bytes, catalog);
  CatalogVisitor visitor;
  visitor.entry = [&](ArtifactKind kind, JsonCursor& cursor) {
    (kind == ArtifactKind::skill ? skills : scenarios).read(cursor);
  };
  visitor.other = [](const std::string&, JsonCursor& cursor) { cursor.skip(); };
  HUB_TRY(head, walk_catalog(bytes, visitor));
  skills.settle_aliases();
  scenarios.settle_aliases();
  if (skills.moved() || scenarios.moved()) index_entries(catalog);
  return catalog;
}

}  // namespace hub::registry
