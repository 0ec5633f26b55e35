#include "workflows/migration_switch.hpp"

#include <algorithm>

#include "artifacts/adaos_markers.hpp"
#include "artifacts/slot_switch.hpp"
#include "base/fault_point.hpp"
#include "workflows/pinned_artifact.hpp"

namespace hub::workflows {
namespace {

using artifacts::Shelf;
using artifacts::SlotSwitch;
using artifacts::StoodThere;
using migration::Fate;
using migration::FoundArtifact;
using operations::StepContext;

// How one artifact is put in its place.
struct Entrance {
  SlotSwitch link;
  bool had_runtime = false;  // something stood at .runtime/<name>
};
BOOST_DESCRIBE_STRUCT(Entrance, (), (link, had_runtime))

const char* slot_of(const FoundArtifact& artifact) { return artifact.slot == "B" ? "B" : "A"; }

fs::path kept_runtime(const Shelf& shelf, const std::string& skill, const OperationId& id) {
  return shelf.all_slots() / "kept" / "runtime" / (skill + "." + id.text());
}

// Where an undo puts what has grown at .runtime/<name> since; goes with the operation.
fs::path undone_runtime(const Shelf& shelf, const std::string& skill, const OperationId& id) {
  return shelf.staged(id, ArtifactKind::skill, skill, "runtime");
}

// Why an artifact of the plan does not come along after all; null: it does.
const Json* failure_of(const boost::json::object& prepared, const FoundArtifact& artifact) {
  const auto* done = prepared.if_contains("done");
  const auto* found =
      done && done->is_object()
          ? done->get_object().if_contains(resource_of(artifact.kind, artifact.name).text())
          : nullptr;
  return found && found->is_object() ? found : nullptr;
}

// Who comes along, and what becomes of the others.
class Roll {
 public:
  Roll(const Removal& removal, const StepContext& run) : report(removal.intent.report), run_(run) {
    const auto prepared = run.notes_of("prepare");
    std::vector<const FoundArtifact*> left;
    for (const auto& artifact : removal.intent.artifacts) {
      if (has_come_through(artifact, prepared)) left.push_back(&artifact);
    }
    const auto unmet = migration::find_unmet(left, [&removal](const std::string& skill) {
      return removal.tools.store.find_installed(ArtifactKind::skill, skill).has_value();
    });
    for (const auto* artifact : left) {
      const auto missing = unmet.find(artifact);
      if (missing == unmet.end()) {
        take(*artifact);
      } else {
        leave(item_of(*artifact), Fate::failed, "requires_missing",
              "it requires skill " + missing->second + ", which was not taken over",
              "install " + missing->second + ", then migrate again");
      }
    }
  }

  migration::Report report;
  std::vector<const FoundArtifact*> coming;
  std::optional<Error> first_failure;
  std::vector<std::string> left_out;  // and why: sentences

 private:
  migration::ReportItem& item_of(const FoundArtifact& artifact) {
    return *std::ranges::find_if(report.items, [&](const migration::ReportItem& item) {
      return item.kind == artifact.kind && item.name == artifact.name;
    });
  }

  bool has_come_through(const FoundArtifact& artifact, const boost::json::object& prepared) {
    auto& item = item_of(artifact);
    if (outcome_of(run_, "copy", artifact) == "installed") {
      leave(item, Fate::conflict, "already_installed",
            "it was installed here while the migration waited", "");
      return false;
    }
    if (const auto* why = failure_of(prepared, artifact)) {
      const auto text = [&](const char* key) { return std::string(why->at(key).as_string()); };
      leave(item, Fate::failed, text("code"), text("reason"), text("hint"));
      return false;
    }
    return true;
  }

  void take(const FoundArtifact& artifact) {
    auto& item = item_of(artifact);
    item.fate = Fate::adopted;
    const auto packages = outcome_of(run_, "prepare", artifact);
    item.packages.reset();
    if (packages == "copied" || packages == "installed") item.packages = packages;
    coming.push_back(&artifact);
  }

