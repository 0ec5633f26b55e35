#pragma once
// From a request and its plan to what the store keeps: pure functions.

#include "operations/secrets.hpp"
#include "operations/workflow.hpp"

namespace hub::operations {

// Tells whether two requests ask for the same; what is secret in them counts as its digest.
std::string fingerprint_of(const OperationRequest&, const std::string& secrets_digest);

OperationState first_state(const OperationRequest&, const Plan&, const std::vector<Step>&,
                           const Workflow&, const OperationId&, Time now);

// Whether a retry would find all it needs: secrets go with the end of the operation.
enum class Repeatable { yes, no };

// What a retry asks again, and what an undo must lock.
Json stored_request(const OperationRequest&, const boost::json::object& concealed_params,
                    const std::vector<store::LockRequest>& locks, Repeatable);
Result<OperationRequest> request_of(const OperationState&, const Json& stored);
std::vector<store::LockRequest> locks_of(const OperationState&, const Json& stored);

}  // namespace hub::operations
