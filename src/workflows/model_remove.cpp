#include "workflows/model_remove.hpp"

#include "workflows/model_download.hpp"

namespace hub::workflows {
namespace {

using artifacts::Shelf;
using operations::Plan;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

}  // namespace

std::chrono::seconds ModelRemove::undo_window() const { return undo_window_of_models; }

Result<Plan> ModelRemove::resolve(const OperationRequest& request) const {
  const auto& name = request.target_id;
  const auto model = store_.find(name);
  if (!model) {
    boost::json::array known;
    for (const auto& one : store_.list()) known.emplace_back(one.name);
    return fail(ErrorCode::not_found, "cannot remove model " + name + ": it is not here",
                "unknown_model", "adaos-hub model list shows what is here",
                {{"name", name}, {"known", std::move(known)}});
  }
  Plan plan;
  plan.intent = boost::json::object{{"name", name}, {"size", model->size}};
  plan.locks = {{Resource("model:" + name)}};
  plan.title_key = "operation.model.remove";
  plan.title_args = {{"name", name}, {"title", name}};
  plan.message = "waiting to remove model " + name;
  return plan;
}

std::vector<Step> ModelRemove::steps(const Json& intent) const {
  const std::string name(intent.at("name").as_string());
  const auto kept = [store = store_, name](const StepContext& run) {
    return store.work(run.operation_id()) / "removed" / name;
  };
  Step remove;
  remove.name = "remove";
  remove.kind = StepClass::fs_publish;
  remove.run = [store = store_, name, kept](StepContext& run) -> Result<> {
    HUB_CHECK(Shelf::take_away(store.folder(name), kept(run)));
    run.result("target_kind", Json("model"));
    run.result("target_id", Json(name));
    run.conclude("model " + name + " is removed; its files go within the hour");
    return {};
  };
  remove.undo = [store = store_, name, kept](StepContext& run) {
    return Shelf::put_back(store.folder(name), kept(run));
  };
  return {remove};
}

void ModelRemove::clean_up(const OperationId& id) const { store_.discard(id, tools_.clock.now()); }

}  // namespace hub::workflows
