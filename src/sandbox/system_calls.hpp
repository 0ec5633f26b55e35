#pragma once
// Internal to the room: system calls of the child between clone and exec, where nothing else is
// allowed: other threads of the hub may have held any lock when it was cloned. Past libc's
// functions of the same name, so that whoever replaces those (sanitizers, tests) stays out of it.
// Names and flags that Debian 12's headers do not have are here.

#include <cerrno>
#include <cstdint>
#include <type_traits>

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hub::sandbox {

// A variable argument of less than a register's width would leave the rest of it as it was.
template <class Argument>
auto register_wide(Argument argument) {
  if constexpr (std::is_integral_v<Argument> || std::is_enum_v<Argument>) {
    return static_cast<long>(argument);
  } else {
    return argument;
  }
}

template <class... Arguments>
long kernel(long number, Arguments... arguments) {
  return ::syscall(number, register_wide(arguments)...);
}

// Restarted when a signal interrupts it.
template <class... Arguments>
long kernel_retried(long number, Arguments... arguments) {
  long result = 0;
  do {
    result = kernel(number, arguments...);
  } while (result < 0 && errno == EINTR);
  return result;
}

// struct landlock_ruleset_attr as of version 6; an older kernel takes its beginning.
struct LandlockRuleset {
  std::uint64_t files = 0;    // handled_access_fs
  std::uint64_t network = 0;  // handled_access_net, since 4
  std::uint64_t scoped = 0;   // since 6
};
inline constexpr std::uint64_t landlock_truncate = 1U << 14U;        // since 3
inline constexpr std::uint64_t landlock_device_control = 1U << 15U;  // since 5
inline constexpr std::uint64_t landlock_tcp = 0b11;                  // bind, connect
inline constexpr std::uint64_t landlock_scopes = 0b11;               // abstract sockets, signals

}  // namespace hub::sandbox
