#pragma once
// Makes a step of a real workflow fail, or cancels its operation, at a given place, without the
// workflow's knowledge: each is wrapped in one that does what it does, but for that.

#include <functional>
#include <optional>

#include "operations/workflow.hpp"

namespace hub::matrix {

struct Meddling {
  enum class What { nothing, fail, cancel, fail_undo };
  enum class When { before, after };  // the step's run (or undo)
  What what = What::nothing;
  When when = When::before;
  OperationKind kind;
  std::size_t step = 0;
  // In the middle of a final step a cancel waits for what becomes of it: it may well succeed.
  enum class Binds { yes, no };
  std::function<void(const OperationId&, Binds)> cancel = {};  // how to cancel; SmallHub sets it
  std::function<void()> cancelled = {};  // told when the cancel was answered well
};

operations::Workflows meddle_with(operations::Workflows, const Meddling&);

// "cancel before step 2"
std::string to_text(const Meddling&);

}  // namespace hub::matrix
