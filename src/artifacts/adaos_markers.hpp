#pragma once
// What AdaOS's own programs read of an installed skill, below workspace/skills/.runtime/<name>/:
//
//   current_version, current_runtime.json, previous_runtime.json
//   v<major>.<minor>/active, previous, meta.json                      which slot, and what is in it
//   v<major>.<minor>/slots/{A,B}/src/skills/<name>, slots/current     links to the places
//   v<major>.<minor>/slots/{A,B}/resolved.manifest.json                link (resolved_manifest.hpp)
//   v<major>.<minor>/vendor                                           link to the packages
//   v<major>.<minor>/data/…                                           the skill's own, never
//   touched
//
// (AdaOS: services/skill/runtime_env.py). Derived from the database: written after each switch and
// compared at each start, so nothing here has to survive a power cut. Nothing of this hub reads it.

#include <map>

#include "artifacts/shelf.hpp"

namespace hub::artifacts {

// By path below the skill's folder. A marker is a file with this text, or a link with this target.
struct Marker {
  enum class Form { file, link } form = Form::file;
  std::string text;
  bool operator==(const Marker&) const = default;
};
using Markers = std::map<std::string, Marker>;

// Of a skill in slots; none of a scenario, nor of a skill in a plain directory.
Markers markers_of(const Shelf&, const InstalledArtifact&);
// Those that differ are written, and those of versions that are gone are removed. A failure is
// logged: the next start tries again.
void write_markers(const Shelf&, const InstalledArtifact&);
// Of a skill that is not installed any more, or is in a plain directory again. Durable.
Result<> remove_markers(const Shelf&, const std::string& skill);

// Takes everything of a skill's folder but its data aside, or also its data. put_back_runtime is
// the undo. Durable.
enum class SkillData { stays, goes };
BOOST_DESCRIBE_ENUM(SkillData, stays, goes)
Result<> take_runtime_away(const Shelf&, const std::string& skill, const fs::path& kept, SkillData);
Result<> put_runtime_back(const Shelf&, const std::string& skill, const fs::path& kept);

}  // namespace hub::artifacts
