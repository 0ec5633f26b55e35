#include "marketplace/marketplace_catalog.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "registry/text.hpp"
#include "registry/update_rule.hpp"

namespace hub::marketplace {
namespace {

using registry::fold;
using registry::Update;

std::string key_of(ArtifactKind kind, const std::string& folded) {
  return to_text(kind) + ":" + folded;
}

// The texts of an i18n object: {"en": …, "ru": …} or {"key": …, "fallback": …}.
void append_texts(std::string& haystack, const boost::json::object& i18n) {
  for (const auto& [key, value] : i18n) {
    if (key != "key" && value.is_string()) haystack += '\n' + std::string(value.get_string());
  }
}

std::string title_of(const CatalogEntry& entry) {
  if (!entry.title.empty()) return entry.title;
  for (const char* key : {"en", "fallback"}) {
    const auto* found = entry.title_i18n.if_contains(key);
    if (found && found->is_string() && !found->get_string().empty()) {
      return std::string(found->get_string());
    }
  }
  return entry.name;
}

// Installed artifacts by kind and folded alias.
class InstalledIndex {
 public:
  explicit InstalledIndex(std::span<const InstalledArtifact> installed) {
    std::vector<const InstalledArtifact*> sorted;
    for (const auto& one : installed) sorted.push_back(&one);
    // One alias of two artifacts finds the same one, whatever the order they came in.
    std::ranges::sort(sorted, {}, [](const auto* one) { return std::tie(one->name, one->id); });
    for (const auto* one : sorted) by_alias_.emplace(key_of(one->kind, fold(one->name)), one);
    for (const auto* one : sorted) by_alias_.emplace(key_of(one->kind, fold(one->id)), one);
  }

  const InstalledArtifact* find(ArtifactKind kind, const std::string& name,
                                const std::string& id) const {
    for (const auto* alias : {&name, &id}) {
      const auto found = by_alias_.find(key_of(kind, *alias));
      if (found != by_alias_.end()) return found->second;
    }
    return nullptr;
  }

 private:
  std::unordered_map<std::string, const InstalledArtifact*> by_alias_;
};

// Live operations by what they hold. Of several, the one that runs, then the oldest.
class HolderIndex {
 public:
  explicit HolderIndex(std::span<const OperationState> operations) {
    for (const auto& one : operations) {
      if (is_terminal(one.status)) continue;
      for (const auto& resource : one.resources) {
        auto& holder = by_resource_[fold(resource.text())];
        if (!holder || rank(one) < rank(*holder)) holder = &one;
      }
    }
  }

  const OperationState* find(ArtifactKind kind, const std::string& name,
                             const std::string& id) const {
    for (const auto* alias : {&name, &id}) {
      const auto found = by_resource_.find(key_of(kind, *alias));
      if (found != by_resource_.end()) return found->second;
    }
    return nullptr;
  }

 private:
  static std::tuple<bool, Time, std::string> rank(const OperationState& one) {
    return {one.status == OperationStatus::accepted, one.created_at, one.operation_id.text()};
  }

