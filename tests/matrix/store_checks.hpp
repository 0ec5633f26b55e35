#pragma once
// What must hold of a store whenever it is opened, whatever was done to it before.

#include <string>
#include <vector>

#include "store/operation_store.hpp"

namespace hub::matrix {

// Sentences, one for each violation: the feed without holes, each move allowed, revisions
// contiguous, states equal to the feed, one notification for each ended operation, no lock of an
// ended one; and what somebody has read of the feed is there as it was.
std::vector<std::string> store_violations_of(store::OperationStore&,
                                             const std::vector<store::OperationEvent>& read);

}  // namespace hub::matrix
