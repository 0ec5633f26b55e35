#pragma once
// A whole hub without its network: store, registry mirror, shelf, engine and projection over one
// base directory, built as daemon/hub.cpp builds them.

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "artifacts/shelf.hpp"
#include "matrix/meddling.hpp"
#include "operations/operation_manager.hpp"
#include "projection/operation_projection_service.hpp"
#include "registry/catalog_keeper.hpp"
#include "store/operation_store.hpp"
#include "workflows/all_workflows.hpp"

namespace hub::matrix {

class SmallHub {
 public:
  // Throws std::runtime_error when the store cannot be opened.
  SmallHub(const fs::path& base, const std::string& registry_url, const Meddling& = {});
  ~SmallHub();  // stops in good order
  SmallHub(const SmallHub&) = delete;
  SmallHub& operator=(const SmallHub&) = delete;

  store::OperationStore& store() { return *store_; }
  operations::OperationManager& manager() { return *manager_; }
  registry::CatalogKeeper& catalog() { return *catalog_; }
  const artifacts::Shelf& shelf() const { return *shelf_; }
  const fs::path& base() const { return base_; }
  fs::path state() const { return base_ / "state"; }

  // Until the registry was asked once, as it is at each start. Whether it answered.
  bool wait_for_catalog();
  // Waits until no operation runs or is about to, and nothing is left to be thrown away but what an
  // undo may need. Empty, or what still went on after `patience`.
  std::string come_to_rest(std::chrono::seconds patience);
  OperationState end_of(const OperationId&);
  // What a browser would see: the document of the webspace that all samples ask from.
  Json document();

 private:
  projection::ProjectionInput shown_in(const std::string& webspace);

  fs::path base_;
  SystemClock clock_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::OperationStore> store_;
  store::ProgressBoard board_;
  std::unique_ptr<registry::Mirror> mirror_;
  std::unique_ptr<registry::CatalogKeeper> catalog_;
  std::unique_ptr<artifacts::Shelf> shelf_;
  std::unique_ptr<operations::OperationLogs> logs_;
  std::unique_ptr<operations::OperationManager> manager_;
  std::unique_ptr<projection::DocumentServer> documents_;
  std::unique_ptr<projection::OperationProjectionService> projection_;
  std::vector<Doorbell::Subscription> doorbells_;
  Time began_{};
};

}  // namespace hub::matrix
