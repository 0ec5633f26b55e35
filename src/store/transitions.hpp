#pragma once
// Which status may follow which. The same table stands in the database as a trigger
// (migrations.cpp); a test compares the two.
//
//   accepted ──► running ──► succeeded
//      ▲  │        │ │ └───► waiting_input ──► running, accepted, cancelling, reverting, …
//      └──┼────────┘ ├─────► cancelling ──► cancelled | succeeded | failed
//         │          └─────► reverting ───► failed
//         └──► cancelled | failed             succeeded, failed, cancelled: nothing, ever

#include <array>
#include <utility>

#include "contracts/operation_state.hpp"

namespace hub::store {

inline constexpr auto transitions = [] {
  using enum OperationStatus;
  return std::array{
      std::pair{accepted, running},        std::pair{accepted, cancelled},
      std::pair{accepted, failed},         std::pair{running, accepted},
      std::pair{running, waiting_input},   std::pair{running, cancelling},
      std::pair{running, reverting},       std::pair{running, succeeded},
      std::pair{running, failed},          std::pair{waiting_input, running},
      std::pair{waiting_input, accepted},  std::pair{waiting_input, cancelling},
      std::pair{waiting_input, cancelled}, std::pair{waiting_input, failed},
      std::pair{waiting_input, reverting}, std::pair{cancelling, succeeded},
      std::pair{cancelling, failed},       std::pair{cancelling, cancelled},
      std::pair{reverting, failed},
  };
}();

constexpr bool may_follow(OperationStatus from, OperationStatus to) {
  for (const auto& [allowed_from, allowed_to] : transitions) {
    if (allowed_from == from && allowed_to == to) return true;
  }
  return false;
}

}  // namespace hub::store
