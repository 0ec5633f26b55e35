#pragma once
// Answers about operations: states, acceptances, plans and refusals, as contracts.md §5 has them.

#include <span>

#include "http/message.hpp"
#include "operations/operation_manager.hpp"

namespace hub::http {

std::string operation_href(const OperationId&);  // "/api/operations/<id>"

// 200 with the state and its ETag, "<revision>-<checksum of the text>": the checksum, because a
// state also shows what has no revision (progress, the place in the queue, the log).
Response state_response(const OperationState&);
// 202 with the state.
Response steered_response(const OperationState&);
// 202 with {ok, accepted, operation_id, operation, how} and Location.
Response accepted_response(const store::Accepted&);
// 200 with {ok, accepted: false, plan}.
Response plan_response(const operations::Preview&);

// Whether an If-Match names this revision: "*", "<revision>", or an ETag of that revision.
bool names_revision(std::string_view if_match, std::int64_t revision);

Error unknown_operation(const std::string& id, std::span<const std::string> known_ids);

}  // namespace hub::http
