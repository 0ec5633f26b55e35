#pragma once
// Which of the versions on this disk are still needed, and the removal of the others. A place is
// needed while the database names it (active, previous, or displaced by the last change), or while
// the operation that made it runs or may be undone. What stood here before us (.slots/kept) is
// somebody else's and is never removed.

#include <set>

#include "artifacts/shelf.hpp"

namespace hub::artifacts {

struct SlotsNeeded {
  std::set<std::string> places;  // that the database names
  std::set<OperationId> makers;  // operations whose places stay
  std::set<std::string> busy;    // "skill:notes_skill": somebody is at work there
};

std::vector<fs::path> list_places(const Shelf&);

// Of these, seen before `needed` was asked for.
std::vector<fs::path> unneeded(const Shelf&, const std::vector<fs::path>& seen, const SlotsNeeded&);

// What cannot be removed is logged; the next start tries again.
void remove_places(const std::vector<fs::path>&);
// Folders of artifacts without a place. At start only: somebody may be about to put one in.
void remove_empty_slots(const Shelf&);

}  // namespace hub::artifacts
