#include "workflows/pinned_artifact.hpp"

#include <algorithm>

#include "registry/find_entry.hpp"

namespace hub::workflows {
namespace {

constexpr const char* pinned_key = "pinned";

// What is installed counts as it is installed, under the name that it has here.
std::optional<artifacts::KnownSkill> find_skill(const std::vector<InstalledArtifact>& installed,
                                                const Catalog& catalog,
                                                const std::string& name_or_id) {
  const auto entry = registry::find_entry(catalog, ArtifactKind::skill, name_or_id);
  const auto here = std::ranges::find_if(installed, [&](const InstalledArtifact& one) {
    return one.kind == ArtifactKind::skill &&
           (one.name == name_or_id || one.id == name_or_id || (entry && one.name == entry->name));
  });
  if (here != installed.end()) {
    return artifacts::KnownSkill{here->name, true, here->requires_skills, {}};
  }
  if (!entry) return std::nullopt;
  return artifacts::KnownSkill{entry->name, false, entry->requires_skills, entry->optional_skills};
}

}  // namespace

PinnedArtifact pin(const CatalogEntry& entry) {
  PinnedArtifact pinned;
  pinned.kind = entry.kind;
  pinned.name = entry.name;
  pinned.id = entry.id;
  pinned.version = entry.version;
  pinned.title = entry.title.empty() ? entry.name : entry.title;
  pinned.title_i18n = entry.title_i18n;
  pinned.tree = entry.tree;
  pinned.requires_skills = entry.requires_skills;
  pinned.size_bytes = entry.size_bytes;
  return pinned;
}

Result<Pinned> pin_with_requirements(store::OperationStore& store, const Catalog& catalog,
                                     const CatalogEntry& entry,
                                     artifacts::OptionalSkills optional) {
  const auto installed = store.installed();
  const auto find = [&](const std::string& name_or_id) {
    return find_skill(installed, catalog, name_or_id);
  };
  const artifacts::KnownSkill target{entry.name, false, entry.requires_skills,
                                     entry.optional_skills};
  HUB_TRY(found, artifacts::find_dependencies(entry.kind, target, find, optional));
  Pinned pinned;
  pinned.warnings = std::move(found.left_out);
  auto& intent = pinned.intent;
  intent.commit = catalog.commit;
  intent.artifacts.push_back(pin(entry));
  intent.artifacts.back().requires_skills = std::move(found.requires_skills);
  if (found.missing.empty()) return pinned;
  auto& brings = intent.brings.emplace();
  for (auto& missing : found.missing) {
    HUB_TRY(needed, registry::find_entry(catalog, ArtifactKind::skill, missing.name));
    auto& one = brings.emplace_back();
    one.skill = pin(needed);
    one.skill.requires_skills = std::move(missing.requires_skills);
    one.optional = missing.need == artifacts::Need::optional;
  }
  return pinned;
}

std::optional<std::int64_t> bytes_of(const InstallIntent& intent) {
  std::int64_t bytes = 0;
  bool known = true;
  const auto add = [&](const PinnedArtifact& artifact) {
    known = known && artifact.size_bytes;
    bytes += artifact.size_bytes.value_or(0);
  };
  for (const auto& artifact : intent.artifacts) add(artifact);
  for (const auto& one : intent.brings.value_or(std::vector<BroughtSkill>())) add(one.skill);
  return known ? std::optional(bytes) : std::nullopt;
}

boost::json::object pinned_params(const InstallIntent& intent) {
  return {{"pin", intent.artifacts.back().version}, {pinned_key, to_json(intent)}};
}

std::optional<InstallIntent> pinned_in(const OperationRequest& request) {
  if (!request.parent_id && !request.retry_of) return std::nullopt;
  const auto* pinned = request.params.if_contains(pinned_key);
  if (!pinned) return std::nullopt;
  auto intent = from_json<InstallIntent>(*pinned, "params.pinned");
  if (!intent || intent->artifacts.empty()) return std::nullopt;
  return *std::move(intent);
}

Resource resource_of(ArtifactKind kind, const std::string& name) {
  return Resource(to_text(kind) + ":" + name);
}

}  // namespace hub::workflows
