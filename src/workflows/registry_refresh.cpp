#include "workflows/registry_refresh.hpp"

namespace hub::workflows {

using operations::Plan;
using operations::Step;
using operations::StepContext;

Step refresh_step(const Tools& tools) {
  Step step;
  step.name = "refresh";
  step.weight = 3;
  step.retry = {.attempts_max = 3};
  step.run = [tools](StepContext& run) -> Result<> {
    run.progress({0, std::nullopt, "entries"}, "asking " + tools.catalog.mirror().display_url());
    const auto before = tools.catalog.current();
    HUB_TRY(catalog, tools.catalog.refresh([&run] { return run.stop_requested(); }));
    run.log("the catalogue of commit " + catalog->commit + " has " +
            std::to_string(catalog->entries.size()) + " entries");
    run.result("commit", Json(catalog->commit));
    run.result("entries", Json(static_cast<std::int64_t>(catalog->entries.size())));
    const bool changed = !before || before->commit != catalog->commit;
    run.result("changed", Json(changed));
    run.conclude(std::string(changed ? "" : "nothing new: ") + "the catalogue has " +
                 std::to_string(catalog->entries.size()) + " entries");
    return {};
  };
  return step;
}

Result<Plan> RegistryRefresh::resolve(const OperationRequest&) const {
  Plan plan;
  plan.intent = boost::json::object{};
  plan.locks = {{Resource("registry:catalog")}};
  plan.title_key = "operation.registry.refresh";
  plan.title_args = {{"name", "registry"}};
  plan.message = "waiting to ask the registry";
  return plan;
}

std::vector<Step> RegistryRefresh::steps(const Json&) const { return {refresh_step(tools_)}; }

}  // namespace hub::workflows
