#pragma once
// POST /api/skills/push and /api/scenarios/push: publish in this hub's registry, as an operation.
//
//   JSON         {"name", "directory"?, "message"?, "publisher"?, …}: from the hub's dev space
//   multipart    the same as fields, and each file as a part `file` (or `executable`) whose file
//                name is its path below the artifact's directory; 32 MiB in all
//
// With async_operation true the answer is 202 as for any operation; without, as AdaOS's callers
// expect, the operation is awaited: {"ok", "revision" (the commit), "operation_id", "status",
// "version"}. on_conflict, priority, deadline_s, validate_only and Idempotency-Key mean what they
// mean for POST /api/operations.

#include "http/accept_desk.hpp"
#include "http/router.hpp"
#include "registry/uploads.hpp"

namespace hub::http {

inline constexpr std::uint64_t upload_bytes_max = 32U << 20U;

struct PushServices {
  AcceptDesk& desk;
  const registry::Uploads& uploads;
  const Clock& clock;
  Workers& workers;
};

void add_push_routes(Router&, const PushServices&);

}  // namespace hub::http
