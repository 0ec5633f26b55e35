// The libc calls that change files, for the whole program this is linked into, shared libraries
// included: each goes to the disk model when there is one and the file is below its root, else
// straight to the kernel. Calls inside libc itself (stdio's own writes) and other programs are not
// seen.

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "matrix/disk_books.hpp"
#include "matrix/kernel.hpp"

using hub::matrix::may_be_modelled;
using hub::matrix::Turn;
namespace kernel = hub::matrix::kernel;

namespace {

// Only regular files and directories of the model's device are worth the lock: a write to a pipe
// must not wait while holding it.
bool of_interest(int fd) {
  struct statx found{};
  const int before = errno;
  const bool looked = kernel::look(fd, "", found);
  errno = before;
  return looked && (S_ISREG(found.stx_mode) || S_ISDIR(found.stx_mode)) &&
         may_be_modelled(kernel::device_of(found));
}

int open_at(int at, const char* path, int flags, mode_t mode) {
  if ((flags & (O_CREAT | O_TRUNC)) != 0 && (flags & O_TMPFILE) != O_TMPFILE) {
    if (Turn turn; turn) return turn->open(at, path, flags, mode);
  }
  return kernel::open(at, path, flags, mode);
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

ssize_t write_bytes(int fd, const void* bytes, std::size_t count, std::optional<off64_t> offset) {
  if (of_interest(fd)) {
    if (Turn turn; turn) return turn->write(fd, {static_cast<const char*>(bytes), count}, offset);
  }
  return offset ? ::syscall(SYS_pwrite64, fd, bytes, count, *offset)
                : ::syscall(SYS_write, fd, bytes, count);
}

ssize_t write_vector(int fd, const iovec* pieces, int count, std::optional<off64_t> offset) {
  if (of_interest(fd)) {
    if (Turn turn; turn) {
      std::string bytes;
      for (int i = 0; i < count; ++i) {
        bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
      }
      return turn->write(fd, bytes, offset);
    }
  }
  return offset ? ::syscall(SYS_pwritev, fd, pieces, count, *offset, *offset >> 32)
                : ::syscall(SYS_writev, fd, pieces, count);
}

int truncate_to(int fd, off64_t size) {
  if (of_interest(fd)) {
    if (Turn turn; turn) return turn->truncate(fd, size);
  }
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int truncate_path(const char* path, off64_t size) {
  const int fd = kernel::open(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const int done = truncate_to(fd, size);
  kernel::close(fd);
  return done;
}

int sync_file(int fd, long number) {
  if (of_interest(fd)) {
    if (Turn turn; turn) return turn->sync(fd);
  }
  return static_cast<int>(::syscall(number, fd));
}

int allocate(int fd, int mode, off64_t offset, off64_t length) {
  if (of_interest(fd)) {
    if (Turn turn; turn) return turn->allocate(fd, mode, offset, length);
  }
  return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
}

int rename_at(int from_at, const char* from, int to_at, const char* to, unsigned flags) {
  if (Turn turn; turn) return turn->rename(from_at, from, to_at, to, flags);
  return static_cast<int>(::syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}

int link_at(int from_at, const char* from, int to_at, const char* to, int flags) {
  if (Turn turn; turn) return turn->link(from_at, from, to_at, to, flags);
  return static_cast<int>(::syscall(SYS_linkat, from_at, from, to_at, to, flags));
}

int remove_at(int at, const char* path, int flags) {
  if (Turn turn; turn) return turn->remove(at, path, flags);
  return static_cast<int>(::syscall(SYS_unlinkat, at, path, flags));
}

// For calls in which the kernel moves the bytes itself.
template <class Move>
ssize_t fill(int fd, std::optional<off64_t> offset, Move move) {
  if (!of_interest(fd)) return move();
  Turn turn;
  if (!turn) return move();
  const off64_t at = offset.value_or(::syscall(SYS_lseek, fd, 0, SEEK_CUR));
  const ssize_t moved = move();
  if (moved > 0) turn->filled(fd, at, static_cast<std::size_t>(moved));
  return moved;
}

int look_at(int at, const char* path, struct stat* found, int flags) {
  const int done = static_cast<int>(::syscall(SYS_newfstatat, at, path, found, flags));
  if (done == 0 && may_be_modelled(found->st_dev)) {
    if (Turn turn; turn) found->st_ino = turn->shown(found->st_ino);
  }
  return done;
}

FILE* open_stream(const char* path, const char* mode) {
  const bool both = std::strchr(mode, '+') != nullptr;
  int flags = both ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  if (mode[0] == 'w') flags |= O_CREAT | O_TRUNC;
  if (mode[0] == 'a') flags |= O_CREAT | O_APPEND;
  if (std::strchr(mode, 'x')) flags |= O_EXCL;
  if (std::strchr(mode, 'e')) flags |= O_CLOEXEC;
  const int fd = open_at(AT_FDCWD, path, flags, 0666);
  return fd < 0 ? nullptr : ::fdopen(fd, mode);
}

}  // namespace

// struct stat64 is struct stat on 64-bit Linux.
static_assert(sizeof(struct stat) == sizeof(struct stat64));

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(at, path, flags, mode);
}
int openat64(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_at(at, path, flags, mode);
}
int creat(const char* path, mode_t mode) {
  return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char* path, mode_t mode) { return creat(path, mode); }
FILE* fopen(const char* path, const char* mode) { return open_stream(path, mode); }
FILE* fopen64(const char* path, const char* mode) { return open_stream(path, mode); }

ssize_t write(int fd, const void* bytes, std::size_t count) {
  return write_bytes(fd, bytes, count, {});
}
ssize_t pwrite(int fd, const void* bytes, std::size_t count, off_t offset) {
  return write_bytes(fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void* bytes, std::size_t count, off64_t offset) {
  return write_bytes(fd, bytes, count, offset);
}
ssize_t writev(int fd, const iovec* pieces, int count) {
  return write_vector(fd, pieces, count, {});
}
ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  return write_vector(fd, pieces, count, offset);
}
ssize_t pwritev64(int fd, const iovec* pieces, int count, off64_t offset) {
  return write_vector(fd, pieces, count, offset);
}
ssize_t sendfile(int out, int in, off_t* offset, std::size_t count) noexcept {
  return fill(out, {}, [&] { return ::syscall(SYS_sendfile, out, in, offset, count); });
}
ssize_t sendfile64(int out, int in, off64_t* offset, std::size_t count) noexcept {
  return fill(out, {}, [&] { return ::syscall(SYS_sendfile, out, in, offset, count); });
}
ssize_t copy_file_range(int in, off64_t* in_offset, int out, off64_t* out_offset, std::size_t count,
                        unsigned flags) {
  const auto at = out_offset ? std::optional<off64_t>(*out_offset) : std::nullopt;
  return fill(out, at, [&] {
    return ::syscall(SYS_copy_file_range, in, in_offset, out, out_offset, count, flags);
  });
}

int ftruncate(int fd, off_t size) noexcept { return truncate_to(fd, size); }
int ftruncate64(int fd, off64_t size) noexcept { return truncate_to(fd, size); }
int truncate(const char* path, off_t size) noexcept { return truncate_path(path, size); }
int truncate64(const char* path, off64_t size) noexcept { return truncate_path(path, size); }
int fallocate(int fd, int mode, off_t offset, off_t length) {
  return allocate(fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  return allocate(fd, mode, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
  return allocate(fd, 0, offset, length) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
  return allocate(fd, 0, offset, length) == 0 ? 0 : errno;
}
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

int rename(const char* from, const char* to) noexcept {
  return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_at, const char* from, int to_at, const char* to) noexcept {
  return rename_at(from_at, from, to_at, to, 0);
}
int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) noexcept {
  return rename_at(from_at, from, to_at, to, flags);
}
int link(const char* from, const char* to) noexcept {
  return link_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int linkat(int from_at, const char* from, int to_at, const char* to, int flags) noexcept {
  return link_at(from_at, from, to_at, to, flags);
}
int symlinkat(const char* target, int at, const char* path) noexcept {
  if (Turn turn; turn) return turn->symlink(target, at, path);
  return static_cast<int>(::syscall(SYS_symlinkat, target, at, path));
}
int symlink(const char* target, const char* path) noexcept {
  return symlinkat(target, AT_FDCWD, path);
}
int unlink(const char* path) noexcept { return remove_at(AT_FDCWD, path, 0); }
int unlinkat(int at, const char* path, int flags) noexcept { return remove_at(at, path, flags); }
int rmdir(const char* path) noexcept { return remove_at(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char* path) noexcept {
  struct statx found{};
  if (!kernel::look(AT_FDCWD, path, found)) return -1;
  return remove_at(AT_FDCWD, path, S_ISDIR(found.stx_mode) ? AT_REMOVEDIR : 0);
}
int mkdirat(int at, const char* path, mode_t mode) noexcept {
  if (Turn turn; turn) return turn->make_directory(at, path, mode);
  return static_cast<int>(::syscall(SYS_mkdirat, at, path, mode));
}
int mkdir(const char* path, mode_t mode) noexcept { return mkdirat(AT_FDCWD, path, mode); }

// How a hub ends itself.
void _Exit(int code) noexcept {
  if (Turn turn; turn) turn->outlive();
  for (;;) ::syscall(SYS_exit_group, code);
}

int stat(const char* path, struct stat* found) noexcept {
  return look_at(AT_FDCWD, path, found, 0);
}
int lstat(const char* path, struct stat* found) noexcept {
  return look_at(AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW);
}
int fstat(int fd, struct stat* found) noexcept { return look_at(fd, "", found, AT_EMPTY_PATH); }
int fstatat(int at, const char* path, struct stat* found, int flags) noexcept {
  return look_at(at, path, found, flags);
}
int stat64(const char* path, struct stat64* found) noexcept {
  return look_at(AT_FDCWD, path, reinterpret_cast<struct stat*>(found), 0);
}
int lstat64(const char* path, struct stat64* found) noexcept {
  return look_at(AT_FDCWD, path, reinterpret_cast<struct stat*>(found), AT_SYMLINK_NOFOLLOW);
}
int fstat64(int fd, struct stat64* found) noexcept {
  return look_at(fd, "", reinterpret_cast<struct stat*>(found), AT_EMPTY_PATH);
}
int fstatat64(int at, const char* path, struct stat64* found, int flags) noexcept {
  return look_at(at, path, reinterpret_cast<struct stat*>(found), flags);
}

}  // extern "C"
