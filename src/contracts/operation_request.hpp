#pragma once
// OperationRequest: what a client asks for. The hub answers with an OperationState at once.

#include "contracts/operation_state.hpp"

namespace hub {

// What to do when another live operation holds a resource that this one needs.
enum class OnConflict {
  join,     // the same kind and request is live: answer with that one; another one: wait in line
  queue,    // wait in line
  fail,     // 409 with the blocker
  replace,  // cancel whoever holds it or waits for it, then run
};
BOOST_DESCRIBE_ENUM(OnConflict, join, queue, fail, replace)

struct OperationRequest {
  OperationKind kind;
  std::string target_kind;
  std::string target_id;
  // Read by the workflow of this kind, by nobody else. Stored; what is secret in it is stored
  // apart.
  boost::json::object params;
  std::string webspace_id = "desktop";
  Initiator initiator;
  OnConflict on_conflict = OnConflict::join;
  std::string idempotency_key;       // empty: none; of this initiator
  std::optional<Priority> priority;  // absent: the kind's own
  std::optional<Time> deadline_at;   // absent: the kind's own
  std::optional<OperationId> parent_id;
  std::optional<OperationId> retry_of, undo_of;  // set by the manager alone
};

}  // namespace hub
