#include "workflows/install_steps.hpp"

#include "artifacts/adaos_markers.hpp"
#include "artifacts/preparation.hpp"
#include "artifacts/resolved_manifest.hpp"
#include "artifacts/slot_switch.hpp"
#include "base/fault_point.hpp"
#include "base/text.hpp"
#include "registry/manifest.hpp"
#include "registry/tree.hpp"

namespace hub::workflows {
namespace {

using artifacts::Shelf;
using artifacts::SlotSwitch;
using artifacts::StoodThere;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

// A journey as each step's functions see it.
struct Travel : Journey {
  // Where this version lies, decided by fetch.
  std::string place(const StepContext& run) const {
    return Shelf::new_place(artifact.kind, artifact.name, slot(run), run.operation_id());
  }
  std::string slot(const StepContext& run) const {
    const auto notes = run.notes_of("fetch" + suffix);
    const auto* noted = notes.if_contains("slot");
    return noted && noted->is_string() ? std::string(noted->get_string()) : "A";
  }
  fs::path source(const StepContext& run) const { return tools.shelf.source_of(place(run)); }
  std::optional<InstalledArtifact> present() const {
    return tools.store.find_installed(artifact.kind, artifact.name);
  }
  std::string label() const { return artifact.title + " " + artifact.version; }
  // Decided once, by fetch: the same content is here already.
  bool skipped(const StepContext& run) const {
    return run.notes_of("fetch" + suffix).contains("already_installed");
  }
};

std::string switch_text(const SlotSwitch& plan) {
  return plan.name + " leads to " + plan.to +
         (plan.before == StoodThere::folder ? "; the directory that was there goes to " + plan.aside
                                            : std::string());
}

// What is active stays as it is. A plain directory becomes A when it is taken over.
const char* inactive_slot(const Travel& journey) {
  const auto present = journey.present();
  if (present && !present->slot.empty()) return present->slot == "A" ? "B" : "A";
  return artifacts::is_there(
             journey.tools.shelf.installed(journey.artifact.kind, journey.artifact.name))
             ? "B"
             : "A";
}

// What the mirror does not have, as after a restore into an empty folder, is fetched again.
Result<git::Exported> take_from_mirror(const Travel& journey,
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

Result<> fetch(const Travel& journey, StepContext& run) {
  const auto& artifact = journey.artifact;
  const auto present = journey.present();
  if (present && !artifact.tree.empty() && present->tree == artifact.tree &&
      fs::is_directory(journey.tools.shelf.installed(artifact.kind, artifact.name))) {
    run.notes()["already_installed"] = present->version;
    run.log(artifact.name + " " + present->version + " is here already, with the same files");
    return {};
  }
  if (!run.notes().contains("slot")) run.notes()["slot"] = inactive_slot(journey);
  const auto destination = journey.source(run);
  HUB_CHECK(make_directories(destination.parent_path()));
  registry::ArtifactExport wanted;
  wanted.commit = journey.commit;
  wanted.kind = artifact.kind;
  wanted.name = artifact.name;
  wanted.destination = destination;
  wanted.progress = [&](std::int64_t done, std::int64_t total) {
    run.progress({done, total, "bytes"}, "fetching " + journey.label() + ", " + size_text(done) +
                                             " of " + size_text(total));
  };
  wanted.stop = [&run] { return run.stop_requested(); };
  HUB_TRY(exported, take_from_mirror(journey, wanted, run));
  run.notes()["bytes"] = exported.bytes;
  run.log("fetched " + journey.label() + ": " + std::to_string(exported.bytes) +
          " bytes, registry commit " + journey.commit);
  return sync_tree(destination);
}

Result<> verify(const Travel& journey, StepContext& run) {
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

// A version that would not run here, whatever one tries again.
bool tells_of_its_health(const Error& error) { return error.code == ErrorCode::invalid; }

// Together with the end of what was tried: the version is not offered any more.
Result<> hold_back(const Travel& journey, StepContext& run) {
  const auto* ill = run.notes().if_contains("ill");
  auto row = journey.present();
  if (!ill || !row || find_held(*row, journey.artifact.version, journey.artifact.tree)) return {};
  HeldVersion held;
  held.version = journey.artifact.version;
  held.tree = journey.artifact.tree;
  held.code = text_in(ill->as_object(), "code");
  held.reason = text_in(ill->as_object(), "reason");
  held.held_at = journey.tools.clock.now();
  held.operation_id = run.operation_id();
  row->held.push_back(std::move(held));
  run.change_installed(*std::move(row));
  return {};
}

Result<> prepare(const Travel& journey, StepContext& run) {
  if (journey.skipped(run)) return {};
  const auto& artifact = journey.artifact;
  run.progress({0, std::nullopt, "packages"}, "preparing " + journey.label());
  artifacts::PreparationRequest wanted;
  wanted.kind = artifact.kind;
  wanted.source = journey.source(run);
  wanted.vendor = journey.tools.shelf.packages_of(journey.place(run));
  wanted.tests = journey.tests;
  wanted.downloads = journey.tools.shelf.downloads();
  wanted.on_line = [&](const std::string& line) { run.log(line); };
  wanted.on_bytes = [&](std::int64_t done, std::int64_t total) {
    run.progress({done, total, "bytes"}, "fetching packages of " + journey.label());
  };
  wanted.stop = [&run] { return run.stop_requested(); };
  const auto prepared = artifacts::prepare(wanted);
  if (prepared) {
    for (const auto& warning : prepared->warnings) run.warn(artifact.name + ": " + warning);
    if (artifact.kind == ArtifactKind::scenario) return {};
    return artifacts::write_resolved_manifest(journey.tools.shelf, journey.place(run));
  }
  const auto& error = prepared.error();
  if (tells_of_its_health(error)) {
    run.notes()["ill"] = {{"code", error.reason}, {"reason", error.message}};
    run.log("this version is held back from now on: it did not pass its tests here");
  }
  return tl::unexpected(error);
}

template <class Noted>
Result<std::optional<Noted>> noted(StepContext& run, const char* key) {
  const auto* found = run.notes().if_contains(key);
  if (!found) return std::optional<Noted>();
  HUB_TRY(value, from_json<Noted>(*found, std::string("notes.") + key));
  return std::optional<Noted>(std::move(value));
}

// A plain directory that stands where the artifact is to be, as the version that it becomes: this
// hub's when it is as it was installed, somebody's own otherwise.
Deployment look_at_folder(const Travel& journey, const OperationId& id) {
  const auto& artifact = journey.artifact;
  const auto folder = journey.tools.shelf.installed(artifact.kind, artifact.name);
  Deployment taken;
  if (const auto before = journey.present()) taken = deployment_of(*before);
  taken.slot = "A";
  std::string tree;
  if (const auto manifest = registry::read_manifest(artifact.kind, folder)) {
    if (taken.version.empty()) taken.version = manifest->version;
    if (taken.title.empty()) taken.title = manifest->title;
    if (taken.requires_skills.empty()) taken.requires_skills = manifest->requires_skills;
    if (const auto files = registry::read_tree(folder, manifest->secret_fixtures)) {
      tree = files->digest;
    }
  }
  const bool ours = !tree.empty() && tree == taken.tree;
  taken.tree = tree;
  if (taken.id.empty()) taken.id = artifact.name;
  taken.place = ours
                    ? Shelf::new_place(artifact.kind, artifact.name, "A", id)
                    : "kept/" + directory_of(artifact.kind) + "/" + artifact.name + "." + id.text();
  return taken;
}

// Decides what is switched, and remembers how it was, before anything is touched.
Result<> plan_activation(const Travel& journey, StepContext& run) {
  auto& notes = run.notes();
  if (notes.contains("switch")) return {};
  const auto& artifact = journey.artifact;
  HUB_TRY(plan, artifacts::plan_switch(journey.tools.shelf, artifact.kind, artifact.name,
                                       journey.place(run)));
  if (plan.before == StoodThere::folder) {
    const auto taken = look_at_folder(journey, run.operation_id());
    plan.aside = taken.place;
    plan.version = taken.version;
    notes["taken_over"] = to_json(taken);
  }
  if (const auto before = journey.present()) notes["before"] = to_json(*before);
  notes["switch"] = to_json(plan);
  HUB_CHECK(run.save_notes());
  fault_point("planned:activate");
  run.log(switch_text(plan));
  return {};
}

Result<InstalledArtifact> record_of(const Travel& journey, StepContext& run) {
  const auto& artifact = journey.artifact;
  HUB_TRY(before, noted<InstalledArtifact>(run, "before"));
  HUB_TRY(taken_over, noted<Deployment>(run, "taken_over"));
  InstalledArtifact record;
  record.kind = artifact.kind;
  record.name = artifact.name;
  record.id = artifact.id;
  record.title = artifact.title;
  record.title_i18n = artifact.title_i18n;
  record.version = artifact.version;
  record.tree = text_in(run.notes_of("verify" + journey.suffix), "tree");
  record.commit = journey.commit;
  record.requires_skills = artifact.requires_skills;
  record.updated_at = journey.tools.clock.now();
  record.installed_at = before ? before->installed_at : record.updated_at;
  record.operation_id = run.operation_id();
  record.slot = journey.slot(run);
  record.place = journey.place(run);
  if (taken_over) {
    record.previous = taken_over;
  } else if (before && !before->place.empty()) {
    record.previous = deployment_of(*before);
  }
  if (before) {
    if (before->previous) record.displaced = before->previous->place;
    record.pin = before->pin;
    record.held = before->held;
    std::erase_if(record.held, [&](const HeldVersion& one) {
      return one.version == record.version;  // it has passed now
    });
  }
  if (journey.pin) record.pin = journey.pin;
  return record;
}

// What is here already may be kept at this version from now on.
Result<> keep_pinned(const Travel& journey, StepContext& run) {
  auto row = journey.present();
  if (!journey.pin || !row || row->pin == journey.pin) return {};
  run.notes()["before"] = to_json(*row);
  row->pin = journey.pin;
  run.change_installed(*std::move(row));
  return {};
}

Result<> activate(const Travel& journey, StepContext& run) {
  if (journey.skipped(run)) return keep_pinned(journey, run);
  run.progress({0, std::nullopt, "files"}, "activating " + journey.label());
  HUB_CHECK(plan_activation(journey, run));
  HUB_TRY(plan, noted<SlotSwitch>(run, "switch"));
  HUB_CHECK(artifacts::switch_in(journey.tools.shelf, *plan, run.operation_id()));
  HUB_TRY(record, record_of(journey, run));
  artifacts::write_markers(journey.tools.shelf, record);
  run.change_installed(std::move(record));
  return {};
}

Result<> deactivate(const Travel& journey, StepContext& run) {
  const auto& artifact = journey.artifact;
  HUB_TRY(plan, noted<SlotSwitch>(run, "switch"));
  HUB_TRY(before, noted<InstalledArtifact>(run, "before"));
  if (!plan && before) run.change_installed(*before);
  if (!plan) return {};
  const auto& shelf = journey.tools.shelf;
  HUB_CHECK(artifacts::switch_back(shelf, *plan, run.operation_id()));
  const bool in_slots = before && !before->place.empty();
  if (in_slots) {
    artifacts::write_markers(shelf, *before);
  } else if (artifact.kind == ArtifactKind::skill) {
    HUB_CHECK(artifacts::remove_markers(shelf, artifact.name));
  }
  if (before) {
    run.change_installed(*std::move(before));
  } else {
    run.change_installed(store::ArtifactRemoval{artifact.kind, artifact.name});
  }
  return {};
}

}  // namespace

void add_install_steps(std::vector<Step>& steps, const Journey& wanted) {
  const auto journey = std::make_shared<const Travel>(Travel{wanted});
  const auto& suffix = wanted.suffix;
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
  preparing.timeout = std::chrono::minutes(12);  // pip itself gives up after ten
  preparing.undo = [journey](StepContext& run) { return hold_back(*journey, run); };
  steps.push_back(std::move(preparing));
  auto activating = step("activate", 1, activate);
  activating.kind = StepClass::fs_publish;
  activating.undo = [journey](StepContext& run) { return deactivate(*journey, run); };
  steps.push_back(std::move(activating));
}

}  // namespace hub::workflows
