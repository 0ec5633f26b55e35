#pragma once
// What a migration is about to do with each artifact of a workspace, and what it has done: what a
// dry run shows, and the operation's result.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "artifacts/shelf.hpp"
#include "migration/adaos_workspace.hpp"

namespace hub::migration {

enum class Fate {
  adopt,     // it will be taken over
  adopted,   // it was
  present,   // it is installed here, with the same files
  conflict,  // another version is installed here, or something stands in its place
  refused,   // it cannot be taken, as `reason` says
  failed     // it was tried, and does not run here
};
BOOST_DESCRIBE_ENUM(Fate, adopt, adopted, present, conflict, refused, failed)

struct ReportItem {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name, version;
  Fate fate = Fate::adopt;
  std::optional<std::string> slot, pin;
  std::optional<std::string> packages;  // "copied", "installed"; absent: it has none
  std::int64_t bytes = 0;               // of its files and packages
  std::int64_t data_bytes = 0;
  std::optional<std::string> code, reason, hint;  // why it is not taken
};
BOOST_DESCRIBE_STRUCT(ReportItem, (),
                      (kind, name, version, fate, slot, pin, packages, bytes, data_bytes, code,
                       reason, hint))

struct Report {
  std::string source;
  bool in_place = false;  // the source is the hub's own base directory
  std::vector<ReportItem> items;
  std::int64_t bytes = 0;  // to copy
  std::int64_t past_operations = 0, unfinished_operations = 0;
  std::vector<PastOperation> history;             // the last of them, oldest first
  std::optional<std::int64_t> catalogue_entries;  // of its registry.json
  std::vector<std::string> warnings;
};
BOOST_DESCRIBE_STRUCT(Report, (),
                      (source, in_place, items, bytes, past_operations, unfinished_operations,
                       history, catalogue_entries, warnings))

struct Decisions {
  Report report;
  std::vector<FoundArtifact> adopt;  // skills first
};

// Which of these cannot come along, as a skill that they require neither comes along nor is here:
// with that skill. Who is left out takes along who requires it.
std::map<const FoundArtifact*, std::string> find_unmet(
    const std::vector<const FoundArtifact*>& coming,
    const std::function<bool(const std::string& skill)>& is_here);

// An artifact that is installed here stays as it is; nothing is overwritten.
Decisions decide(const fs::path& root, Inventory, const std::vector<InstalledArtifact>& installed,
                 const artifacts::Shelf&);

// "3 taken over, 1 was here already, 2 not: see the result".
std::string summary_of(const Report&);

}  // namespace hub::migration
