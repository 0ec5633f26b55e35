#include "workflows/workspace_update.hpp"

#include <algorithm>

#include "registry/find_entry.hpp"
#include "registry/update_rule.hpp"
#include "workflows/pinned_artifact.hpp"
#include "workflows/registry_refresh.hpp"
#include "workflows/version_choice.hpp"

namespace hub::workflows {
namespace {

using operations::Plan;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

constexpr const char* skills_step = "update skills";
constexpr const char* scenarios_step = "update scenarios";
constexpr std::size_t shown_max = 30;  // of the plan; a state is at most 8 KiB

// Each install is one child.
struct UpdateIntent {
  std::vector<InstallIntent> skills, scenarios;
};
BOOST_DESCRIBE_STRUCT(UpdateIntent, (), (skills, scenarios))

// What is newer, and what is newer and stays: pinned, or held after a failure.
struct Outdated {
  struct One {
    CatalogEntry entry;
    InstalledArtifact here;
  };
  std::vector<One> found;
  std::vector<std::string> skipped;  // a sentence for each
};

// Skills first: a scenario's new version may count on them.
Outdated outdated(const Tools& tools, const registry::SharedCatalog& catalog) {
  Outdated result;
  if (!catalog) return result;
  const auto installed = tools.store.installed();
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    for (const auto& here : installed) {
      if (here.kind != kind) continue;
      auto entry = registry::find_entry(*catalog, here.kind, here.name);
      if (!entry || registry::update_to(*entry, here) == registry::Update::none) continue;
      if (here.pin) {
        result.skipped.push_back(pinned_here(here, entry->version).message);
      } else if (const auto* held = find_held(here, entry->version, entry->tree)) {
        result.skipped.push_back(held_here(here, *held).message);
      } else {
        result.found.push_back({*std::move(entry), here});
      }
    }
  }
  return result;
}

Json planned(const Outdated::One& one) {
  return boost::json::object{
      {"target", to_text(one.entry.kind) + ":" + one.entry.name},
      {"from", one.here.version},
      {"to", one.entry.version},
      {"breaking", is_breaking(one.here.version, one.entry.version)},
      {"bytes", one.entry.size_bytes ? Json(*one.entry.size_bytes) : Json(nullptr)}};
}

OperationRequest update_of(const InstallIntent& intent) {
  const auto& target = intent.artifacts.back();
  OperationRequest request;
  request.kind = OperationKind(to_text(target.kind) + ".update");
  request.target_kind = to_text(target.kind);
  request.target_id = target.name;
  request.params = pinned_params(intent);
  return request;
}

// How the children of both steps have ended so far.
struct Tally {
  std::int64_t updated = 0;
  boost::json::array failed;

