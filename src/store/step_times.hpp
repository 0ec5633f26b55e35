#pragma once
// How long the steps of a kind took lately. Inside the room store only; runs inside the caller's
// transaction.

#include <map>

#include "sql/connection.hpp"
#include "store/operation_record.hpp"

namespace hub::store {

void note_step_time(sql::Connection&, const OperationKind&, const StepTime&);

// The median of the last few, in ms, by step.
std::map<std::string, std::int64_t> middle_step_times(sql::Connection&, const OperationKind&);

}  // namespace hub::store
