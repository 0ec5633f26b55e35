#pragma once
// CatalogKeeper: the catalogue that this hub shows and installs from. Keeps the last good one in
// memory, asks the registry at the start and then at intervals, each drawn within a fifth of the
// one given so that hubs started together do not ask together, and says how old its knowledge is. A
// registry whose tip has not moved costs one question to it: nothing is read again, nobody is told.
// What is new it fetches itself, or has fetched by whoever said so with fetch_by().
// A registry that does not answer is a state with an age, never an error that empties the list.
// Thread-safe.

#include <condition_variable>
#include <functional>
#include <random>
#include <thread>

#include "base/doorbell.hpp"
#include "registry/mirror.hpp"

namespace hub::registry {

enum class CatalogCondition {
  fresh,        // the registry answered at the last asking
  stale,        // it did not, or was not asked since the start; this is the last good one
  offline,      // the same, and it could not be reached `offline_after` times in a row
  unavailable,  // it never answered
};
BOOST_DESCRIBE_ENUM(CatalogCondition, fresh, stale, offline, unavailable)

inline constexpr int offline_after = 3;  // askings

struct CatalogStatus {
  CatalogCondition state = CatalogCondition::unavailable;
  std::string commit, digest;
  Nullable<std::int64_t> age_s;  // since the registry last answered
  Nullable<std::string> error;   // why it did not, at the last asking
  std::int64_t quarantined = 0;  // entries that could not be used
};
BOOST_DESCRIBE_STRUCT(CatalogStatus, (), (state, commit, digest, age_s, error, quarantined))

class CatalogKeeper {
 public:
  // `copy`: where the bytes of the last good registry.json are kept for AdaOS's own tools to read
  // (<base>/workspace/registry.json); this hub never reads them back.
  CatalogKeeper(Mirror&, const Clock&, std::chrono::milliseconds asking_interval,
                std::filesystem::path copy);
  ~CatalogKeeper();
  CatalogKeeper(const CatalogKeeper&) = delete;
  CatalogKeeper& operator=(const CatalogKeeper&) = delete;

  // Reads the last good catalogue from disk.
  void load();
  // From now on news that the asking in the background finds are fetched by this, which leads to
  // refresh(); false: it cannot, and refresh() is called here. The first catalogue of all is
  // fetched here: there is nothing to show before. Before start().
  void fetch_by(std::function<bool()> fetcher) { fetcher_ = std::move(fetcher); }
  // Loads what was not loaded, then starts asking in the background.
  void start();
  void stop();

  SharedCatalog current() const;  // null: none was ever fetched
  CatalogStatus status() const;
  // Asks now, on this thread. On an error the last good one stays.
  Result<SharedCatalog> refresh(const std::function<bool()>& stop = {});

  // Rings after the catalogue or its condition has changed.
  Doorbell& changes() { return changes_; }
  const Mirror& mirror() const { return mirror_; }
  Mirror& mirror() { return mirror_; }

 private:
  void ask_now_and_then();
  void ask();
  git::NetworkOptions until_stopped(const std::function<bool()>& stop) const;
  Result<SharedCatalog> learn(Result<SharedCatalog> fetched);
  std::chrono::milliseconds next_interval();
  void write_copy(const Catalog&);

  Mirror& mirror_;
  const Clock& clock_;
  const std::chrono::milliseconds interval_;
  const std::filesystem::path copy_;
  std::function<bool()> fetcher_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  SharedCatalog current_;
  std::string error_;
  int unreached_ = 0;  // askings in a row
  std::minstd_rand random_{std::random_device{}()};
  Time answered_at_{};
  bool stopping_ = false;
  Doorbell changes_;
  std::thread thread_;
};

}  // namespace hub::registry
