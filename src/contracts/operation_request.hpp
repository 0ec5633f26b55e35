#pragma once
// OperationRequest: what a client asks for. The hub answers with an OperationState at once.

#include "contracts/operation_state.hpp"

namespace hub {

// What to do when another live operation holds a resource that this one needs.
enum class OnConflict {
  join,   // the same kind and request is live: answer with that one; another one: wait in line
  queue,  // wait in line
  fail,   // 409 with the blocker
};
BOOST_DESCRIBE_ENUM(OnConflict, join, queue, fail)

struct OperationRequest {
  OperationKind kind;
  std::string target_kind;
  std::string target_id;
  boost::json::object params;  // read by the workflow of this kind, by nobody else
  std::string webspace_id = "desktop";
  Initiator initiator;
  OnConflict on_conflict = OnConflict::join;
  std::string idempotency_key;  // empty: none
};

}  // namespace hub
