#pragma once
// The kernel itself, past every libc function of the same name: what the disk model does for real.
// Each returns what the system call returns, with errno as libc sets it.

#include <cstdint>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hub::matrix::kernel {

inline int open(int at, const char* path, int flags, mode_t mode = 0) {
  return static_cast<int>(::syscall(SYS_openat, at, path, flags, mode));
}
inline int close(int fd) { return static_cast<int>(::syscall(SYS_close, fd)); }
inline bool look(int at, const char* path, struct statx& found) {
  constexpr int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  return ::syscall(SYS_statx, at, path, flags, STATX_BASIC_STATS | STATX_BTIME, &found) == 0;
}
inline std::string path_of(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::string path(4096, '\0');
  const auto length =
      ::syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), path.data(), path.size() - 1);
  path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return path;
}
inline dev_t device_of(const struct statx& found) {
  // As the kernel's struct stat has it.
  return static_cast<dev_t>((found.stx_dev_major & 0xfffU) << 8U) | (found.stx_dev_minor & 0xffU) |
         (static_cast<dev_t>(found.stx_dev_minor & ~0xffU) << 12U);
}
inline std::int64_t nanoseconds(const statx_timestamp& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

}  // namespace hub::matrix::kernel
