#pragma once
// The shelf: where skills and scenarios lie on this hub's disk.
//
//   <base>/workspace/skills/<name> -> ../.slots/skills/<name>/A.op_…/source    the active version
//   <base>/workspace/.slots/skills/<name>/<slot>.<operation_id>/source     a version's files
//                                                              /packages   its pip packages
//                                           /resolved.manifest.json   for AdaOS
//   <base>/workspace/.slots/kept/skills/<name>.<operation_id>/source   what was there before us
//   <base>/workspace/skills/.runtime/<name>/…             the same for AdaOS (adaos_markers.hpp)
//   <base>/workspace/skills/.runtime/<name>/data/         what a skill keeps
//   <base>/state/staging/<operation_id>/…                 what an operation prepares or keeps
//   <base>/state/downloads/                                  of pip, to be used again
//
// Scenarios likewise, without packages. The database says what is installed; these are the files
// that go with it. A version never changes once it lies in its place, and every operation makes a
// place of its own: who has resolved the link once finds a whole tree until the place is swept
// (slots.hpp). slot_switch.hpp is how the link changes. Every function may be called again after a
// crash with the same end. Blocking; any thread, one operation at a time per artifact.

#include <cstdint>

#include "base/files.hpp"
#include "contracts/artifact.hpp"

namespace hub::artifacts {

// How a prepared directory is to take the place of another. Kept in the step's notes before the
// rename, so that a later boot can tell whether it happened: a rename keeps the inode.
struct SwitchPlan {
  std::int64_t inode = 0;  // of the prepared directory
  bool replaces = false;   // something stands at the target and goes to where the new one was
};
BOOST_DESCRIBE_STRUCT(SwitchPlan, (), (inode, replaces))

class Shelf {
 public:
  explicit Shelf(fs::path base_directory);
  const fs::path& base() const { return base_; }

  fs::path installed(ArtifactKind, const std::string& name) const;  // the link that all use
  fs::path slots(ArtifactKind, const std::string& name) const;      // the folder of its places
  fs::path all_slots() const;
  fs::path runtime(const std::string& skill) const;  // AdaOS's folder of it
  fs::path vendor(const std::string& skill, const std::string& version) const;
  fs::path data(const std::string& skill) const;
  fs::path downloads() const { return base_ / "state" / "downloads"; }

  // Of a place, as the database names it (Deployment::place).
  fs::path place(const std::string& place) const;
  fs::path source_of(const std::string& place) const;
  fs::path packages_of(const std::string& place) const;
  fs::path resolved_manifest_of(const std::string& place) const;
  static std::string new_place(ArtifactKind, const std::string& name, const std::string& slot,
                               const OperationId&);

  fs::path staging(const OperationId&) const;
  fs::path staged(const OperationId&, ArtifactKind, const std::string& name,
                  const std::string& part) const;  // part: "removed", "slots", "runtime"

  // For what has no slots, such as a model.
  static Result<SwitchPlan> plan(const fs::path& prepared, const fs::path& target);
  static bool is_switched(const SwitchPlan&, const fs::path& target);
  // Afterwards `target` holds the new one and `prepared` what it replaced, if anything.
  static Result<> switch_in(const SwitchPlan&, const fs::path& prepared, const fs::path& target);
  static Result<> switch_back(const SwitchPlan&, const fs::path& prepared, const fs::path& target);

  // Moves what is there to `kept`; a missing one is fine. put_back is its undo.
  static Result<> take_away(const fs::path& target, const fs::path& kept);
  static Result<> put_back(const fs::path& target, const fs::path& kept);

  // What is left in staging of an operation that nobody needs any more. What cannot be removed is
  // logged; the next start tries again.
  void discard(const OperationId&) const;
  // At start: what is left of every other operation than these, which run, or may be undone.
  void sweep(const std::vector<OperationId>& kept) const;

 private:
  fs::path base_;
};

// AdaOS's folder of the versions that may share data: "v0.1" of "0.1.7-rc1".
std::string bucket_of(const std::string& version);

bool is_there(const fs::path&);  // also a link that leads nowhere

}  // namespace hub::artifacts
