#pragma once
// What top, gdb and perf call a thread.

#include <pthread.h>

namespace hub {

// At most 15 characters; a longer name is refused by the kernel and changes nothing.
inline void name_this_thread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace hub
