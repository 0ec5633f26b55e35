#pragma once
// The shelf: where skills and scenarios lie on this hub's disk, and how one takes another's place.
//
//   <base>/workspace/skills/<name>/                          the installed source
//   <base>/workspace/skills/.runtime/<name>/v<maj>.<min>/vendor/   its pip packages
//   <base>/workspace/skills/.runtime/<name>/data/            what it keeps
//   <base>/state/staging/<operation_id>/…                    what an operation prepares or keeps
//   <base>/state/downloads/                                  of pip, to be used again
//
// The database says what is installed; these are the files that go with it. A switch is one rename
// (or one exchange of two names), made durable before it counts. Every function may be called again
// after a crash with the same end. Blocking; any thread, one operation at a time per artifact.

#include <cstdint>

#include "base/files.hpp"
#include "contracts/artifact.hpp"

namespace hub::artifacts {

// How a prepared directory is to take its place. Kept in the step's notes before the rename, so
// that a later boot can tell whether it happened: a rename keeps the inode.
struct SwitchPlan {
  std::int64_t inode = 0;  // of the prepared directory
  bool replaces = false;   // something stands at the target and goes to where the new one was
};
BOOST_DESCRIBE_STRUCT(SwitchPlan, (), (inode, replaces))

class Shelf {
 public:
  explicit Shelf(fs::path base_directory);
  const fs::path& base() const { return base_; }

  fs::path installed(ArtifactKind, const std::string& name) const;
  fs::path vendor(const std::string& skill, const std::string& version) const;
  fs::path data(const std::string& skill) const;
  fs::path downloads() const { return base_ / "state" / "downloads"; }
  fs::path staging(const OperationId&) const;
  fs::path staged(
      const OperationId&, ArtifactKind, const std::string& name,
      const std::string& part) const;  // part: "source", "vendor", "removed", "packages"

  static Result<SwitchPlan> plan(const fs::path& prepared, const fs::path& target);
  static bool is_switched(const SwitchPlan&, const fs::path& target);
  // Afterwards `target` holds the new one and `prepared` what it replaced, if anything.
  static Result<> switch_in(const SwitchPlan&, const fs::path& prepared, const fs::path& target);
  static Result<> switch_back(const SwitchPlan&, const fs::path& prepared, const fs::path& target);

  // Moves what is installed to `kept`; a missing one is fine. put_back is its undo.
  static Result<> take_away(const fs::path& target, const fs::path& kept);
  static Result<> put_back(const fs::path& target, const fs::path& kept);

  // What is left of an operation that nobody needs any more. What cannot be removed is logged; the
  // next start tries again.
  void discard(const OperationId&) const;
  // At start: what is left of every other operation than these, which run, or may be undone.
  void sweep(const std::vector<OperationId>& kept) const;

 private:
  fs::path base_;
};

}  // namespace hub::artifacts
