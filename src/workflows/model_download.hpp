#pragma once
// model.download: brings a model, a named list of large files, onto this hub. Parameters:
// models/model.hpp. What has arrived outlasts kills, power cuts and failures; nothing is seen under
// models/ before every file is whole and verified, and then all of it is.

#include "models/model_store.hpp"
#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

// How long a download or removal can be taken back: models are large, and somebody wants the room.
inline constexpr std::chrono::hours undo_window_of_models{1};

class ModelDownload final : public operations::Workflow {
 public:
  explicit ModelDownload(const Tools& tools) : tools_(tools), store_(tools.shelf.base()) {}
  OperationKind kind() const override { return OperationKind("model.download"); }
  // invalid: as models::check_name() and models::read_wanted().
  Result<operations::Plan> resolve(const OperationRequest&) const override;
  std::vector<operations::Step> steps(const Json& intent) const override;
  void clean_up(const OperationId&) const override;
  std::size_t slots() const override { return 2; }  // the others stay free for what people wait for
  std::chrono::seconds deadline() const override { return std::chrono::hours(24 * 7); }
  std::chrono::seconds undo_window() const override { return undo_window_of_models; }

 private:
  Tools tools_;
  models::ModelStore store_;
};

}  // namespace hub::workflows
