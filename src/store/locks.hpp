#pragma once
// Lock rows: shared or exclusive, granted all or nothing, first in first out, freed in the
// transaction that ends their operation. All or nothing means nobody holds one while waiting for
// another, so there is no deadlock; a place in the line means nobody starves.
// Runs inside the caller's transaction.

#include <vector>

#include "sql/connection.hpp"
#include "store/operation_record.hpp"

namespace hub::store {

void take_place(sql::Connection&, const OperationId&, const std::vector<LockRequest>&);

// Grants all locks of the operation when nobody stands in the way.
enum class Grant { granted, waits };
Grant try_grant(sql::Connection&, const OperationId&);

// Who stands in its way, oldest first.
std::vector<OperationId> blockers_of(sql::Connection&, const OperationId&);

// Frees what it holds. Answers the operations that were granted their locks by this.
std::vector<OperationId> release(sql::Connection&, const OperationId&);

// Those that still wait in a line, oldest first.
std::vector<OperationId> waiting(sql::Connection&);

}  // namespace hub::store
