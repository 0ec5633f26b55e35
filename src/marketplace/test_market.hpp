#pragma once
// What the tests of this room share: small catalogues, and random worlds.

#include <algorithm>
#include <array>
#include <random>

#include "base/json.hpp"
#include "marketplace/marketplace_catalog.hpp"
#include "registry/find_entry.hpp"

namespace hub::marketplace::testing {

inline CatalogEntry entry_of(ArtifactKind kind, const std::string& name,
                             const std::string& version = "1.0.0") {
  CatalogEntry entry;
  entry.kind = kind;
  entry.name = entry.id = name;
  entry.version = version;
  entry.tree = "sha256:" + name + version;
  return entry;
}

inline CatalogEntry skill(const std::string& name, const std::string& version = "1.0.0") {
  return entry_of(ArtifactKind::skill, name, version);
}

inline InstalledArtifact installed_from(const CatalogEntry& entry) {
  InstalledArtifact installed;
  installed.kind = entry.kind;
  installed.name = entry.name;
  installed.id = entry.id;
  installed.version = entry.version;
  installed.tree = entry.tree;
  return installed;
}

inline OperationState operation_on(const std::string& resource, const std::string& id = "op_1") {
  OperationState state;
  state.operation_id = OperationId(id);
  state.status = OperationStatus::running;
  state.current_step = "fetch";
  state.progress = 42;
  state.resources = {Resource(resource)};
  return state;
}

inline std::shared_ptr<const Catalog> catalog_of(std::vector<CatalogEntry> entries) {
  auto catalog = std::make_shared<Catalog>();
  catalog->entries = std::move(entries);
  registry::index_entries(*catalog);
  return catalog;
}

inline MarketplaceCatalog market_of(std::vector<CatalogEntry> entries) {
  return MarketplaceCatalog(catalog_of(std::move(entries)));
}

inline std::vector<std::string> names_of(const View& view) {
  std::vector<std::string> names;
  for (const auto& row : view.rows) names.push_back(to_text(row.kind) + ":" + row.name);
  return names;
}

inline std::string text_of(const View& view) {
  std::string text;
  for (const auto& row : view.rows) text += boost::json::serialize(to_wire(row)) + "\n";
  const std::string reason =
      view.empty_reason ? boost::json::serialize(to_json(*view.empty_reason)) : "";
  return text + boost::json::serialize(to_json(view.counts)) +
         boost::json::serialize(to_json(view.facets)) + view.next_cursor + reason;
}

// A small random world. Few names, so that all meet each other.
struct World {
  std::vector<CatalogEntry> entries;
  std::vector<InstalledArtifact> installed;
  std::vector<OperationState> operations;
  Query query;

  explicit World(unsigned seed) : random_(seed) {
    for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
      for (int at = 0; at < 8; ++at) {
        if (one_in(2)) add_entry(kind, "name_" + std::to_string(at));
        if (one_in(3)) {
          installed.push_back(
              installed_from(entry_of(kind, "NAME_" + std::to_string(at), version())));
        }
      }
    }
    for (int at = 0; at < 4; ++at) {
      operations.push_back(
          operation_on((one_in(2) ? "skill:name_" : "scenario:name_") + std::to_string(pick(8)),
                       "op_" + std::to_string(at)));
      if (one_in(3)) operations.back().status = OperationStatus::failed;
    }
    if (one_in(3)) query.kind = ArtifactKind::skill;
    if (one_in(2)) query.q = question();
    if (one_in(2)) query.installed = one_in(3) ? Installed::only : Installed::show;
    if (one_in(4)) query.tags = {"TAG" + std::to_string(pick(3))};
    if (one_in(5)) query.publisher = "ada";
    if (one_in(3)) query.sort = one_in(2) ? Sort::updated : Sort::size;
  }
  View view() const { return market_of(entries).view(installed, operations, query).value(); }
  void shuffle() {
    std::ranges::shuffle(entries, random_);
    std::ranges::shuffle(installed, random_);
    std::ranges::shuffle(operations, random_);
  }
  std::string question() {
    if (one_in(2)) return "name_" + std::to_string(pick(8));
    return one_in(6) ? "no such thing" : text();
  }
  std::string text() {
    constexpr std::array words{"Weather", "home", "the skill", "погоду", "дома", "timers", "Ёлка"};
    std::string all;
    for (unsigned at = 0; at < 1 + pick(2); ++at)
      all += words.at(pick(words.size())) + std::string(" ");
    return all;
  }
  std::string version() { return std::to_string(pick(3)) + ".0.0"; }

 private:
  void add_entry(ArtifactKind kind, const std::string& name) {
    entries.push_back(entry_of(kind, name, version()));
    if (one_in(4)) entries.back().id = name + "_id";
    auto& entry = entries.back();
    for (unsigned tag = 0; tag < 3; ++tag) {
      if (one_in(3)) entry.tags.push_back((one_in(2) ? "tag" : "Tag") + std::to_string(tag));
    }
    if (one_in(3)) entry.publisher = "Ada";
    if (one_in(2)) entry.size_bytes = pick(5);
    if (one_in(2)) entry.updated_at = "2026-01-0" + std::to_string(1 + pick(3));
    if (one_in(6)) entry.visibility = one_in(2) ? Visibility::hidden : Visibility::unlisted;
    if (one_in(3)) entry.title = text();
    if (one_in(3)) entry.title_i18n = {{"ru", "Погода дома"}};
    if (one_in(2)) entry.description = text();
    if (kind == ArtifactKind::scenario) {
      entries.back().requires_skills = {"name_" + std::to_string(pick(8))};
    }
  }
  unsigned pick(std::size_t below) { return static_cast<unsigned>(random_() % below); }
  bool one_in(unsigned n) { return pick(n) == 0; }

  std::mt19937 random_;
};

}  // namespace hub::marketplace::testing
