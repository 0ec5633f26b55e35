#pragma once
// Which version of an artifact an install or an update puts on this hub, decided once when the
// request is accepted.
//
// params.without_optional: an install leaves out the skills that are optional. An update always
// does: whoever removed one does not get it back.
// params.pin: a version, or a commit of the registry (7 hex digits or more), as published now or
// earlier; the artifact is kept at it then. Without it: the version that is published now.

#include "workflows/pinned_artifact.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

// An update is of what is installed here, and never to a version that is held.
enum class Purpose { install, update };

const char* verb_of(Purpose);  // "install"

// not_found: "unknown_skill" / "unknown_scenario" with the nearest names, "not_installed",
// "version_not_published"; conflict: "pinned", "version_held", and what find_dependencies() refuses
// ("requires_missing", "dependency_cycle"); unavailable: "catalog_unavailable", "history_too_long".
Result<Pinned> choose_version(const Tools&, ArtifactKind, const OperationRequest&, Purpose);

// The artifact that is installed here under this name or id. not_found: "not_installed", which says
// what could not be done to it ("cannot <verb> skill x").
Result<InstalledArtifact> find_installed(store::OperationStore&, ArtifactKind,
                                         const std::string& name_or_id, const std::string& verb);

// conflict "requires_missing" (details.missing) about the first of these skills that is not here:
// "cannot roll back brief to 1.0.0: skill lamp, which it requires, is not installed". `fate` is the
// end of that sentence; `hint` stands for "install lamp first".
Result<> check_skills_are_here(store::OperationStore&, const std::vector<std::string>& skills,
                               const std::string& cannot, const std::string& fate,
                               const std::string& hint = {});

// For people: its title, or its name when it has none.
std::string title_of(const InstalledArtifact&);

// Whether this step from one version to another may break what relies on it: another major version,
// or another minor one before 1.0.
bool is_breaking(const std::string& from, const std::string& to);

Error pinned_here(const InstalledArtifact&, const std::string& newer);
Error held_here(const InstalledArtifact&, const HeldVersion&);

}  // namespace hub::workflows
