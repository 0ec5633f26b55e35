#include "marketplace/marketplace_catalog.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "marketplace/asking.hpp"
#include "marketplace/ranking.hpp"
#include "registry/text.hpp"

namespace hub::marketplace {
namespace {

using registry::fold;

std::vector<Facet> most_frequent(const std::vector<std::int64_t>& counts,
                                 const std::vector<std::string>& values) {
  std::vector<std::size_t> present;
  for (std::size_t at = 0; at < counts.size(); ++at) {
    if (counts[at] > 0) present.push_back(at);
  }
  const auto before = [&](std::size_t one, std::size_t other) {
    return std::tie(counts[other], values[one]) < std::tie(counts[one], values[other]);
  };
  const auto kept = std::min(present.size(), facet_values_max);
  std::ranges::partial_sort(present, present.begin() + static_cast<std::ptrdiff_t>(kept), before);
  std::vector<Facet> facets;
  for (std::size_t at = 0; at < kept; ++at) {
    facets.push_back({values[present[at]], counts[present[at]]});
  }
  return facets;
}

}  // namespace

std::uint32_t Numbers::add(const std::string& text) {
  const auto [at, fresh] = numbers_.emplace(fold(text), static_cast<std::uint32_t>(texts_.size()));
  if (fresh) {
    texts_.push_back(text);
  } else if (text < texts_[at->second]) {
    texts_[at->second] = text;
  }
  return at->second;
}

std::optional<std::uint32_t> Numbers::find(const std::string& text) const {
  const auto found = numbers_.find(fold(text));
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

MarketplaceCatalog::MarketplaceCatalog(std::shared_ptr<const Catalog> catalog)
    : catalog_(std::move(catalog)) {
  publishers_.add("");
  if (!catalog_) return;
  standings_.reserve(catalog_->entries.size());
  for (const auto& entry : catalog_->entries) {
    Standing standing{fold(entry.name), fold(entry.id), spelled(entry), {}, 0};
    for (const auto& tag : entry.tags) {
      const auto number = tags_.add(tag);
      if (std::ranges::find(standing.tags, number) == standing.tags.end()) {
        standing.tags.push_back(number);
      }
    }
    if (!entry.publisher.empty()) standing.publisher = publishers_.add(entry.publisher);
    standings_.push_back(std::move(standing));
  }
  sort_entries();
  for (std::size_t at = 0; at < catalog_->entries.size(); ++at) {
    const auto& entry = catalog_->entries[at];
    for (const auto* skills : {&entry.requires_skills, &entry.optional_skills}) {
      for (const auto& name : *skills) {
        const auto skill = find(ArtifactKind::skill, name);
        if (!skill) continue;
        auto& needing = needed_by_[*skill];
        if (needing.empty() || needing.back() != at) needing.push_back(at);
      }
    }
  }
}

void MarketplaceCatalog::sort_entries() {
  const auto& entries = catalog_->entries;
  for (std::size_t at = 0; at < entries.size(); ++at) {
    by_name_.push_back(static_cast<std::uint32_t>(at));
  }
  std::ranges::sort(by_name_, {}, [&](std::uint32_t at) {
    return std::tuple(entries[at].kind, std::string_view(standings_[at].name),
                      std::string_view(entries[at].name));
  });
  std::vector<std::size_t> place(entries.size());
  for (std::size_t at = 0; at < by_name_.size(); ++at) place[by_name_[at]] = at;
  by_updated_ = by_size_ = by_merit_ = by_name_;
  const auto newer = [&](std::uint32_t one, std::uint32_t other) {
    const auto order = entries[one].updated_at <=> entries[other].updated_at;
    return order != 0 ? order > 0 : place[one] < place[other];
  };
  std::ranges::sort(by_updated_, newer);
  std::ranges::sort(by_size_, {}, [&](std::uint32_t at) {
    return std::pair(entries[at].size_bytes.value_or(INT64_MAX), place[at]);
  });
  const auto worth = [&](std::uint32_t at) {
    return (entries[at].tree.empty() ? 0 : 2) + (entries[at].publishable ? 1 : 0);
  };
  std::ranges::sort(by_merit_, [&](std::uint32_t one, std::uint32_t other) {
    return worth(one) != worth(other) ? worth(one) > worth(other) : newer(one, other);
  });
}

std::optional<std::size_t> MarketplaceCatalog::find(ArtifactKind kind,
                                                    std::string_view name_or_id) const {
  if (!catalog_) return std::nullopt;
  const auto index = catalog_->by_alias.find(kind);
  if (index == catalog_->by_alias.end()) return std::nullopt;
  const auto found = index->second.find(fold(name_or_id));
  return found == index->second.end() ? std::nullopt : std::optional(found->second);
}

bool MarketplaceCatalog::fits(std::size_t position, const Asking& asking) const {
  const Query& query = asking.query;
  const Standing& standing = standings_[position];
  if (query.kind && *query.kind != catalog_->entries[position].kind) return false;
  if (!query.publisher.empty() && standing.publisher != asking.publisher) return false;
  return std::ranges::all_of(*asking.tags, [&](std::uint32_t tag) {
    return std::ranges::find(standing.tags, tag) != standing.tags.end();
  });
}

// Who is shown, and why the others are not.
void MarketplaceCatalog::sift(Asking& asking, View& view) const {
  const auto& entries = catalog_->entries;
  Positions fitting;
  const auto look_at = [&](std::size_t at) {
    if (!fits(at, asking)) return;
    fitting.add(at);
    const auto mine = asking.mine.find(at);
    const bool installed = mine != asking.mine.end();
    const bool exact =
        !asking.question.folded.empty() && (standings_[at].name == asking.question.folded ||
                                            standings_[at].id == asking.question.folded);
    const bool unlisted = entries[at].visibility == Visibility::hidden ||
                          (entries[at].visibility == Visibility::unlisted && !exact);
    if (unlisted && !installed) {
      ++view.counts.hidden_unlisted;
    } else if (asking.query.installed != Installed::show &&
               installed != (asking.query.installed == Installed::only)) {
      ++view.counts.hidden_installed;
    } else {
      asking.shown.add(at);
      ++(entries[at].kind == ArtifactKind::skill ? view.counts.skills : view.counts.scenarios);
    }
  };
  if (!asking.tags) {
    // A tag or publisher that nothing has.
  } else if (asking.question.folded.empty()) {
    for (std::size_t at = 0; at < entries.size(); ++at) look_at(at);
  } else {
    asking.fitting.for_each(look_at);
  }
  asking.fitting = std::move(fitting);
  auto& counts = view.counts;
  counts.shown = counts.skills + counts.scenarios;
  counts.hidden_filtered =
      std::ssize(entries) - counts.shown - counts.hidden_installed - counts.hidden_unlisted;
}

void MarketplaceCatalog::count_facets(const Positions& shown, View& view) const {
  std::vector<std::int64_t> tags(tags_.texts().size()), publishers(publishers_.texts().size());
  shown.for_each([&](std::size_t at) {
    for (const auto tag : standings_[at].tags) ++tags[tag];
    ++publishers[standings_[at].publisher];
  });
  publishers[0] = 0;
  view.facets.kinds =
      most_frequent({view.counts.skills, view.counts.scenarios},
                    {to_text(ArtifactKind::skill), to_text(ArtifactKind::scenario)});
  view.facets.tags = most_frequent(tags, tags_.texts());
  view.facets.publishers = most_frequent(publishers, publishers_.texts());
}

// What fits, in the order wanted.
std::vector<std::uint32_t> MarketplaceCatalog::ordered(const Asking& asking) const {
  const bool by_relevance = asking.query.sort == Sort::relevance && !asking.question.folded.empty();
  const auto& base = [&]() -> const std::vector<std::uint32_t>& {
    switch (asking.query.sort) {
      case Sort::relevance: return by_relevance ? by_merit_ : by_name_;
      case Sort::name: return by_name_;
      case Sort::updated: return by_updated_;
      case Sort::size: return by_size_;
    }
    return by_name_;
  }();
  std::vector<std::uint32_t> order;
  for (const auto at : base) {
    if (asking.fitting.has(at)) order.push_back(at);
  }
  if (!by_relevance) return order;
  // Exact names and ids, and what has the words in its name or title, are weighed first.
  const auto& asked = asking.question;
  std::vector<std::uint32_t> named, rest, exact;
  for (const auto at : order) {
    const auto& standing = standings_[at];
    const bool is_it = standing.name == asked.folded || standing.id == asked.folded;
    (is_it ? exact : asking.named.has(at) ? named : rest).push_back(at);
  }
  order = std::move(exact);
  order.insert(order.end(), named.begin(), named.end());
  order.insert(order.end(), rest.begin(), rest.end());
  const auto weighed = std::min(order.size(), weighed_max);
  std::vector<std::pair<int, std::size_t>> ranked;
  for (std::size_t place = 0; place < weighed; ++place) {
    const auto at = order[place];
    const auto in_name = asking.named.has(at) ? Named::yes : Named::no;
    ranked.emplace_back(weight_of(asked, catalog_->entries[at], standings_[at], in_name), place);
  }
  std::ranges::sort(ranked);
  const std::vector<std::uint32_t> before(order.begin(),
                                          order.begin() + static_cast<std::ptrdiff_t>(weighed));
  for (std::size_t place = 0; place < weighed; ++place) order[place] = before[ranked[place].second];
  return order;
}

Result<> MarketplaceCatalog::fill_page(const Asking& asking, View& view) const {
  const auto order = ordered(asking);
  std::size_t from = 0;
  if (const std::string& after = asking.query.after; !after.empty()) {
    const auto at = position_of_cursor(after);
    const auto last = at ? std::ranges::find(order, *at) : order.end();
    if (last == order.end()) {
      return fail(ErrorCode::invalid,
                  "cannot list the marketplace: nothing has the cursor " + after, "bad_cursor",
                  "the catalogue may have changed: start again without a cursor");
    }
    from = static_cast<std::size_t>(last - order.begin()) + 1;
  }
  std::int64_t left = view.counts.shown;
  for (std::size_t place = 0; place < from; ++place) {
    if (asking.shown.has(order[place])) --left;
  }
  for (std::size_t place = from; place < order.size() && view.rows.size() < asking.query.limit;
       ++place) {
    if (!asking.shown.has(order[place])) continue;
    view.rows.push_back(row_at(order[place], asking));
    if (--left > 0 && view.rows.size() == asking.query.limit) {
      view.next_cursor = cursor_of(order[place]);
    }
  }
  return {};
}

}  // namespace hub::marketplace