  void leave(migration::ReportItem& item, Fate fate, const std::string& code,
             const std::string& reason, const std::string& hint) {
    item.fate = fate;
    item.code = code;
    item.reason = reason;
    if (!hint.empty()) item.hint = hint;
    if (!first_failure) first_failure = Error{ErrorCode::invalid, reason, code, hint};
    left_out.push_back(to_text(item.kind) + " " + item.name + " is left out: " + reason);
  }

  const StepContext& run_;
};

Result<Entrance> plan_entrance(const Removal& removal, const FoundArtifact& artifact,
                               StepContext& run) {
  const auto& shelf = removal.tools.shelf;
  Entrance entrance;
  HUB_TRY(link, artifacts::plan_switch(shelf, artifact.kind, artifact.name,
                                       removal.place(run, artifact)));
  if (link.before == StoodThere::folder) {
    link.aside = "kept/" + directory_of(artifact.kind) + "/" + artifact.name + "." +
                 run.operation_id().text();
  }
  entrance.link = std::move(link);
  entrance.had_runtime =
      artifact.kind == ArtifactKind::skill && artifacts::is_there(shelf.runtime(artifact.name));
  return entrance;
}

Result<> bring_runtime(const Removal& removal, const FoundArtifact& artifact,
                       const Entrance& entrance, StepContext& run) {
  if (artifact.kind != ArtifactKind::skill) return {};
  const auto& shelf = removal.tools.shelf;
  const auto runtime = shelf.runtime(artifact.name);
  const auto kept = kept_runtime(shelf, artifact.name, run.operation_id());
  if (entrance.had_runtime && !artifacts::is_there(kept)) {
    HUB_CHECK(Shelf::take_away(runtime, kept));
    fault_point("kept:runtime");
  }
  const auto staged = removal.data(run, artifact);
  if (!artifacts::is_there(staged)) return {};  // it has none, or it is at home
  HUB_CHECK(make_directories(runtime));
  HUB_CHECK(rename_durable(staged, shelf.data(artifact.name)));
  fault_point("brought:data");
  return {};
}

Result<> take_runtime_back(const Removal& removal, const FoundArtifact& artifact,
                           const Entrance& entrance, StepContext& run) {
  if (artifact.kind != ArtifactKind::skill) return {};
  const auto& shelf = removal.tools.shelf;
  const auto runtime = shelf.runtime(artifact.name);
  const auto kept = kept_runtime(shelf, artifact.name, run.operation_id());
  const auto undone = undone_runtime(shelf, artifact.name, run.operation_id());
  if (entrance.had_runtime && !artifacts::is_there(kept)) return {};  // it was not touched
  if (!artifacts::is_there(undone)) HUB_CHECK(Shelf::take_away(runtime, undone));
  return Shelf::put_back(runtime, kept);
}

InstalledArtifact record_of(const Removal& removal, const FoundArtifact& artifact,
                            StepContext& run) {
  InstalledArtifact record;
  record.kind = artifact.kind;
  record.name = artifact.name;
  record.id = artifact.id;
  record.title = artifact.title.empty() ? artifact.name : artifact.title;
  record.title_i18n = artifact.title_i18n;
  record.version = artifact.version;
  record.tree = artifact.tree;
  record.requires_skills = artifact.requires_skills;
  record.installed_at = record.updated_at = removal.tools.clock.now();
  record.operation_id = run.operation_id();
  record.slot = slot_of(artifact);
  record.place = removal.place(run, artifact);
  record.pin = artifact.pin;
  return record;
}

constexpr const char* entrances_note = "entrances";  // of the step that brings the data

// Decides everything, and remembers how it was, before anything is touched.
Result<> plan_entrances(const Removal& removal, const Roll& roll, StepContext& run) {
  auto& notes = run.notes();
  if (notes.contains(entrances_note)) return {};
  boost::json::object entrances;
  for (const auto* artifact : roll.coming) {
    HUB_TRY(entrance, plan_entrance(removal, *artifact, run));
    entrances[resource_of(artifact->kind, artifact->name).text()] = to_json(entrance);
  }
  notes[entrances_note] = std::move(entrances);
  HUB_CHECK(run.save_notes());
  fault_point("planned:migration");
  return {};
}

Result<std::optional<Entrance>> entrance_of(const boost::json::object& notes,
                                            const FoundArtifact& artifact) {
  const auto* all = notes.if_contains(entrances_note);
  const auto* found =
      all ? all->as_object().if_contains(resource_of(artifact.kind, artifact.name).text())
          : nullptr;
  if (!found) return std::optional<Entrance>();
  HUB_TRY(entrance, from_json<Entrance>(*found, std::string("notes.") + entrances_note));
  return std::optional<Entrance>(std::move(entrance));
}

}  // namespace

std::string Removal::place(const StepContext& run, const FoundArtifact& artifact) const {
  return Shelf::new_place(artifact.kind, artifact.name, slot_of(artifact), run.operation_id());
}

fs::path Removal::source(const StepContext& run, const FoundArtifact& artifact) const {
  return tools.shelf.source_of(place(run, artifact));
}

fs::path Removal::packages(const StepContext& run, const FoundArtifact& artifact) const {
  return tools.shelf.packages_of(place(run, artifact));
}

fs::path Removal::data(const StepContext& run, const FoundArtifact& artifact) const {
  return tools.shelf.staged(run.operation_id(), artifact.kind, artifact.name, "data");
}

Result<> bring_data(const Removal& removal, StepContext& run) {
  const Roll roll(removal, run);
  HUB_CHECK(plan_entrances(removal, roll, run));
  for (const auto* artifact : roll.coming) {
    HUB_TRY(entrance, entrance_of(run.notes(), *artifact));
    HUB_CHECK(bring_runtime(removal, *artifact, *entrance, run));
  }
  return {};
}

Result<> take_data_back(const Removal& removal, StepContext& run) {
  for (const auto& artifact : removal.intent.artifacts) {
    HUB_TRY(entrance, entrance_of(run.notes(), artifact));
    if (entrance) HUB_CHECK(take_runtime_back(removal, artifact, *entrance, run));
  }
  return {};
}

Result<> activate(const Removal& removal, StepContext& run) {
  Roll roll(removal, run);
  for (const auto& sentence : roll.left_out) run.warn(sentence);
  if (roll.coming.empty()) {
    const auto& why = *roll.first_failure;
    return fail(why.code,
                "cannot take over " + removal.intent.report.source +
                    ": nothing of it comes through; the first reason: " + why.message,
                why.reason, why.hint);
  }
  const auto notes = run.notes_of(data_step);
  std::int64_t done = 0;
  for (const auto* artifact : roll.coming) {
    run.progress({done++, std::ssize(roll.coming), "artifacts"}, "activating " + artifact->name);
    HUB_TRY(entrance, entrance_of(notes, *artifact));
    HUB_CHECK(artifacts::switch_in(removal.tools.shelf, entrance.value().link, run.operation_id()));
    auto record = record_of(removal, *artifact, run);
    artifacts::write_markers(removal.tools.shelf, record);
    run.change_installed(std::move(record));
  }
  tell(roll.report, run);
  return {};
}

Result<> deactivate(const Removal& removal, StepContext& run) {
  const auto& artifacts = removal.intent.artifacts;
  const auto notes = run.notes_of(data_step);
  for (auto artifact = artifacts.rbegin(); artifact != artifacts.rend(); ++artifact) {
    HUB_TRY(entrance, entrance_of(notes, *artifact));
    if (!entrance) continue;
    HUB_CHECK(artifacts::switch_back(removal.tools.shelf, entrance->link, run.operation_id()));
    if (artifact->kind == ArtifactKind::skill) {
      HUB_CHECK(artifacts::remove_markers(removal.tools.shelf, artifact->name));
    }
    run.change_installed(store::ArtifactRemoval{artifact->kind, artifact->name});
  }
  return {};
}

}  // namespace hub::workflows
