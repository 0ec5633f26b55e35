#pragma once
// /api/operations: list, look at, wait for and cancel operations (contracts.md §5).

#include "http/router.hpp"
#include "operations/operation_manager.hpp"

namespace hub::http {

struct OperationsServices {
  operations::OperationManager& manager;
  store::OperationStore& store;
  store::ProgressBoard& board;
  Workers& workers;
  std::string database_file;  // shown to clients as persistence.state_file
};

// The services outlive the router.
void add_operations_routes(Router&, const OperationsServices&);

// 202 with {ok, accepted, operation_id, operation} and Location.
Response accepted_response(const store::Accepted&);

// Runs `work` on a worker thread; it owes the answer, now or later.
Handler later(Workers&, std::function<void(const Request&, const Reply&)> work);

// "30s", "500ms" or plain seconds; at most a minute. invalid, reason "bad_duration".
Result<std::chrono::milliseconds> parse_wait(const std::string& text);

}  // namespace hub::http
