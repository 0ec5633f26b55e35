#pragma once
// Keeps the shelf tidy: removes what operations have left there and nobody needs any more, and
// makes AdaOS's markers what the database says.

#include "workflows/tools.hpp"

namespace hub::workflows {

// Before the operations begin.
void tidy_at_start(const Tools&);
// After an operation, once nobody may undo it any more.
void tidy_after(const Tools&, const OperationId&);

}  // namespace hub::workflows
