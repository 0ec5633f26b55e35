#include "workflows/push.hpp"

#include "base/fault_point.hpp"
#include "registry/find_entry.hpp"
#include "registry/push_candidate.hpp"
#include "registry/push_rules.hpp"
#include "registry/uploads.hpp"
#include "workflows/dev_space.hpp"
#include "workflows/pinned_artifact.hpp"

namespace hub::workflows {
namespace {

using operations::Plan;
using operations::Presence;
using operations::Step;
using operations::StepClass;
using operations::StepContext;

constexpr const char* publish_step = "publish";
constexpr const char* sending = "sending";  // a note: from here on it may be there

// What was looked at when the request was accepted.
struct PushIntent {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name, version, title, tree;
  std::string source, upload;
  std::string message, publisher;
};
BOOST_DESCRIBE_STRUCT(PushIntent, (),
                      (kind, name, version, title, tree, source, upload, message, publisher))

Result<std::string> text_param(const OperationRequest& request, const char* key) {
  const auto* found = request.params.if_contains(key);
  if (!found || found->is_null()) return std::string();
  if (found->is_string()) return std::string(found->get_string());
  return fail(ErrorCode::invalid, std::string("cannot read params.") + key + ": want text",
              "field_type", {}, {{"path", std::string("params.") + key}});
}

// What this hub knows is never newer than the registry, so a refusal now would be one then.
Result<> check_against(const registry::SharedCatalog& catalog, const registry::Offer& offer) {
  const auto entry =
      catalog ? registry::find_entry(*catalog, offer.kind, offer.name) : Result<CatalogEntry>();
  if (!catalog || !entry || entry->name != offer.name) return {};
  return registry::check_version(offer, {entry->version, entry->tree});
}

// One artifact on its way out; copied into each step's functions.
struct Departure {
  Tools tools;
  PushIntent intent;

