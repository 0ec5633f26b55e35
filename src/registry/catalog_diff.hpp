#pragma once
// What changed in meaning between two commits of a registry: for each artifact that is new, updated
// or removed its version, what it may do and what it needs. Layout and order are no change.
// Blocking; the repository is used by one thread at a time.

#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "base/json.hpp"
#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "git/repository.hpp"

namespace hub::registry {

enum class ChangeKind { added, updated, removed };
BOOST_DESCRIBE_ENUM(ChangeKind, added, updated, removed)

struct TextChanges {
  std::vector<std::string> added, removed;  // each sorted
  bool empty() const { return added.empty() && removed.empty(); }
};
BOOST_DESCRIBE_STRUCT(TextChanges, (), (added, removed))

struct ArtifactChange {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;
  ChangeKind change = ChangeKind::added;
  std::string from_version, to_version;  // empty on the side where it is not
  bool files_changed = false;            // by integrity.tree, else by the published files
  std::vector<std::string> fields;       // of the entry: "title", "publisher.owner_id"
  TextChanges permissions;               // the manifest's
  TextChanges requirements;  // skills a scenario needs, pip arguments and Python of a skill
};
BOOST_DESCRIBE_STRUCT(ArtifactChange, (),
                      (kind, name, change, from_version, to_version, files_changed, fields,
                       permissions, requirements))

struct CatalogDiff {
  std::string from, to;                 // commits
  std::vector<ArtifactChange> changes;  // skills, then scenarios, by name
  std::vector<std::string> fields;      // further keys of the top level: "projects"
};
BOOST_DESCRIBE_STRUCT(CatalogDiff, (), (from, to, changes, fields))

Result<CatalogDiff> diff_catalogs(const git::Repository&, const std::string& from,
                                  const std::string& to);

}  // namespace hub::registry