  void add_notes(const boost::json::object& notes) {
    if (const auto* count = notes.if_contains("updated")) updated += count->as_int64();
    if (const auto* some = notes.if_contains("failed")) {
      for (const auto& one : some->as_array()) failed.push_back(one);
    }
  }
  void add(const OperationState& child) {
    if (child.status == OperationStatus::succeeded) {
      ++updated;
      return;
    }
    const std::string code = child.error ? child.error->code : "CANCELLED";
    const std::string message = child.error ? child.error->message : child.message;
    failed.push_back({{"target", child.target_kind + ":" + child.target_id},
                      {"operation_id", child.operation_id.text()},
                      {"error",
                       {{"code", code},
                        {"message", message},
                        {"retryable", child.error && child.error->retryable}}}});
  }
  boost::json::object notes() const { return {{"updated", updated}, {"failed", failed}}; }
};

Result<> run_installs(const std::vector<InstallIntent>& intents, StepContext& run) {
  std::vector<OperationRequest> requests;
  for (const auto& intent : intents) requests.push_back(update_of(intent));
  HUB_TRY(ends, run.run_children(std::move(requests)));
  Tally tally;
  for (const auto& child : ends) {
    tally.add(child);
    run.log(child.target_kind + " " + child.target_id + ": " + child.message);
  }
  const auto told = tally.notes();
  for (const auto& member : told) run.notes()[member.key()] = member.value();
  return {};
}

// What the refresh has just found is left for the next time: this run keeps to its plan.
std::int64_t newer_than_planned(const Tools& tools, const UpdateIntent& intent) {
  std::int64_t more = 0;
  const auto now = outdated(tools, tools.catalog.current());
  for (const auto& found : now.found) {
    const CatalogEntry& newer = found.entry;
    const auto& wanted = newer.kind == ArtifactKind::skill ? intent.skills : intent.scenarios;
    const bool known = std::ranges::any_of(wanted, [&](const InstallIntent& one) {
      const auto& target = one.artifacts.back();
      return target.name == newer.name && target.version == newer.version &&
             target.tree == newer.tree;
    });
    if (!known) ++more;
  }
  return more;
}

Error incomplete(const Tally& tally) {
  std::string names;
  boost::json::array causes;
  bool retryable = true;
  for (const auto& one : tally.failed) {
    const auto& error = one.at("error");
    names += (names.empty() ? "" : ", ") + std::string(one.at("target").as_string());
    causes.push_back({{"code", error.at("code")}, {"message", error.at("message")}});
    retryable = retryable && error.at("retryable").as_bool();
  }
  const auto failed = tally.failed.size();
  const auto all = failed + static_cast<std::size_t>(tally.updated);
  return Error{retryable ? ErrorCode::unavailable : ErrorCode::conflict,
               "cannot update everything: " + std::to_string(failed) + " of " +
                   std::to_string(all) + " failed: " + names,
               "update_incomplete",
               "the others are up to date; look at each that failed, then update again",
               {{"updated", tally.updated},
                {"failed", static_cast<std::int64_t>(failed)},
                {"targets", names},
                {"causes", std::move(causes)}}};
}

Result<> conclude(const Tools& tools, const UpdateIntent& intent, StepContext& run) {
  Tally tally;
  tally.add_notes(run.notes());
  if (!intent.skills.empty() && !intent.scenarios.empty())
    tally.add_notes(run.notes_of(skills_step));
  const auto more = newer_than_planned(tools, intent);
  run.result("updated", Json(tally.updated));
  run.result("failed", tally.failed);
  run.result("more_available", Json(more));
  if (!tally.failed.empty()) return tl::unexpected(incomplete(tally));
  std::string said = tally.updated == 0 ? "everything was up to date"
                                        : std::to_string(tally.updated) + " artifacts are updated";
  if (more > 0) said += "; " + std::to_string(more) + " newer just found";
  run.conclude(said);
  return {};
}

Step installs_step(const char* name, const std::vector<InstallIntent>& intents) {
  Step step;
  step.name = name;
  step.weight = 10 * static_cast<int>(intents.size());
  step.kind = StepClass::parent;
  step.timeout = std::chrono::hours(6);  // each child has a deadline of its own
  step.run = [intents](StepContext& run) { return run_installs(intents, run); };
  return step;
}

}  // namespace

Result<Plan> WorkspaceUpdate::resolve(const OperationRequest&) const {
  const auto catalog = tools_.catalog.current();
  UpdateIntent intent;
  Plan plan;
  std::int64_t count = 0;
  const auto all = outdated(tools_, catalog);
  plan.warnings = all.skipped;
  boost::json::array shown;
  std::optional<std::int64_t> bytes = 0;
  for (const auto& one : all.found) {
    const auto& entry = one.entry;
    auto pinned =
        pin_with_requirements(tools_.store, *catalog, entry, artifacts::OptionalSkills::stay_away);
    if (!pinned) {
      plan.warnings.push_back(pinned.error().message);
      continue;
    }
    auto& list = entry.kind == ArtifactKind::skill ? intent.skills : intent.scenarios;
    const auto more = bytes_of(pinned->intent);
    bytes = bytes && more ? std::optional(*bytes + *more) : std::nullopt;
    list.push_back(std::move(pinned->intent));
    ++count;
    if (shown.size() < shown_max) shown.push_back(planned(one));
  }
  plan.bytes = bytes;
  plan.intent = to_json(intent);
  plan.locks = {{Resource("registry:catalog")}};  // the children lock what they change
  plan.title_key = "operation.workspace.update";
  plan.title_args = {{"name", "workspace"}, {"count", count}, {"artifacts", std::move(shown)}};
  plan.message = "waiting to update " + std::to_string(count) + " artifacts";
  return plan;
}

std::vector<Step> WorkspaceUpdate::steps(const Json& stored) const {
  const auto intent = from_json<UpdateIntent>(stored, "intent").value();
  std::vector<Step> steps{refresh_step(tools_)};
  if (!intent.skills.empty()) steps.push_back(installs_step(skills_step, intent.skills));
  if (!intent.scenarios.empty()) steps.push_back(installs_step(scenarios_step, intent.scenarios));
  auto& last = steps.back();
  last.run = [run_last = last.run, intent, tools = tools_](StepContext& run) -> Result<> {
    HUB_CHECK(run_last(run));
    return conclude(tools, intent, run);
  };
  return steps;
}

}  // namespace hub::workflows
