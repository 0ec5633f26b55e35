#pragma once
// The log of an operation as an answer: what there is, or followed until the operation ends.

#include "http/body_source.hpp"
#include "http/workers.hpp"
#include "operations/operation_manager.hpp"

namespace hub::http {

// What the log has from `offset` on, whole; `next_offset` is where to go on. Reads files.
operations::LogText read_log(const operations::OperationLogs&, const OperationId&,
                             std::int64_t offset);

// Lines as they come, then the end of the body when the operation has ended, or when the hub stops.
// The manager and the workers outlive it.
std::shared_ptr<BodySource> follow_log(operations::OperationManager&, Workers&, const OperationId&,
                                       std::int64_t offset);

}  // namespace hub::http
