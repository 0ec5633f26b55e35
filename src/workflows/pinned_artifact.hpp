#pragma once
// What an install or update has decided to put on this hub: stored in the intent, followed even if
// the catalogue moves on.

#include <string>
#include <vector>

#include "contracts/catalog_entry.hpp"
#include "contracts/operation_request.hpp"
#include "store/operation_store.hpp"

namespace hub::workflows {

struct PinnedArtifact {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name, id, version, title;
  boost::json::object title_i18n;
  std::string tree;  // what the files must hash to; empty: it was published without a digest
  std::vector<std::string> requires_skills;
  std::optional<std::int64_t> size_bytes;  // absent: it was published without
};
BOOST_DESCRIBE_STRUCT(PinnedArtifact, (),
                      (kind, name, id, version, title, title_i18n, tree, requires_skills,
                       size_bytes))

struct InstallIntent {
  std::string commit;                     // of the registry
  std::vector<PinnedArtifact> artifacts;  // in the order they are installed; the target is last
  std::optional<std::string> pin = {};    // the version that the target is kept at from now on
  std::optional<std::string> up_to_date = {};  // an update: this version is here, nothing is newer
  std::optional<bool> run_tests = {};          // of the target, if it is a skill: its own ones
};
BOOST_DESCRIBE_STRUCT(InstallIntent, (), (commit, artifacts, pin, up_to_date, run_tests))

PinnedArtifact pin(const CatalogEntry&);
// The entry with the skills that it requires and that are missing here. conflict:
// "requires_missing".
Result<InstallIntent> pin_with_requirements(store::OperationStore&, const Catalog&,
                                            const CatalogEntry&);

// An install that another operation asks for brings along what that one has pinned. A client cannot
// say so: only a child or the retry of one is believed.
boost::json::object pinned_params(const InstallIntent&);
std::optional<InstallIntent> pinned_in(const OperationRequest&);

Resource resource_of(ArtifactKind, const std::string& name);  // "skill:notes_skill"

}  // namespace hub::workflows
