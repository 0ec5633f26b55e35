#pragma once
// Named moments at which a test may stop or slow the process: after each durable write of an
// operation and around each effect on the disk. Without a hook, which is always outside of tests,
// passing one costs a load and a branch. The hook is set once, before threads start.
//
// The hub installs one when ADAOS_HUB_FAULT is set (docs/operators.md): "kill_at=7" ends the
// process with SIGKILL at the seventh point, "delay_ms=400" waits at each, "trace=FILE" appends
// the names.

#include <string_view>

namespace hub {

using FaultHook = void (*)(std::string_view point);

void set_fault_hook(FaultHook hook);
void fault_point(std::string_view point);

// Installs the hook that the text describes; throws std::invalid_argument for any other text.
void install_faults(std::string_view text);

}  // namespace hub
