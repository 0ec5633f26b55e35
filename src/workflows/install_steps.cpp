#include "workflows/install_steps.hpp"

#include "artifacts/preparation.hpp"
#include "base/fault_point.hpp"
#include "registry/manifest.hpp"
#include "registry/tree.hpp"

namespace hub::workflows {
namespace {

using artifacts::Shelf;
using artifacts::SwitchPlan;
using operations::Presence;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

// One artifact on its way; each step's functions share it.
struct Journey {
  Tools tools;
  std::string commit;
  PinnedArtifact artifact;
  std::string suffix;

  fs::path source(const StepContext& run) const {
    return tools.shelf.staged(run.operation_id(), artifact.kind, artifact.name, "source");
  }
  fs::path vendor(const StepContext& run) const {
    return tools.shelf.staged(run.operation_id(), artifact.kind, artifact.name, "vendor");
  }
  std::string label() const { return artifact.title + " " + artifact.version; }
  // Decided once, by fetch: the same content is here already.
  bool skipped(const StepContext& run) const {
    return run.notes_of("fetch" + suffix).contains("already_installed");
  }
};

std::string readable(std::int64_t bytes) {
  if (bytes < 10'240) return std::to_string(bytes) + " B";
  return std::to_string(bytes / 1024) + " KiB";
}

std::string switch_text(const SwitchPlan& plan, const fs::path& target) {
  return std::string(plan.replaces ? "takes the place of " : "goes to ") + target.string();
}

// What the mirror does not have, as after a restore into an empty folder, is fetched again.
Result<git::Exported> take_from_mirror(const Journey& journey,
                                       const registry::ArtifactExport& wanted, StepContext& run) {
  auto& mirror = journey.tools.catalog.mirror();
  const auto attempt = [&]() -> Result<git::Exported> {
    HUB_CHECK(remove_tree(wanted.destination));
    return mirror.export_artifact(wanted);
  };
  const auto is_lacking = [](const Result<git::Exported>& exported) {
    return !exported && exported.error().reason == "git_not_found";
  };
  auto exported = attempt();
  if (!is_lacking(exported)) return exported;
  run.log("the registry's copy here lacks something of commit " + journey.commit +
          ": fetching it again");
  HUB_CHECK(journey.tools.catalog.refresh(wanted.stop));
  exported = attempt();
  if (!is_lacking(exported)) return exported;
  HUB_TRY(fetched, mirror.fetch_anew({.stop = wanted.stop}));  // it has lost what it seems to have
  exported = attempt();
  if (!is_lacking(exported)) return exported;
  return fail(ErrorCode::not_found,
              "cannot fetch " + journey.label() + ": the registry does not have commit " +
                  journey.commit + " any more; it is at " + fetched->commit,
              "commit_gone", "install it again: what is published now is taken then",
              {{"commit", journey.commit}, {"tip", fetched->commit}});
}

Result<> fetch(const Journey& journey, StepContext& run) {
  const auto& artifact = journey.artifact;
  const auto present = journey.tools.store.find_installed(artifact.kind, artifact.name);
  if (present && !artifact.tree.empty() && present->tree == artifact.tree &&
      fs::is_directory(journey.tools.shelf.installed(artifact.kind, artifact.name))) {
    run.notes()["already_installed"] = present->version;
    run.log(artifact.name + " " + present->version + " is here already, with the same files");
    return {};
  }
  const auto destination = journey.source(run);
  HUB_CHECK(make_directories(destination.parent_path()));
  registry::ArtifactExport wanted;
  wanted.commit = journey.commit;
  wanted.kind = artifact.kind;
  wanted.name = artifact.name;
  wanted.destination = destination;
  wanted.progress = [&](std::int64_t done, std::int64_t total) {
    run.progress({done, total, "bytes"},
                 "fetching " + journey.label() + ", " + readable(done) + " of " + readable(total));
  };
  wanted.stop = [&run] { return run.stop_requested(); };
  HUB_TRY(exported, take_from_mirror(journey, wanted, run));
  run.notes()["bytes"] = exported.bytes;
  run.log("fetched " + journey.label() + ": " + std::to_string(exported.bytes) +
          " bytes, registry commit " + journey.commit);
  return sync_tree(destination);
}

Result<> verify(const Journey& journey, StepContext& run) {
  if (journey.skipped(run)) return {};
  const auto& artifact = journey.artifact;
  run.progress({0, std::nullopt, "files"}, "verifying " + journey.label());
  HUB_TRY(manifest, registry::read_manifest(artifact.kind, journey.source(run)));
  HUB_TRY(tree, registry::read_tree(journey.source(run), manifest.secret_fixtures));
  run.notes()["tree"] = tree.digest;
  if (artifact.tree.empty()) {
    run.warn(artifact.name + " was published without a digest, so its files could not be verified");
    return {};
  }
  run.log("its files are " + tree.digest);
  if (tree.digest == artifact.tree) return {};
  return fail(ErrorCode::invalid,
              "cannot install " + artifact.name + ": its files do not match the catalogue",
              "digest_mismatch", "do not use it; tell its publisher, or whoever runs the registry",
              {{"expected", artifact.tree}, {"observed", tree.digest}});
}

Result<> prepare(const Journey& journey, StepContext& run) {
  if (journey.skipped(run)) return {};
  const auto& artifact = journey.artifact;
  run.progress({0, std::nullopt, "packages"}, "preparing " + journey.label());
  artifacts::PreparationRequest wanted;
  wanted.kind = artifact.kind;
  wanted.source = journey.source(run);
  wanted.vendor = journey.vendor(run);
  wanted.downloads = journey.tools.shelf.downloads();
  wanted.on_line = [&](const std::string& line) { run.log(line); };
  wanted.on_bytes = [&](std::int64_t done, std::int64_t total) {
    run.progress({done, total, "bytes"}, "fetching packages of " + journey.label());
  };
  wanted.stop = [&run] { return run.stop_requested(); };
  HUB_TRY(prepared, artifacts::prepare(wanted));
  for (const auto& warning : prepared.warnings) run.warn(artifact.name + ": " + warning);
  if (prepared.dependencies.empty()) return {};
  const auto target = journey.tools.shelf.vendor(artifact.name, artifact.version);
  HUB_TRY(plan, Shelf::plan(wanted.vendor, target));
  run.notes()["vendor"] = to_json(plan);
  HUB_CHECK(run.save_notes());
  run.log(switch_text(plan, target));
  return Shelf::switch_in(plan, wanted.vendor, target);
}

// Preparing again would throw away what the switch has replaced, and an undo needs that.
Presence are_dependencies_switched(const Journey& journey, StepContext& run) {
  const auto* noted = run.notes().if_contains("vendor");
  if (!noted) return Presence::absent;
  const auto plan = from_json<SwitchPlan>(*noted, "notes.vendor");
  const auto target = journey.tools.shelf.vendor(journey.artifact.name, journey.artifact.version);
  return plan && Shelf::is_switched(*plan, target) ? Presence::present : Presence::absent;
}

Result<> take_back_dependencies(const Journey& journey, StepContext& run) {
  const auto* noted = run.notes().if_contains("vendor");
  if (!noted) return {};
  HUB_TRY(plan, from_json<SwitchPlan>(*noted, "notes.vendor"));
  return Shelf::switch_back(
      plan, journey.vendor(run),
      journey.tools.shelf.vendor(journey.artifact.name, journey.artifact.version));
}

InstalledArtifact record_of(const Journey& journey, const StepContext& run) {
  const auto& artifact = journey.artifact;
  const auto before = journey.tools.store.find_installed(artifact.kind, artifact.name);
  InstalledArtifact record;
  record.kind = artifact.kind;
  record.name = artifact.name;
  record.id = artifact.id;
  record.title = artifact.title;
  record.title_i18n = artifact.title_i18n;
  record.version = artifact.version;
  const auto verified = run.notes_of("verify" + journey.suffix);
  if (const auto* tree = verified.if_contains("tree")) {
    record.tree = boost::json::value_to<std::string>(*tree);
  }
  record.commit = journey.commit;
  record.requires_skills = artifact.requires_skills;
  record.updated_at = journey.tools.clock.now();
  record.installed_at = before ? before->installed_at : record.updated_at;
  record.operation_id = run.operation_id();
  return record;
}

Result<> activate(const Journey& journey, StepContext& run) {
  const auto& artifact = journey.artifact;
  if (journey.skipped(run)) return {};
  run.progress({0, std::nullopt, "files"}, "activating " + journey.label());
  const auto target = journey.tools.shelf.installed(artifact.kind, artifact.name);
  auto& notes = run.notes();
  if (!notes.contains("switch")) {
    HUB_TRY(plan, Shelf::plan(journey.source(run), target));
    notes["switch"] = to_json(plan);
    if (const auto before = journey.tools.store.find_installed(artifact.kind, artifact.name)) {
      notes["before"] = to_json(*before);
    }
    HUB_CHECK(run.save_notes());
  }
  HUB_TRY(plan, from_json<SwitchPlan>(notes.at("switch"), "notes.switch"));
  fault_point("planned:activate");
  run.log(switch_text(plan, target));
  HUB_CHECK(Shelf::switch_in(plan, journey.source(run), target));
  run.change_installed(record_of(journey, run));
  return {};
}

Result<> deactivate(const Journey& journey, StepContext& run) {
  const auto& artifact = journey.artifact;
  const auto* noted = run.notes().if_contains("switch");
  if (!noted) return {};
  HUB_TRY(plan, from_json<SwitchPlan>(*noted, "notes.switch"));
  HUB_CHECK(Shelf::switch_back(plan, journey.source(run),
                               journey.tools.shelf.installed(artifact.kind, artifact.name)));
  if (const auto* before = run.notes().if_contains("before")) {
    HUB_TRY(record, from_json<InstalledArtifact>(*before, "notes.before"));
    run.change_installed(std::move(record));
  } else {
    run.change_installed(store::ArtifactRemoval{artifact.kind, artifact.name});
  }
  return {};
}

}  // namespace

void add_install_steps(std::vector<Step>& steps, const Tools& tools, const std::string& commit,
                       const PinnedArtifact& artifact, const std::string& suffix) {
  const auto journey = std::make_shared<const Journey>(Journey{tools, commit, artifact, suffix});
  const auto step = [&](const char* name, int weight, auto run) {
    Step made;
    made.name = name + suffix;
    made.weight = weight;
    made.run = [journey, run](StepContext& context) { return run(*journey, context); };
    return made;
  };
  auto fetching = step("fetch", 5, fetch);
  fetching.retry = {.attempts_max = 4, .delay_first = std::chrono::seconds(2)};
  steps.push_back(std::move(fetching));
  steps.push_back(step("verify", 2, verify));
  auto preparing = step("prepare", 4, prepare);
  preparing.kind = StepClass::fs_publish;
  preparing.timeout = std::chrono::minutes(12);  // pip itself gives up after ten
  preparing.probe = [journey](StepContext& run) {
    return are_dependencies_switched(*journey, run);
  };
  preparing.undo = [journey](StepContext& run) { return take_back_dependencies(*journey, run); };
  steps.push_back(std::move(preparing));
  auto activating = step("activate", 1, activate);
  activating.kind = StepClass::fs_publish;
  activating.undo = [journey](StepContext& run) { return deactivate(*journey, run); };
  steps.push_back(std::move(activating));
}

}  // namespace hub::workflows
