#pragma once
// Whether the document that browsers see is equal to the store.

#include "matrix/small_hub.hpp"

namespace hub::matrix {

// Of a hub at rest. The document is written a moment after the store: it is given some seconds.
std::vector<std::string> projection_violations_of(SmallHub&);

}  // namespace hub::matrix
