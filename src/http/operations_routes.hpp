#pragma once
// /api/operations: start, list, look at, wait for, steer and follow operations (contracts.md §5).

#include "http/accept_desk.hpp"
#include "http/operation_events.hpp"
#include "http/router.hpp"

namespace hub::http {

// What a hub's routes share about operations. Its threads begin at once; it outlives the server and
// the workers' jobs.
struct OperationFront {
  OperationFront(operations::OperationManager&, store::OperationStore&, store::ProgressBoard&,
                 Workers&);

  operations::OperationMetrics metrics;
  OperationEvents events;
  AcceptDesk desk;
};

struct OperationsServices {
  OperationFront& front;
  store::OperationStore& store;
  store::ProgressBoard& board;
  const Clock& clock;
  Workers& workers;
  std::string database_file;  // shown to clients as persistence.state_file

  operations::OperationManager& manager() const { return front.desk.manager(); }
};

// The services outlive the server.
void add_operations_routes(Router&, const OperationsServices&);

// "30s", "500ms" or plain seconds; at most a minute. invalid, reason "bad_duration".
Result<std::chrono::milliseconds> parse_wait(const std::string& text);

// steering_routes.cpp: cancel, retry, undo and confirm.
void add_steering_routes(Router&, const OperationsServices&);

// The refusal of a route of one operation: an unknown one is told which is nearest.
Response refused(const OperationsServices&, const Request&, const Error&);

}  // namespace hub::http
