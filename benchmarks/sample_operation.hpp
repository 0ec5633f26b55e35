#pragma once
// Operations as the hub accepts them: a skill.install with its plan, or one with any number of
// steps.

#include <cstdint>

#include "store/operation_store.hpp"

namespace hub::benchmarks {

// The `number` makes its target, so that no two wait for each other.
store::NewOperation sample_install(std::int64_t number, Time now);
store::NewOperation sample_of_steps(std::int64_t number, int steps, Time now);

}  // namespace hub::benchmarks
