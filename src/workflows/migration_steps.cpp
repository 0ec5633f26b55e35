#include "workflows/migration_steps.hpp"

#include <algorithm>

#include "artifacts/preparation.hpp"
#include "artifacts/resolved_manifest.hpp"
#include "base/fault_point.hpp"
#include "migration/source_files.hpp"
#include "registry/tree.hpp"
#include "workflows/migration_switch.hpp"
#include "workflows/pinned_artifact.hpp"

namespace hub::workflows {
namespace {

using migration::CopyRequest;
using migration::FoundArtifact;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

constexpr const char* copy_step = "copy";
constexpr const char* prepare_step = "prepare";
constexpr const char* done_note = "done";  // of each step: {"skill:notes_skill": …}

std::string key_of(const FoundArtifact& artifact) {
  return resource_of(artifact.kind, artifact.name).text();
}

// One after the other; those that an earlier run of the step has done are skipped.
template <class Each>
Result<> for_each_artifact(const Removal& removal, StepContext& run, Each each) {
  auto& notes = run.notes();
  if (!notes.contains(done_note)) notes[done_note] = boost::json::object();
  for (const auto& artifact : removal.intent.artifacts) {
    const auto key = key_of(artifact);
    if (notes.at(done_note).as_object().contains(key)) continue;
    if (run.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    HUB_TRY(outcome, each(artifact));
    notes.at(done_note).as_object()[key] = std::move(outcome);
    HUB_CHECK(run.save_notes());
    fault_point(std::string("migrated:") + key);
  }
  return {};
}

// How far the whole is, over all artifacts.
class Tally {
 public:
  Tally(StepContext& run, std::string doing, std::int64_t total)
      : run_(run), doing_(std::move(doing)), total_(total) {}
  void at(const std::string& what) { what_ = what; }
  void add(std::int64_t bytes) {
    done_ += bytes;
    run_.progress({std::min(done_, total_), total_, "bytes"}, doing_ + " " + what_);
  }

 private:
  StepContext& run_;
  std::string doing_, what_;
  std::int64_t total_ = 0, done_ = 0;
};

std::int64_t size_of(const FoundArtifact& artifact) {
  return artifact.source_bytes + artifact.vendor_bytes + artifact.data_bytes;
}

tl::unexpected<Error> source_changed(const FoundArtifact& artifact, const std::string& how) {
  return fail(ErrorCode::conflict,
              "cannot take over " + to_text(artifact.kind) + " " + artifact.name + ": " + how,
              "source_changed", "stop AdaOS and whatever else writes there, then migrate again",
              {{"name", artifact.name}});
}

// ---- copy

// The files of the artifact itself, as a registry would have them: without what Python leaves.
Result<std::vector<migration::SourceFile>> files_of(const FoundArtifact& artifact,
                                                    const fs::path& folder) {
  HUB_TRY(tree, registry::read_tree(folder, {}, registry::Secrets::allowed));
  if (tree.digest != artifact.tree) {
    return source_changed(artifact,
                          "its files in " + folder.string() + " are not those that were looked at");
  }
  std::vector<migration::SourceFile> files;
  for (const auto& file : tree.files) {
    const bool executable = file.mode == git::FileMode::executable;
    files.push_back({file.path, file.size_bytes, executable ? 0755U : 0644U});
  }
  return files;
}

std::vector<std::string> folders_of(const std::vector<migration::SourceFile>& files) {
  std::vector<std::string> folders;
  for (const auto& file : files) {
    const auto folder = fs::path(file.path).parent_path().string();
    if (!folder.empty() && (folders.empty() || folders.back() != folder)) folders.push_back(folder);
  }
  return folders;
}

CopyRequest copy_request(const Removal& removal, StepContext& run, const std::string& folder,
                         const fs::path& target) {
  CopyRequest request;
  request.root = removal.intent.report.source;
  request.folder = folder;
  request.target = target;
  request.unfinished = removal.tools.shelf.staging(run.operation_id()) / "unfinished";
  request.stop = [&run] { return run.stop_requested(); };
  return request;
}

Result<> copy_whole(CopyRequest request, Tally& tally) {
  HUB_TRY(listed, migration::list_folder(request.root, request.folder, request.stop));
  request.files = std::move(listed.files);
  request.folders = std::move(listed.folders);
  request.copied = [&tally](std::int64_t bytes) { tally.add(bytes); };
  return migration::copy_folder(request);
}

Result<Json> copy_one(const Removal& removal, const FoundArtifact& artifact, Tally& tally,
                      StepContext& run) {
  // It was installed while this one waited in line.
  if (removal.tools.store.find_installed(artifact.kind, artifact.name)) return Json("installed");
  auto source = copy_request(removal, run, artifact.source, removal.source(run, artifact));
  HUB_TRY(files, files_of(artifact, source.root / source.folder));
  source.files = std::move(files);
  source.folders = folders_of(source.files);
  source.copied = [&tally](std::int64_t bytes) { tally.add(bytes); };
  HUB_CHECK(migration::copy_folder(source));
  if (!artifact.vendor.empty()) {
    const auto target = removal.packages(run, artifact);
    HUB_CHECK(copy_whole(copy_request(removal, run, artifact.vendor, target), tally));
  }
  if (!artifact.data.empty()) {
    const auto target = removal.data(run, artifact);
    HUB_CHECK(copy_whole(copy_request(removal, run, artifact.data, target), tally));
  }
  run.log("copied " + key_of(artifact) + " " + artifact.version + ": " +
          std::to_string(size_of(artifact)) + " bytes from " + artifact.source);
  return Json("copied");
}

Result<> copy(const Removal& removal, StepContext& run) {
  HUB_CHECK(migration::check_not_in_use(removal.intent.report.source));
  HUB_CHECK(make_directories(removal.tools.shelf.staging(run.operation_id())));
  Tally tally(run, "copying", removal.intent.report.bytes);
  return for_each_artifact(removal, run, [&](const FoundArtifact& artifact) {
    tally.at(key_of(artifact));
    return copy_one(removal, artifact, tally, run);
  });
}

bool is_copied(const StepContext& run, const FoundArtifact& artifact) {
  return outcome_of(run, copy_step, artifact) == "copied";
}

// ---- verify

Result<> verify_whole(const FoundArtifact& artifact, CopyRequest request, Tally& tally) {
  HUB_TRY(source, migration::list_folder(request.root, request.folder, request.stop));
  HUB_TRY(copied, migration::list_folder(request.target, "", request.stop));
  const auto alike = [](const migration::SourceFile& one, const migration::SourceFile& other) {
    return one.path == other.path && one.size_bytes == other.size_bytes;
  };
  if (!std::ranges::equal(source.files, copied.files, alike) || source.folders != copied.folders) {
    return source_changed(artifact, "files came or went in " +
                                        (request.root / request.folder).string() +
                                        " while it was copied");
  }
  request.files = std::move(copied.files);
  request.copied = [&tally](std::int64_t bytes) { tally.add(bytes); };
  return migration::check_copy(request);
}

Result<Json> verify_one(const Removal& removal, const FoundArtifact& artifact, Tally& tally,
                        StepContext& run) {
  if (!is_copied(run, artifact)) return Json("installed");
  HUB_CHECK(files_of(artifact, removal.source(run, artifact)));
  tally.add(artifact.source_bytes);
  if (!artifact.vendor.empty()) {
    const auto target = removal.packages(run, artifact);
    HUB_CHECK(verify_whole(artifact, copy_request(removal, run, artifact.vendor, target), tally));
  }
  if (!artifact.data.empty()) {
    const auto target = removal.data(run, artifact);
    HUB_CHECK(verify_whole(artifact, copy_request(removal, run, artifact.data, target), tally));
  }
  return Json("verified");
}

Result<> verify(const Removal& removal, StepContext& run) {
  HUB_CHECK(migration::check_not_in_use(removal.intent.report.source));
  Tally tally(run, "verifying", removal.intent.report.bytes);
  return for_each_artifact(removal, run, [&](const FoundArtifact& artifact) {
    tally.at(key_of(artifact));
    return verify_one(removal, artifact, tally, run);
  });
}

// ---- prepare

artifacts::PreparationRequest preparation_of(const Removal& removal, const FoundArtifact& artifact,
                                             StepContext& run) {
  artifacts::PreparationRequest wanted;
  wanted.kind = artifact.kind;
  wanted.source = removal.source(run, artifact);
  wanted.vendor = removal.packages(run, artifact);
  wanted.downloads = removal.tools.shelf.downloads();
  wanted.on_line = [&run](const std::string& line) { run.log(line); };
  wanted.stop = [&run] { return run.stop_requested(); };
  return wanted;
}

Json failed(const Error& error) {
  return boost::json::object{
      {"code", error.reason}, {"reason", error.message}, {"hint", error.hint}};
}

Result<Json> prepare_one(const Removal& removal, const FoundArtifact& artifact, StepContext& run) {
  if (!is_copied(run, artifact)) return Json("installed");
  run.progress({0, std::nullopt, "files"}, "trying " + key_of(artifact));
  auto wanted = preparation_of(removal, artifact, run);
  const auto stopped = [](const Result<artifacts::Preparation>& one) {
    return !one && one.error().code == ErrorCode::cancelled;
  };
  // AdaOS's packages may be of another Python, or of another machine.
  std::string packages = "none";
  auto prepared = Result<artifacts::Preparation>(fail(ErrorCode::not_found, ""));
  if (!artifact.vendor.empty()) {
    wanted.packages = artifacts::SkillPackages::are_there;
    prepared = artifacts::prepare(wanted);
    if (stopped(prepared)) return tl::unexpected(prepared.error());
    packages = "copied";
    if (!prepared) {
      run.log(key_of(artifact) +
              " does not run with AdaOS's packages, so they are installed anew: " +
              prepared.error().message);
    }
  }
  if (!prepared) {
    wanted.packages = artifacts::SkillPackages::install;
    prepared = artifacts::prepare(wanted);
    if (stopped(prepared)) return tl::unexpected(prepared.error());
    if (prepared) packages = prepared->dependencies.empty() ? "none" : "installed";
  }
  if (!prepared) {
    run.log(key_of(artifact) + " is left out: " + prepared.error().message);
    return failed(prepared.error());
  }
  for (const auto& warning : prepared->warnings) run.warn(artifact.name + ": " + warning);
  if (artifact.kind == ArtifactKind::skill) {
    HUB_CHECK(
        artifacts::write_resolved_manifest(removal.tools.shelf, removal.place(run, artifact)));
  }
  return Json(packages);
}

Result<> prepare(const Removal& removal, StepContext& run) {
  return for_each_artifact(removal, run, [&](const FoundArtifact& artifact) {
    return prepare_one(removal, artifact, run);
  });
}

}  // namespace

std::string outcome_of(const StepContext& run, const char* step, const FoundArtifact& artifact) {
  const auto notes = run.notes_of(step);
  const auto* done = notes.if_contains(done_note);
  const auto* found =
      done && done->is_object() ? done->get_object().if_contains(key_of(artifact)) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

void tell(const migration::Report& report, StepContext& run) {
  const auto shown = to_json(report);
  for (const auto& [key, value] : shown.get_object()) run.result(key, value);
  const auto summary = migration::summary_of(report);
  run.result("summary", Json(summary));
  run.conclude(summary);
}

std::vector<Step> migration_steps(const Tools& tools, MigrationIntent intent) {
  const auto removal = std::make_shared<const Removal>(Removal{tools, std::move(intent)});
  const auto step = [&](const char* name, int weight, auto run) {
    Step made;
    made.name = name;
    made.weight = weight;
    made.timeout = std::chrono::hours(24 * 6);
    made.run = [removal, run](StepContext& context) { return run(*removal, context); };
    return made;
  };
  std::vector<Step> steps;
  steps.push_back(step(copy_step, 10, copy));
  steps.push_back(step("verify", 6, verify));
  steps.push_back(step(prepare_step, 10, prepare));
  auto bringing = step(data_step, 1, bring_data);
  bringing.kind = StepClass::fs_publish;
  bringing.undo = [removal](StepContext& run) { return take_data_back(*removal, run); };
  steps.push_back(std::move(bringing));
  auto activating = step("activate", 1, activate);
  activating.kind = StepClass::fs_publish;
  activating.undo = [removal](StepContext& run) { return deactivate(*removal, run); };
  steps.push_back(std::move(activating));
  return steps;
}

}  // namespace hub::workflows
