#pragma once
// The switch of an artifact from one version to another: one rename of a prepared link over
// workspace/<kind>s/<name>. Source and packages of a version lie side by side, so that whoever
// follows the link has both of one version. Where a plain directory stands, as AdaOS and older hubs
// install it, link and directory are exchanged, and the directory becomes the previous version.
//
// Kept in the step's notes before the rename. Whether it has happened is told by where the link
// leads, which names the operation and survives a copy of the base directory.

#include "artifacts/shelf.hpp"

namespace hub::artifacts {

enum class StoodThere { nothing, link, folder };
BOOST_DESCRIBE_ENUM(StoodThere, nothing, link, folder)

struct SlotSwitch {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;
  std::string to;  // place of the version that becomes active
  StoodThere before = StoodThere::nothing;
  std::string link;     // before == link: where it led, as it is written in it
  std::string aside;    // before == folder: the place that it goes to
  std::string version;  // and its version, for its packages; empty: not known
};
BOOST_DESCRIBE_STRUCT(SlotSwitch, (), (kind, name, to, before, link, aside, version))

// Looks at what stands there now. Where that is a plain directory, the caller says in `aside` and
// `version` where it goes.
Result<SlotSwitch> plan_switch(const Shelf&, ArtifactKind, const std::string& name,
                               const std::string& to);

bool is_switched(const Shelf&, const SlotSwitch&);
// not_found: "slot_missing", the version is not in its place.
Result<> switch_in(const Shelf&, const SlotSwitch&, const OperationId&);
// Nothing happens where the link leads elsewhere.
Result<> switch_back(const Shelf&, const SlotSwitch&, const OperationId&);

// The place that the name leads to now; empty: none of ours.
std::string active_place(const Shelf&, ArtifactKind, const std::string& name);

}  // namespace hub::artifacts
