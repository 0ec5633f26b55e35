#include "workflows/version_choice.hpp"

#include <algorithm>

#include "registry/find_entry.hpp"
#include "registry/semver.hpp"
#include "registry/text.hpp"
#include "registry/update_rule.hpp"
#include "workflows/params.hpp"

namespace hub::workflows {
namespace {

constexpr std::chrono::seconds history_time_max{3};  // a client waits
constexpr std::size_t commit_digits_min = 7;

Result<registry::SharedCatalog> catalog_of(const Tools& tools, Purpose purpose) {
  if (auto catalog = tools.catalog.current()) return catalog;
  const auto status = tools.catalog.status();
  return fail(ErrorCode::unavailable,
              "cannot " + std::string(verb_of(purpose)) +
                  ": the registry has not answered yet, so there is no catalogue" +
                  (status.error ? ": " + *status.error : std::string()),
              "catalog_unavailable",
              "check that the registry " + tools.catalog.mirror().display_url() +
                  " can be reached, then try again");
}

Result<std::string> pin_of(const OperationRequest& request) {
  const auto* pin = request.params.if_contains("pin");
  if (!pin || pin->is_null()) return std::string();
  if (pin->is_string()) return std::string(pin->get_string());
  return fail(ErrorCode::invalid, "cannot read params.pin: want a version or a commit",
              "field_type", {}, {{"path", "params.pin"}});
}

bool may_be_commit(const std::string& text) {
  return text.size() >= commit_digits_min && text.size() <= 40 &&
         std::ranges::all_of(
             text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// The catalogue of the commit that published this version.
Result<registry::SharedCatalog> catalog_with(const Tools& tools, const Catalog& now,
                                             const CatalogEntry& entry, const std::string& wanted) {
  auto& mirror = tools.catalog.mirror();
  const auto until = std::chrono::steady_clock::now() + history_time_max;
  HUB_TRY(history, mirror.versions(now.commit, entry.kind, entry.name,
                                   [until] { return std::chrono::steady_clock::now() > until; }));
  std::vector<std::string> known;
  for (const auto& one : history.versions) {
    const bool this_one =
        one.version == wanted || (may_be_commit(wanted) && one.commit.starts_with(wanted));
    if (this_one) return mirror.read_catalog(one.commit);
    known.push_back(one.version);
  }
  const std::string what = to_text(entry.kind) + " " + entry.name + " " + wanted;
  if (!history.whole) {
    return fail(ErrorCode::unavailable,
                "cannot install " + what +
                    ": looking for it in the registry's history takes longer "
                    "than " +
                    std::to_string(history_time_max.count()) + " s",
                "history_too_long", "pin the commit's version that is published now",
                {{"pin", wanted}, {"published", entry.version}});
  }
  return fail(ErrorCode::not_found, "cannot install " + what + ": the registry never published it",
              "version_not_published", "it has published " + registry::joined(known),
              {{"pin", wanted}, {"published", entry.version}});
}

bool is_published(const CatalogEntry& entry, const Catalog& catalog, const std::string& wanted) {
  return wanted == entry.version || (may_be_commit(wanted) && catalog.commit.starts_with(wanted));
}

Result<> check_may_change(const std::optional<InstalledArtifact>& here, const CatalogEntry& entry,
                          const OperationRequest& request, Purpose purpose) {
  if (!here || registry::update_to(entry, *here) == registry::Update::none) return {};
  if (here->pin) return tl::unexpected(pinned_here(*here, entry.version));
  const auto* held = find_held(*here, entry.version, entry.tree);
  if (held && purpose == Purpose::update && !request.retry_of) {
    return tl::unexpected(held_here(*here, *held));
  }
  return {};
}

}  // namespace

const char* verb_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::install: return "install";
    case Purpose::update: return "update";
  }
  return "";
}

Error pinned_here(const InstalledArtifact& here, const std::string& newer) {
  return Error{ErrorCode::conflict,
               "cannot update " + to_text(here.kind) + " " + here.name + " to " + newer +
                   ": it is pinned at " + *here.pin,
               "pinned",
               "unpin it, or name the version that you want",
               {{"name", here.name}, {"pin", *here.pin}, {"published", newer}}};
}

Error held_here(const InstalledArtifact& here, const HeldVersion& held) {
  return Error{ErrorCode::conflict,
               "cannot update " + to_text(here.kind) + " " + here.name + " to " + held.version +
                   ": it failed here before: " + held.reason,
               "version_held",
               "wait for a newer version, or ask for " + held.version + " by name",
               {{"name", here.name}, {"version", held.version}, {"code", held.code}}};
}

std::string title_of(const InstalledArtifact& artifact) {
  return artifact.title.empty() ? artifact.name : artifact.title;
}

bool is_breaking(const std::string& from, const std::string& to) {
  const auto a = registry::parse_semver(from), b = registry::parse_semver(to);
  if (!a || !b) return from != to;
  if (a->major_number != b->major_number) return true;
  return a->major_number == 0 && a->minor_number != b->minor_number;
}

Result<InstalledArtifact> find_installed(store::OperationStore& store, ArtifactKind kind,
                                         const std::string& name_or_id, const std::string& verb) {
  for (auto& artifact : store.installed()) {
    if (artifact.kind != kind) continue;
    if (artifact.name == name_or_id || artifact.id == name_or_id) return artifact;
  }
  return fail(ErrorCode::not_found,
              "cannot " + verb + " " + to_text(kind) + " " + name_or_id + ": it is not installed",
              "not_installed", "GET /api/" + directory_of(kind) + "/list shows what is",
              {{"name", name_or_id}});
}

Result<> check_skills_are_here(store::OperationStore& store, const std::vector<std::string>& skills,
                               const std::string& cannot, const std::string& fate,
                               const std::string& hint) {
  const auto missing = std::ranges::find_if(skills, [&store](const std::string& skill) {
    return !store.find_installed(ArtifactKind::skill, skill);
  });
  if (missing == skills.end()) return {};
  return fail(ErrorCode::conflict, cannot + ": skill " + *missing + ", which it requires, " + fate,
              "requires_missing", hint.empty() ? "install " + *missing + " first" : hint,
              {{"missing", boost::json::array{boost::json::string(*missing)}}});
}

Result<Pinned> choose_version(const Tools& tools, ArtifactKind kind,
                              const OperationRequest& request, Purpose purpose) {
  std::string name = request.target_id;
  if (purpose == Purpose::update) {
    HUB_TRY(here, find_installed(tools.store, kind, name, "update"));
    name = here.name;
  }
  HUB_TRY(catalog, catalog_of(tools, purpose));
  HUB_TRY(entry, registry::find_entry(*catalog, kind, name));
  HUB_TRY(wanted, pin_of(request));
  HUB_TRY(without_optional, flag_param(request, "without_optional"));
  const auto optional = purpose == Purpose::update || without_optional
                            ? artifacts::OptionalSkills::stay_away
                            : artifacts::OptionalSkills::come_along;
  const auto here = tools.store.find_installed(kind, entry.name);
  if (wanted.empty()) {
    HUB_CHECK(check_may_change(here, entry, request, purpose));
    const bool newest = here && registry::update_to(entry, *here) == registry::Update::none;
    if (newest && purpose == Purpose::update) {
      Pinned newest_here;
      newest_here.intent.commit = catalog->commit;
      newest_here.intent.artifacts.push_back(pin(entry));
      newest_here.intent.up_to_date = here->version;
      return newest_here;
    }
    return pin_with_requirements(tools.store, *catalog, entry, optional);
  }
  if (!is_published(entry, *catalog, wanted)) {
    HUB_TRY(earlier, catalog_with(tools, *catalog, entry, wanted));
    catalog = earlier;
    HUB_TRY(published, registry::find_entry(*catalog, kind, entry.name));
    entry = published;
  }
  HUB_TRY(pinned, pin_with_requirements(tools.store, *catalog, entry, optional));
  pinned.intent.pin = entry.version;
  return pinned;
}

}  // namespace hub::workflows
