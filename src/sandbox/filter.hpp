#pragma once
// Internal to the room: the system calls that a confined process is refused, as a program for the
// kernel (seccomp, written by libseccomp).

#include <span>

#include <linux/filter.h>

#include "sandbox/means.hpp"

namespace hub::sandbox {

// Refused calls fail with EPERM (clone3 with ENOSYS, so that libc takes clone instead), calls of a
// foreign architecture end the process. Made once for each kind, kept for good. Empty when
// libseccomp cannot write one.
std::span<sock_filter> filter_of(const Means&, Network, Programs);

}  // namespace hub::sandbox
