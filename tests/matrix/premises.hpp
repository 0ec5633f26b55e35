#pragma once
// What the tests of this program share.

#include <optional>

#include "matrix/samples.hpp"

namespace hub::matrix {

// Made once, in memory where there is room: the disk model needs no real disk.
const Premises& premises();
// Of the hub, in any order.
std::vector<OperationKind> every_kind();

}  // namespace hub::matrix