  std::string label() const { return intent.title + " " + intent.version; }
  // Its last part is the install name.
  fs::path collected(const StepContext& run) const {
    return tools.shelf.staging(run.operation_id()) / "push" / intent.name;
  }
};

Result<> collect(const Departure& departure, StepContext& run) {
  const auto& intent = departure.intent;
  const fs::path target = departure.collected(run);
  const fs::path part = target.parent_path().string() + ".part";
  HUB_CHECK(remove_tree(part));
  HUB_CHECK(remove_tree(target.parent_path()));
  HUB_TRY(candidate, registry::read_candidate(intent.kind, intent.source));
  if (candidate.tree.digest != intent.tree) {
    return fail(ErrorCode::conflict,
                "cannot publish " + departure.label() + ": its files changed after it was accepted",
                "source_changed", "push it again",
                {{"expected", intent.tree}, {"observed", candidate.tree.digest}});
  }
  HUB_CHECK(make_directories(part / intent.name));
  std::int64_t done = 0;
  for (const auto& file : candidate.tree.files) {
    if (run.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    HUB_TRY(bytes, read_file(candidate.source / file.path));
    const fs::path copy = part / intent.name / file.path;
    std::error_code ec;
    fs::create_directories(copy.parent_path(), ec);
    std::ofstream out(copy, std::ios::binary);
    out << bytes;
    out.close();
    if (!out) return fail(ErrorCode::unavailable, "cannot write " + copy.string(), "disk_full");
    if (file.mode == git::FileMode::executable) {
      fs::permissions(copy,
                      fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                          fs::perms::others_read | fs::perms::others_exec,
                      ec);
    }
    done += file.size_bytes;
    run.progress({done, candidate.tree.size_bytes, "bytes"}, "collecting " + departure.label());
  }
  HUB_CHECK(sync_tree(part));
  fault_point("collected:" + intent.name);
  return rename_durable(part, target.parent_path());
}

Result<> publish(const Departure& departure, StepContext& run) {
  const auto& intent = departure.intent;
  const auto& base = departure.tools.shelf.base();
  registry::PushRequest request;
  request.kind = intent.kind;
  request.source = departure.collected(run);
  request.registry_url = departure.tools.catalog.mirror().url();
  request.cache_directory = base / "state" / "push";
  request.message = intent.message;
  request.publisher.owner_id = intent.publisher;
  request.stop = [&run] { return run.stop_requested(); };
  request.before_sending = [&run]() -> Result<> {
    run.notes()[sending] = true;
    HUB_CHECK(run.save_notes());
    fault_point("sending");
    return {};
  };
  run.progress({0, std::nullopt, ""}, "publishing " + departure.label());
  const auto pushed = registry::push(request, departure.tools.clock);
  if (!pushed) {
    const auto* doubt = pushed.error().details.if_contains("may_have_landed");
    if (!doubt || *doubt != true) run.notes().erase(sending);
    return tl::unexpected(pushed.error());
  }
  run.notes()["commit"] = pushed->commit;
  run.notes()["status"] = to_json(pushed->status);
  for (const auto& warning : pushed->warnings) run.warn(warning);
  run.log("commit " + pushed->commit + ", with " + std::to_string(pushed->together - 1) +
          " others, attempt " + std::to_string(pushed->attempts));
  return {};
}

// Only the registry knows.
Presence look(const Departure& departure, StepContext& run) {
  if (!run.notes().contains(sending)) return Presence::absent;
  const auto catalog = departure.tools.catalog.refresh();
  if (!catalog) return Presence::in_doubt;
  const auto& intent = departure.intent;
  const auto entry = registry::find_entry(**catalog, intent.kind, intent.name);
  if (!entry || entry->name != intent.name || entry->tree != intent.tree) return Presence::absent;
  run.notes()["commit"] = (*catalog)->commit;
  run.notes()["status"] = "published";
  return Presence::present;
}

Result<> show(const Departure& departure, StepContext& run) {
  const auto& intent = departure.intent;
  const auto refreshed = departure.tools.catalog.refresh([&run] { return run.stop_requested(); });
  if (!refreshed) {
    run.warn("it is published; this hub's catalogue does not show it yet: " +
             refreshed.error().message);
  }
  const auto said = run.notes_of(publish_step);
  const auto text = [&](const char* key) {
    const auto* found = said.if_contains(key);
    return found && found->is_string() ? Json(*found) : Json("");
  };
  run.result("target_kind", to_json(intent.kind));
  run.result("target_id", Json(intent.name));
  run.result("version", Json(intent.version));
  run.result("tree", Json(intent.tree));
  run.result("commit", text("commit"));
  run.result("status", text("status"));
  const bool before = text("status") == "already_published";
  run.conclude(departure.label() + (before ? " was published already" : " is published"));
  if (!intent.upload.empty()) {
    registry::Uploads(uploads_of(departure.tools.shelf.base())).discard(intent.upload);
  }
  return {};
}

}  // namespace

OperationKind Push::kind() const { return OperationKind(to_text(artifact_kind_) + ".push"); }

Result<Plan> Push::resolve(const OperationRequest& request) const {
  HUB_TRY(source, find_source(tools_.shelf.base(), artifact_kind_, request));
  HUB_TRY(upload, text_param(request, "upload"));
  HUB_TRY(message, text_param(request, "message"));
  HUB_TRY(publisher, text_param(request, "publisher"));
  HUB_TRY(candidate, registry::read_candidate(artifact_kind_, source));
  HUB_CHECK(check_against(tools_.catalog.current(),
                          registry::offer_of(candidate, {}, {}, tools_.clock.now())));
  PushIntent intent;
  intent.kind = artifact_kind_;
  intent.name = candidate.name;
  intent.version = candidate.manifest.version;
  intent.title = candidate.manifest.title.empty() ? candidate.name : candidate.manifest.title;
  intent.tree = candidate.tree.digest;
  intent.source = source.string();
  intent.upload = upload;
  intent.message = message;
  intent.publisher = publisher;
  Plan plan;
  plan.intent = to_json(intent);
  // Nothing that is installed changes, so nothing that is installed is locked.
  plan.locks = {{Resource("publish:" + to_text(intent.kind) + ":" + intent.name)}};
  plan.space_needed = candidate.tree.size_bytes * 2;
  plan.title_key = "operation." + kind().text();
  plan.title_args = {{"name", intent.name}, {"title", intent.title}, {"version", intent.version}};
  plan.message = "waiting to publish " + intent.title + " " + intent.version;
  return plan;
}

std::vector<Step> Push::steps(const Json& stored) const {
  const Departure departure{tools_, from_json<PushIntent>(stored, "intent").value()};
  Step collecting;
  collecting.name = "collect";
  collecting.run = [departure](StepContext& run) { return collect(departure, run); };
  Step publishing;
  publishing.name = publish_step;
  publishing.weight = 5;
  publishing.kind = StepClass::final;
  publishing.retry = {.attempts_max = 3};
  publishing.run = [departure](StepContext& run) { return publish(departure, run); };
  publishing.probe = [departure](StepContext& run) { return look(departure, run); };
  Step refreshing;
  refreshing.name = "refresh";
  refreshing.run = [departure](StepContext& run) { return show(departure, run); };
  return {collecting, publishing, refreshing};
}

void Push::clean_up(const OperationId& id) const { tools_.shelf.discard(id); }

}  // namespace hub::workflows
