#pragma once
// What must hold after a restart, wherever the plug was pulled.

#include "matrix/recorder.hpp"
#include "matrix/world.hpp"

namespace hub::matrix {

// How the operation in question may have ended, and what stands then.
struct End {
  OperationStatus status = OperationStatus::succeeded;
  Effects effects = Effects::none;
  std::string error;  // its code
  World world;
  std::size_t operations = 0;  // in the store, children included
};

struct Expectation {
  World before;
  std::size_t operations_before = 0;
  std::vector<OperationId> known;  // those that were there before
  std::vector<End> ends;           // if it was accepted; the first is that of the same scenario
  bool parent = false;       // its children end by themselves: some may be before, others behind
  bool whole = false;        // a parent's children: unless it succeeds, nothing of them is left
  bool disk_failed = false;  // it may have failed instead, with any error, and nothing left
};

// Sentences, one for each violation. `crashes`: how often the plug was pulled.
std::vector<std::string> violations_of(SmallHub&, const Expectation&, const Promises&, int crashes);

End end_of(SmallHub&, const OperationId&);

}  // namespace hub::matrix
