#include "workflows/diagnostics_run.hpp"

#include "diagnostics/checks.hpp"
#include "workflows/params.hpp"

namespace hub::workflows {
namespace {

using diagnostics::Level;
using diagnostics::Subject;
using operations::Plan;
using operations::Step;
using operations::StepContext;

Result<> look(const Tools& tools, Subject::Depth depth, StepContext& run) {
  Subject subject{.base = tools.shelf.base(), .clock = tools.clock};
  subject.store = &tools.store;
  subject.catalog = &tools.catalog;
  subject.depth = depth;
  subject.stop = [&run] { return run.stop_requested(); };
  HUB_TRY(report, diagnostics::look_at_everything(
                      subject, [&](std::size_t done, std::size_t total, const std::string& doing) {
                        run.progress({static_cast<std::int64_t>(done),
                                      static_cast<std::int64_t>(total), "checks"},
                                     doing);
                      }));
  for (const auto& finding : report.findings) {
    const std::string level(to_json(finding.level).as_string());
    run.log(level + ": " + finding.message + (finding.mend ? "; " + *finding.mend : ""));
    if (finding.level == Level::problem) run.warn(finding.message);
  }
  const auto shown = to_json(report);
  for (const auto& [key, value] : shown.get_object()) run.result(key, value);
  run.result("summary", Json(diagnostics::summary_of(report)));
  run.conclude(diagnostics::summary_of(report));
  return {};
}

}  // namespace

Result<Plan> DiagnosticsRun::resolve(const OperationRequest& request) const {
  HUB_TRY(deep, flag_param(request, "deep"));
  Plan plan;
  plan.intent = boost::json::object{{"deep", deep}};
  plan.title_key = "operation.diagnostics.run";
  plan.title_args = {{"name", "hub"}};
  plan.message = "waiting to look at the hub";
  return plan;
}

std::vector<Step> DiagnosticsRun::steps(const Json& intent) const {
  const bool deep = intent.at("deep").as_bool();
  Step step;
  step.name = "diagnose";
  step.timeout = std::chrono::hours(1);
  step.run = [tools = tools_, deep](StepContext& run) {
    return look(tools, deep ? Subject::Depth::deep : Subject::Depth::usual, run);
  };
  return {step};
}

}  // namespace hub::workflows
