// A slow disk for a program that is started with LD_PRELOAD=libslow_disk.so SLOW_DISK_MS=4: each
// fsync and fdatasync takes at least so long, and is still a real one.

#include <chrono>
#include <cstdlib>
#include <thread>

#include <dlfcn.h>

namespace {

std::chrono::microseconds wanted() {
  static const auto time = [] {
    const char* text = std::getenv("SLOW_DISK_MS");
    return std::chrono::microseconds(text ? static_cast<long>(std::strtod(text, nullptr) * 1000)
                                          : 0L);
  }();
  return time;
}

using Sync = int (*)(int);

int slowly(const char* name, int descriptor) {
  const auto until = std::chrono::steady_clock::now() + wanted();
  // The next function of this name is the C library's own.
  const auto real = reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, name));
  const int answer = real(descriptor);
  std::this_thread::sleep_until(until);
  return answer;
}

}  // namespace

extern "C" {

int fsync(int descriptor) { return slowly("fsync", descriptor); }

int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
}
