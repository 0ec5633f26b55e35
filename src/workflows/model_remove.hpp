#pragma once
// model.remove: takes a model off this hub. Its files are kept aside until nobody may undo it any
// more.

#include "models/model_store.hpp"
#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

class ModelRemove final : public operations::Workflow {
 public:
  explicit ModelRemove(const Tools& tools) : tools_(tools), store_(tools.shelf.base()) {}
  OperationKind kind() const override { return OperationKind("model.remove"); }
  // not_found: "unknown_model" with details.known.
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  Priority priority() const override { return Priority::interactive; }
  std::chrono::seconds undo_window() const override;

 private:
  Tools tools_;
  models::ModelStore store_;
};

}  // namespace hub::workflows
