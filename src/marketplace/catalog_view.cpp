// From a question to a view: what is looked at, and the rows of a page.
#include "marketplace/asking.hpp"
#include "registry/text.hpp"
#include "registry/update_rule.hpp"

namespace hub::marketplace {
namespace {

using registry::fold;
using registry::Update;

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
  row.updated_at = entry.updated_at;
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

EmptyReason why_empty(const Catalog& catalog, const Counts& counts) {
  if (catalog.entries.empty()) return EmptyReason::empty;
  if (counts.hidden_installed > 0) return EmptyReason::all_installed;
  return counts.hidden_unlisted > 0 ? EmptyReason::hidden : EmptyReason::no_match;
}

void show_operation(MarketplaceRow& row, const OperationState& holder) {
  row.operation_id = holder.operation_id;
  row.operation_status = holder.status;
  row.operation_step = holder.current_step;
  row.progress = holder.progress;
}

}  // namespace

Result<View> MarketplaceCatalog::view(std::span<const InstalledArtifact> installed,
                                      std::span<const OperationState> operations,
                                      const Query& query, const Found* found) const {
  View view;
  if (!catalog_) {
    view.empty_reason = EmptyReason::unavailable;
    return view;
  }
  Asking asking(installed, operations, query);
  view.counts.quarantined = std::ssize(catalog_->quarantined);
  find_installed(asking, installed);
  for (const auto& [at, mine] : asking.mine) {
    if (registry::update_to(catalog_->entries[at], *mine) != Update::none) ++view.counts.updates;
  }
  number_filters(asking);
  search(asking, found);
  sift(asking, view);
  count_facets(asking.shown, view);
  HUB_CHECK(fill_page(asking, view));
  if (view.counts.shown == 0) view.empty_reason = why_empty(*catalog_, view.counts);
  return view;
}

void MarketplaceCatalog::find_installed(Asking& asking,
                                        std::span<const InstalledArtifact> installed) const {
  for (const auto& one : installed) {
    for (const auto* alias : {&one.name, &one.id}) {
      const auto at = find(one.kind, *alias);
      if (!at) continue;
      const auto& standing = standings_[*at];
      // Of two artifacts that answer to one entry, the same is taken whatever their order.
      if (const auto* mine = asking.here.find(one.kind, standing.name, standing.id)) {
        asking.mine[*at] = mine;
      }
    }
  }
}

void MarketplaceCatalog::number_filters(Asking& asking) const {
  asking.publisher = publishers_.find(asking.query.publisher);
  std::vector<std::uint32_t> tags;
  for (const auto& tag : asking.query.tags) {
    const auto number = tags_.find(tag);
    if (!number) return;
    tags.push_back(*number);
  }
  asking.tags = std::move(tags);
}

void MarketplaceCatalog::search(Asking& asking, const Found* found) const {
  if (asking.question.folded.empty()) return;
  if (!asking.question.words.empty()) {
    const Found answer = found ? *found : scan(*catalog_, asking.question.words);
    asking.fitting = answer.anywhere;
    asking.named = answer.named;
  }
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    if (const auto exact = find(kind, asking.query.q)) asking.fitting.add(*exact);
  }
}

std::optional<std::size_t> MarketplaceCatalog::position_of_cursor(const std::string& cursor) const {
  const auto colon = cursor.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto kind = parse_artifact_kind(cursor.substr(0, colon));
  return kind ? find(*kind, cursor.substr(colon + 1)) : std::nullopt;
}

std::string MarketplaceCatalog::cursor_of(std::size_t position) const {
  const auto& entry = catalog_->entries[position];
  return to_text(entry.kind) + ":" + entry.name;
}

MarketplaceRow MarketplaceCatalog::row_at(std::size_t position, const Asking& asking) const {
  const CatalogEntry& entry = catalog_->entries[position];
  const Standing& standing = standings_[position];
  MarketplaceRow row = plain_row(entry);
  const auto mine = asking.mine.find(position);
  row.installed = mine != asking.mine.end();
  if (row.installed) {
    const Update update = registry::update_to(entry, *mine->second);
    row.installed_version = mine->second->version;
    row.update_available = update != Update::none;
    row.content_differs = update == Update::content_differs;
  }
  for (const auto& name : entry.requires_skills) {
    const auto published = find(ArtifactKind::skill, name);
    const std::string folded = fold(name);
    const bool have = asking.here.find(ArtifactKind::skill, folded, folded) != nullptr;
    row.requires_.push_back({name, published ? title_of(catalog_->entries[*published]) : name, have,
                             published.has_value()});
    if (!published && !have) disable(row, "requires_missing");
  }
  if (row.installed) disable(row, "installed");
  if (const auto* holder = asking.holders.find(entry.kind, standing.name, standing.id)) {
    show_operation(row, *holder);
    disable(row, "operation_active");
  }
  return row;
}

std::optional<MarketplaceRow> MarketplaceCatalog::row(std::span<const InstalledArtifact> installed,
                                                      std::span<const OperationState> operations,
                                                      ArtifactKind kind,
                                                      std::string_view name_or_id) const {
  const auto at = find(kind, name_or_id);
  if (!at) return std::nullopt;
  const Query nothing;
  Asking asking(installed, operations, nothing);
  find_installed(asking, installed);
  return row_at(*at, asking);
}

std::vector<MarketplaceRow> MarketplaceCatalog::dependents(
    std::span<const InstalledArtifact> installed, std::span<const OperationState> operations,
    const std::string& skill) const {
  std::vector<MarketplaceRow> rows;
  const auto at = find(ArtifactKind::skill, skill);
  const auto needing = at ? needed_by_.find(*at) : needed_by_.end();
  if (needing == needed_by_.end()) return rows;
  const Query nothing;
  Asking asking(installed, operations, nothing);
  find_installed(asking, installed);
  for (const auto scenario : needing->second) rows.push_back(row_at(scenario, asking));
  return rows;
}

}  // namespace hub::marketplace
