#pragma once
// What a client's request to start an operation says, read from its body and headers.

#include "contracts/operation_request.hpp"
#include "http/message.hpp"

namespace hub::http {

enum class Submit {
  start,          // accept it
  validate_only,  // say what it would do, change nothing
};

struct Submission {
  OperationRequest request;
  Submit submit = Submit::start;
};

// The body of POST /api/operations: {kind, target_kind, target_id, params, webspace_id,
// on_conflict, priority, deadline (RFC 3339) or deadline_s, validate_only}. Left out, target_kind
// is the kind up to its dot, and target_id the same when it can't be the name of an artifact. A
// member that nobody knows is ignored, unless it looks like one of these. Errors are invalid:
// "body_not_json", "field_type" (with the path), "field_missing", "unknown_member",
// "unknown_choice", "bad_deadline", "bad_idempotency_key".
Result<Submission> read_submission(const Request&, Time now);

// on_conflict, priority, deadline, deadline_s and validate_only of a body that has them beside
// other members, and the Idempotency-Key header; for the routes in AdaOS's shapes.
Result<> read_choices(const Request&, const boost::json::object& body, Time now, Submission& into);

// Empty when there is no such header; it must have 1 to 255 visible ASCII characters.
Result<std::string> read_idempotency_key(const Request&);

// A member that must be a string when it is there and not null; empty when it is not.
Result<std::string> text_member(const boost::json::object& body, std::string_view name);

// Who asks, for the operation's record.
Initiator initiator_of(const Request&);

}  // namespace hub::http
