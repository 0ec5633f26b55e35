#pragma once
// What a server uses, read from /proc: of its process, and of the kernel for its connections.

#include <cstdint>

namespace hub::benchmarks {

struct ServerUse {
  double cpu_s = 0;               // since it began, the kernel's work for it included
  std::int64_t memory_bytes = 0;  // resident
  std::int64_t kernel_bytes = 0;  // buffers of every TCP socket of this machine
};

// All 0 when `pid` is 0 or gone.
ServerUse use_of(int pid);

}  // namespace hub::benchmarks
