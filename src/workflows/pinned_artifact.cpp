#include "workflows/pinned_artifact.hpp"

#include "registry/find_entry.hpp"

namespace hub::workflows {
namespace {

constexpr const char* pinned_key = "pinned";

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

Result<InstallIntent> pin_with_requirements(store::OperationStore& store, const Catalog& catalog,
                                            const CatalogEntry& entry) {
  InstallIntent intent;
  intent.commit = catalog.commit;
  for (const auto& name : entry.requires_skills) {
    if (store.find_installed(ArtifactKind::skill, name)) continue;
    auto needed = registry::find_entry(catalog, ArtifactKind::skill, name);
    if (!needed) {
      return fail(ErrorCode::conflict,
                  "cannot install " + entry.name + ": it requires skill " + name +
                      ", which is not in the catalogue",
                  "requires_missing", "ask its publisher to push " + name + " too",
                  {{"missing", boost::json::array{boost::json::string(name)}}});
    }
    intent.artifacts.push_back(pin(*needed));
  }
  intent.artifacts.push_back(pin(entry));
  return intent;
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
