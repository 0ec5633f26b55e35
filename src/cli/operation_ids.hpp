#pragma once
// Which operation a person means: a whole id, its beginning, the beginning of its random end (what
// lists show), or "last": the newest that is no part of another.

#include <span>

#include "cli/hub_client.hpp"

namespace hub::cli {

// How far back a beginning is looked for.
inline constexpr int operations_searched_max = 5'000;

// not_found: "operation_not_found"; invalid: "ambiguous_id", "bad_id".
Result<OperationId> resolve_id(HubClient&, const std::string& given);

// The same among these.
std::vector<OperationId> matching_ids(std::span<const OperationId>, const std::string& given);

bool is_whole_id(const std::string&);

}  // namespace hub::cli
