#pragma once
// What an install or update has decided to put on this hub: stored in the intent, followed even if
// the catalogue moves on.

#include <string>
#include <vector>

#include "artifacts/dependency_graph.hpp"
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

// A skill that comes along because somebody here requires it, or would like to have it.
struct BroughtSkill {
  PinnedArtifact skill;
  bool optional = false;
};
BOOST_DESCRIBE_STRUCT(BroughtSkill, (), (skill, optional))

struct InstallIntent {
  std::string commit;  // of the registry
  // The target. Hubs before version 3 put the skills that come along before it.
  std::vector<PinnedArtifact> artifacts;
  std::optional<std::string> pin = {};         // the version that the target is kept at from now on
  std::optional<std::string> up_to_date = {};  // an update: this version is here, nothing is newer
  std::optional<bool> run_tests = {};          // of the target, if it is a skill: its own ones
  std::optional<std::vector<BroughtSkill>> brings = {};  // each after those that it requires
};
BOOST_DESCRIBE_STRUCT(InstallIntent, (), (commit, artifacts, pin, up_to_date, run_tests, brings))

PinnedArtifact pin(const CatalogEntry&);
// The entry with the skills that it requires and that are missing here, all the way down; refused
// as find_dependencies() does.
struct Pinned {
  InstallIntent intent;
  std::vector<std::string> warnings;  // optional skills that cannot come along
};
Result<Pinned> pin_with_requirements(store::OperationStore&, const Catalog&, const CatalogEntry&,
                                     artifacts::OptionalSkills);

// To fetch, with all that comes along; absent: not known.
std::optional<std::int64_t> bytes_of(const InstallIntent&);

// An install that another operation asks for brings along what that one has pinned. A client cannot
// say so: only a child or the retry of one is believed.
boost::json::object pinned_params(const InstallIntent&);
std::optional<InstallIntent> pinned_in(const OperationRequest&);

Resource resource_of(ArtifactKind, const std::string& name);  // "skill:notes_skill"

}  // namespace hub::workflows
