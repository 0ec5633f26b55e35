#include "registry/catalog_keeper.hpp"

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::registry {

CatalogKeeper::CatalogKeeper(Mirror& mirror, const Clock& clock,
                             std::chrono::milliseconds asking_interval, std::filesystem::path copy)
    : mirror_(mirror), clock_(clock), interval_(asking_interval), copy_(std::move(copy)) {}

CatalogKeeper::~CatalogKeeper() { stop(); }

void CatalogKeeper::load() {
  if (auto kept = mirror_.read_catalog()) {
    const std::lock_guard guard(mutex_);
    current_ = *kept;
    answered_at_ = mirror_.fetched_at();
    error_ = "the registry was not asked yet";
  }
}

void CatalogKeeper::start() {
  if (!current()) load();
  thread_ = std::thread([this] { ask_now_and_then(); });
}

void CatalogKeeper::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

SharedCatalog CatalogKeeper::current() const {
  const std::lock_guard guard(mutex_);
  return current_;
}

CatalogStatus CatalogKeeper::status() const {
  const std::lock_guard guard(mutex_);
  CatalogStatus status;
  if (!error_.empty()) status.error = error_;
  if (!current_) return status;
  status.state = error_.empty()               ? CatalogCondition::fresh
                 : unreached_ < offline_after ? CatalogCondition::stale
                                              : CatalogCondition::offline;
  status.commit = current_->commit;
  status.digest = current_->digest;
  status.age_s =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - answered_at_).count();
  status.quarantined = static_cast<std::int64_t>(current_->quarantined.size());
  return status;
}

git::NetworkOptions CatalogKeeper::until_stopped(const std::function<bool()>& stop) const {
  git::NetworkOptions options;
  options.stop = [this, stop] {
    if (stop && stop()) return true;
    const std::lock_guard guard(mutex_);
    return stopping_;
  };
  return options;
}

Result<SharedCatalog> CatalogKeeper::refresh(const std::function<bool()>& stop) {
  return learn(mirror_.fetch(until_stopped(stop)));
}

Result<SharedCatalog> CatalogKeeper::learn(Result<SharedCatalog> fetched) {
  // Whoever called it off learns nothing about the registry.
  if (!fetched && fetched.error().code == ErrorCode::cancelled) return fetched;
  bool news = false, changed = false;
  {
    const std::lock_guard guard(mutex_);
    const std::string error = fetched ? "" : fetched.error().message;
    const bool unreached = !fetched && (fetched.error().reason == "registry_unreachable" ||
                                        fetched.error().reason == "remote_denied");
    changed = fetched && (!current_ || current_->commit != (*fetched)->commit);
    const bool was_offline = unreached_ >= offline_after;
    unreached_ = unreached ? unreached_ + 1 : 0;
    news = was_offline != (unreached_ >= offline_after) || error != error_ || changed;
    if (!fetched && error != error_) {
      log::warning("registry", "fetch_failed", {{"error", error}});
    }
    error_ = error;
    if (fetched) {
      current_ = *fetched;
      answered_at_ = clock_.now();
    }
  }
  std::error_code ec;
  if (fetched && (changed || !fs::exists(copy_, ec))) write_copy(**fetched);
  if (news) changes_.ring();
  return fetched;
}

void CatalogKeeper::write_copy(const Catalog& catalog) {
  const auto kept = [&]() -> Result<> {
    HUB_TRY(bytes, mirror_.read_catalog_bytes(catalog.commit));
    HUB_CHECK(make_directories(copy_.parent_path()));
    return write_file_atomic(copy_, bytes);
  }();
  if (!kept) log::warning("registry", "copy_not_written", {{"error", kept.error().message}});
}

std::chrono::milliseconds CatalogKeeper::next_interval() {
  const auto fifth = interval_.count() / 5;
  std::uniform_int_distribution<std::int64_t> around(interval_.count() - fifth,
                                                     interval_.count() + fifth);
  return std::chrono::milliseconds(around(random_));
}

void CatalogKeeper::ask() {
  const auto known = current();
  if (!fetcher_ || !known) {
    (void)refresh();
    return;
  }
  const auto news = mirror_.has_news(until_stopped({}));
  if (!news) {
    (void)learn(tl::unexpected(news.error()));
  } else if (!*news) {
    (void)learn(known);
  } else if (!fetcher_()) {
    (void)refresh();
  }
}

void CatalogKeeper::ask_now_and_then() {
  name_this_thread("catalogue");
  for (;;) {
    ask();
    const auto interval = next_interval();
    std::unique_lock guard(mutex_);
    if (wake_.wait_for(guard, interval, [this] { return stopping_; })) return;
  }
}

}  // namespace hub::registry
