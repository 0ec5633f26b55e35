#pragma once
// Marketplace: answers about the catalogue that the keeper has now. Keeps what is worked out once
// for a catalogue: its MarketplaceCatalog, the search index (search_index.hpp), and what was read
// of artifacts that somebody looked at. Thread-safe.
//
// A new catalogue is taken in as soon as the keeper tells, by a thread of this object, or by the
// first question when that is faster. Until a large one is in the index, questions look through its
// entries.

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "marketplace/details.hpp"
#include "marketplace/search_index.hpp"
#include "registry/catalog_keeper.hpp"

namespace hub::marketplace {

enum class SearchedBy { index, scan };
BOOST_DESCRIBE_ENUM(SearchedBy, index, scan)

struct Answer {
  View view;
  std::vector<Correction> corrections;
  SearchedBy searched_by = SearchedBy::index;
  std::string digest, commit;  // of the catalogue that was asked
};

class Marketplace {
 public:
  // The keeper outlives it. `index_file`: made when missing; may be deleted while no hub runs.
  Marketplace(registry::CatalogKeeper& keeper, std::filesystem::path index_file);
  ~Marketplace();
  Marketplace(const Marketplace&) = delete;
  Marketplace& operator=(const Marketplace&) = delete;

  void start();
  void stop();

  // As MarketplaceCatalog::view().
  Result<Answer> ask(std::span<const InstalledArtifact> installed,
                     std::span<const OperationState> operations, const Query&);

  // As details_of(). unavailable, reason "catalog_unavailable": there is no catalogue yet.
  Result<boost::json::object> details(std::span<const InstalledArtifact> installed,
                                      std::span<const OperationState> operations, ArtifactKind,
                                      const std::string& name_or_id, const std::string& language);

  // Changes whenever the same question may be answered differently, installs and operations aside.
  std::string revision();

 private:
  struct Offer {
    std::shared_ptr<const MarketplaceCatalog> market;  // shared by requests under way
    std::shared_ptr<SearchIndex> index;                // the same; null: not yet
    SharedRows rows;
  };

  Offer offer();
  void put_in_index(Offer&, const std::function<bool()>& stop);
  void drop_index(const std::string& why);
  void follow();
  std::shared_ptr<const Published> published(const MarketplaceCatalog&, const CatalogEntry&,
                                             const std::string& language);

  registry::CatalogKeeper& keeper_;
  const std::filesystem::path index_file_;
  Doorbell::Subscription news_;
  std::thread thread_;

  std::mutex building_;  // one builds an offer at a time
  std::mutex indexing_;  // one writes the index at a time; guards index_
  std::shared_ptr<SearchIndex> index_;

  std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  bool told_ = true;
  bool stopping_ = false;
  Offer offer_;
  std::map<std::string, std::shared_ptr<const Published>> published_;  // by commit, name, language
};

}  // namespace hub::marketplace
