#include "contracts/operation_state.hpp"

namespace hub {

bool is_terminal(OperationStatus status) {
  switch (status) {
    case OperationStatus::accepted:
    case OperationStatus::running:
    case OperationStatus::waiting_input:
    case OperationStatus::cancelling:
    case OperationStatus::reverting: return false;
    case OperationStatus::succeeded:
    case OperationStatus::failed:
    case OperationStatus::cancelled: return true;
  }
  return true;  // not reached: every status is named above
}

}  // namespace hub
