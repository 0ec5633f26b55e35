#pragma once
// What an AdaOS remembers of its operations: state/operations/operations.json, schema
// adaos.operations.state.v1 (AdaOS: services/operations/manager.py). Read tolerantly: one that
// cannot be understood is counted, not guessed at.

#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/json.hpp"

namespace hub::migration {

inline constexpr const char* history_path = "state/operations/operations.json";

struct PastOperation {
  std::string operation_id;  // AdaOS's
  std::string kind, target_kind, target_id;
  std::string status;   // as AdaOS has it
  std::string outcome;  // succeeded, failed or cancelled; what had not ended counts as failed
  std::string message, started_at, finished_at, webspace_id;
};
BOOST_DESCRIBE_STRUCT(PastOperation, (),
                      (operation_id, kind, target_kind, target_id, status, outcome, message,
                       started_at, finished_at, webspace_id))

struct History {
  std::vector<PastOperation> operations;  // oldest first
  std::int64_t unfinished = 0;            // AdaOS was at work on them when it stopped
  std::int64_t unreadable = 0;
  std::vector<std::string> warnings;
};

// None when there is no such file.
History read_history(const fs::path& root);

}  // namespace hub::migration