  std::unordered_map<std::string, const OperationState*> by_resource_;
};

void disable(MarketplaceRow& row, const char* reason) {
  row.install_disabled = true;
  row.disabled_reason = reason;
}

MarketplaceRow plain_row(const CatalogEntry& entry) {
  MarketplaceRow row;
  row.kind = entry.kind;
  row.id = entry.id;
  row.name = entry.name;
  row.title = title_of(entry);
  row.title_i18n = entry.title_i18n;
  row.version = entry.version;
  row.description = entry.description;
  row.description_i18n = entry.description_i18n;
  row.tags = entry.tags;
  row.publisher = entry.publisher;
  if (entry.size_bytes) row.size = *entry.size_bytes;
  row.verified = !entry.tree.empty();
  row.install_action = {
      "infrastate.action", "marketplace_install", {to_text(entry.kind), entry.name}};
  return row;
}

void show_operation(MarketplaceRow& row, const OperationState& holder) {
  row.operation_id = holder.operation_id;
  row.operation_status = holder.status;
  row.operation_step = holder.current_step;
  row.progress = holder.progress;
}

// 0 an exact name or id, 1 a name or id that starts so, 2 a title or name with it, 3 the rest.
int match_rank(const std::string& q, const std::string& name, const std::string& id,
               const std::string& folded_title) {
  if (name == q || id == q) return 0;
  if (name.starts_with(q) || id.starts_with(q)) return 1;
  if (name.find(q) != std::string::npos || folded_title.find(q) != std::string::npos) return 2;
  return 3;
}

}  // namespace

MarketplaceCatalog::MarketplaceCatalog(std::shared_ptr<const Catalog> catalog)
    : catalog_(std::move(catalog)) {
  if (!catalog_) return;
  for (const auto& entry : catalog_->entries) {
    std::string haystack =
        entry.name + '\n' + entry.id + '\n' + entry.title + '\n' + entry.description;
    for (const auto& tag : entry.tags) haystack += '\n' + tag;
    append_texts(haystack, entry.title_i18n);
    append_texts(haystack, entry.description_i18n);
    entries_.push_back(
        {&entry, fold(entry.name), fold(entry.id), fold(title_of(entry)), fold(haystack)});
  }
  std::ranges::sort(entries_, {}, [](const Entry& one) {
    return std::tuple(one.entry->kind, registry::ascii_lower(one.entry->name),
                      std::string_view(one.entry->name));
  });
  for (std::size_t at = 0; at < entries_.size(); ++at) {
    if (entries_[at].entry->kind == ArtifactKind::skill) skills_by_alias_[entries_[at].name] = at;
  }
  for (std::size_t at = 0; at < entries_.size(); ++at) {
    if (entries_[at].entry->kind == ArtifactKind::skill) {
      skills_by_alias_.emplace(entries_[at].id, at);
    }
  }
}

bool MarketplaceCatalog::fits(const Entry& entry, const Query& query, const std::string& q) {
  if (query.kind && *query.kind != entry.entry->kind) return false;
  return q.empty() || entry.haystack.find(q) != std::string::npos;
}

View MarketplaceCatalog::view(std::span<const InstalledArtifact> installed,
                              std::span<const OperationState> operations,
                              const Query& query) const {
  View view;
  if (!catalog_) {
    view.empty_reason = EmptyReason::unavailable;
    return view;
  }
  view.counts.quarantined = std::ssize(catalog_->quarantined);
  const InstalledIndex here(installed);
  const HolderIndex holders(operations);
  const std::string q = fold(query.q);
  std::vector<std::pair<int, std::size_t>> ranked;  // rank, place among the unranked
  std::vector<MarketplaceRow> unranked;
  for (const auto& one : entries_) {
    const CatalogEntry& entry = *one.entry;
    const InstalledArtifact* mine = here.find(entry.kind, one.name, one.id);
    const Update update = mine ? registry::update_to(entry, *mine) : Update::none;
    if (update != Update::none) ++view.counts.updates;
    if (!fits(one, query, q)) {
      ++view.counts.hidden_filtered;
      continue;
    }
    if (mine && query.installed == Installed::hide) {
      ++view.counts.hidden_installed;
      continue;
    }
    MarketplaceRow row = plain_row(entry);
    row.installed = mine != nullptr;
    if (mine) row.installed_version = mine->version;
    row.update_available = update != Update::none;
    row.content_differs = update == Update::content_differs;
    for (const auto& name : entry.requires_skills) {
      const std::string folded = fold(name);
      const auto published = skills_by_alias_.find(folded);
      const bool available = published != skills_by_alias_.end();
      const bool have = here.find(ArtifactKind::skill, folded, folded) != nullptr;
      row.requires_.push_back(
          {name, available ? title_of(*entries_[published->second].entry) : name, have, available});
      if (!available && !have) disable(row, "requires_missing");
    }
    if (mine) disable(row, "installed");
    if (const OperationState* holder = holders.find(entry.kind, one.name, one.id)) {
      show_operation(row, *holder);
      disable(row, "operation_active");
    }
    ++view.counts.shown;
    ++(entry.kind == ArtifactKind::skill ? view.counts.skills : view.counts.scenarios);
    ranked.emplace_back(q.empty() ? 0 : match_rank(q, one.name, one.id, one.title), ranked.size());
    unranked.push_back(std::move(row));
  }
  std::ranges::sort(ranked);
  for (const auto& [rank, place] : ranked) view.rows.push_back(std::move(unranked[place]));
  if (view.rows.empty()) {
    view.empty_reason = catalog_->entries.empty()          ? EmptyReason::empty
                        : view.counts.hidden_installed > 0 ? EmptyReason::all_installed
                                                           : EmptyReason::no_match;
  }
  return view;
}

}  // namespace hub::marketplace
