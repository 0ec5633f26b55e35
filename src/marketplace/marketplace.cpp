#include "marketplace/marketplace.hpp"

#include "base/log.hpp"
#include "registry/find_entry.hpp"

namespace hub::marketplace {
namespace {

// A catalogue of up to so many entries is put into the index by whoever asks first: it takes
// milliseconds, and every answer has corrections from the start.
constexpr std::size_t indexed_at_once_max = 2'000;
constexpr std::size_t published_max = 64;

}  // namespace

Marketplace::Marketplace(registry::CatalogKeeper& keeper, std::filesystem::path index_file)
    : keeper_(keeper), index_file_(std::move(index_file)) {}

Marketplace::~Marketplace() { stop(); }

void Marketplace::start() {
  news_ = keeper_.changes().subscribe([this] {
    const std::lock_guard guard(mutex_);
    told_ = true;
    wake_.notify_all();
  });
  thread_ = std::thread([this] { follow(); });
}

void Marketplace::stop() {
  news_ = {};
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Marketplace::follow() {
  const auto stop = [this] {
    const std::lock_guard guard(mutex_);
    return stopping_;
  };
  for (;;) {
    {
      std::unique_lock guard(mutex_);
      wake_.wait(guard, [this] { return told_ || stopping_; });
      if (stopping_) return;
      told_ = false;
    }
    Offer now = offer();
    if (now.rows || !now.market->catalog()) continue;
    put_in_index(now, stop);
    const std::lock_guard guard(mutex_);
    if (offer_.market == now.market) offer_ = now;
  }
}

Marketplace::Offer Marketplace::offer() {
  const auto catalog = keeper_.current();
  const auto known = [&]() -> std::optional<Offer> {
    const std::lock_guard guard(mutex_);
    if (offer_.market && offer_.market->catalog() == catalog) return offer_;
    return std::nullopt;
  };
  if (auto now = known()) return *now;
  const std::lock_guard turn(building_);
  if (auto now = known()) return *now;
  Offer next{std::make_shared<const MarketplaceCatalog>(catalog), nullptr, nullptr};
  if (catalog && catalog->entries.size() <= indexed_at_once_max) put_in_index(next, {});
  const std::lock_guard guard(mutex_);
  offer_ = next;
  return next;
}

void Marketplace::put_in_index(Offer& offer, const std::function<bool()>& stop) {
  const std::lock_guard turn(indexing_);
  try {
    if (!index_) index_ = std::make_shared<SearchIndex>(index_file_);
    const auto update = index_->update(*offer.market->catalog(), stop);
    if (!update.rows) return;
    offer.index = index_;
    offer.rows = update.rows;
    log::info("marketplace", "indexed",
              {{"added", update.added}, {"changed", update.changed}, {"removed", update.removed}});
  } catch (const sql::Failure& failure) {
    index_.reset();
    log::warning("marketplace", "index_failed", {{"error", failure.what()}});
  }
}

// The thread makes it anew, once; then the next catalogue does.
void Marketplace::drop_index(const std::string& why) {
  log::warning("marketplace", "index_failed", {{"error", why}});
  {
    const std::lock_guard turn(indexing_);
    index_.reset();
  }
  const std::lock_guard guard(mutex_);
  offer_.index.reset();
  offer_.rows.reset();
  told_ = true;
  wake_.notify_all();
}

Result<Answer> Marketplace::ask(std::span<const InstalledArtifact> installed,
                                std::span<const OperationState> operations, const Query& query) {
  const Offer now = offer();
  Answer answer;
  std::optional<Found> found;
  const auto words = question_words(query.q);
  if (now.rows && !words.empty()) {
    try {
      found = now.index->find(words, *now.rows);
    } catch (const sql::Failure& failure) {
      drop_index(failure.what());
    }
  }
  if (!words.empty() && !found) answer.searched_by = SearchedBy::scan;
  HUB_TRY(view, now.market->view(installed, operations, query, found ? &*found : nullptr));
  answer.view = std::move(view);
  if (found) answer.corrections = std::move(found->corrections);
  if (const auto& catalog = now.market->catalog()) {
    answer.digest = catalog->digest;
    answer.commit = catalog->commit;
  }
  return answer;
}

std::string Marketplace::revision() {
  const Offer now = offer();
  const auto& catalog = now.market->catalog();
  return catalog ? catalog->digest + (now.rows ? "+" : "-") : "none";
}

std::shared_ptr<const Published> Marketplace::published(const MarketplaceCatalog& market,
                                                        const CatalogEntry& entry,
                                                        const std::string& language) {
  const std::string& commit = market.catalog()->commit;
  const std::string key = commit + ' ' + to_text(entry.kind) + ' ' + entry.name + ' ' + language;
  {
    const std::lock_guard guard(mutex_);
    if (const auto known = published_.find(key); known != published_.end()) return known->second;
  }
  auto read = std::make_shared<const Published>(
      read_published(keeper_.mirror(), commit, entry.kind, entry.name, language));
  const std::lock_guard guard(mutex_);
  if (published_.size() >= published_max) published_.clear();
  published_[key] = read;
  return read;
}

Result<boost::json::object> Marketplace::details(std::span<const InstalledArtifact> installed,
                                                 std::span<const OperationState> operations,
                                                 ArtifactKind kind, const std::string& name_or_id,
                                                 const std::string& language) {
  const Offer now = offer();
  if (!now.market->catalog()) {
    return fail(ErrorCode::unavailable,
                "cannot show " + name_or_id +
                    ": there is no catalogue, the registry has not "
                    "answered yet",
                "catalog_unavailable",
                "check that the registry " + keeper_.mirror().display_url() +
                    " can be reached, then try again");
  }
  HUB_TRY(entry, registry::find_entry(*now.market->catalog(), kind, name_or_id));
  const auto known = published(*now.market, entry, language);
  return details_of(*now.market, *known, installed, operations, kind, entry.name);
}

}  // namespace hub::marketplace
