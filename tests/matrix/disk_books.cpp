#include "matrix/disk_books.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <stdexcept>

#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "matrix/kernel.hpp"

namespace hub::matrix {
namespace {

constinit std::atomic<dev_t> modelled_device{0};
constinit std::atomic<Books*> modelled{nullptr};
constinit thread_local bool inside = false;

std::mutex& turn_mutex() {
  static std::mutex& one = *new std::mutex;  // never destroyed: files are closed until the very end
  return one;
}

bool is_regular(const struct statx& found) { return S_ISREG(found.stx_mode); }

}  // namespace

bool may_be_modelled(dev_t device) {
  return !inside && device != 0 && device == modelled_device.load(std::memory_order_relaxed);
}

void set_modelled(Books* books) {
  const std::lock_guard guard(turn_mutex());
  modelled = books;
  modelled_device = books ? books->device() : 0;
}

bool is_modelled() { return modelled.load() != nullptr; }

Turn::Turn() {
  if (inside || !modelled.load(std::memory_order_relaxed)) return;
  inside = true;
  turn_mutex().lock();
  books_ = modelled;
  if (!books_) {
    turn_mutex().unlock();
    inside = false;
  }
}

Turn::~Turn() {
  if (!books_) return;
  turn_mutex().unlock();
  inside = false;
}

bool Move::synced() const {
  for (const auto& half : halves) {
    if (!half.synced) return false;
  }
  return true;
}

// ---- what is there

std::uint64_t Books::new_number() {
  if (free_.empty()) return next_number_++;
  const auto lowest = *free_.begin();
  free_.erase(free_.begin());
  return lowest;
}

std::uint64_t Books::shown(std::uint64_t real) const {
  const auto found = live_.find(real);
  return found != live_.end() ? found->second->number : real + unseen_numbers;
}

Node& Books::enter(const struct statx& found, Node* parent, std::string name) {
  Node& node = nodes_.emplace_back();
  node.kind = S_ISDIR(found.stx_mode)   ? NodeKind::directory
              : S_ISLNK(found.stx_mode) ? NodeKind::link
                                        : NodeKind::file;
  node.real = found.stx_ino;
  node.born_ns = kernel::nanoseconds(found.stx_btime);
  node.touched_ns = kernel::nanoseconds(found.stx_mtime);
  node.mode = found.stx_mode & 07777U;
  node.parent = parent;
  node.name = std::move(name);
  live_[node.real] = &node;
  return node;
}

void Books::leave(Node& node) {
  const auto found = live_.find(node.real);
  if (found == live_.end() || found->second != &node) return;
  live_.erase(found);
  node.gone = true;
  if (node.number < unseen_numbers) free_.insert(node.number);
}

Node* Books::node_of(const struct statx& found) {
  if (kernel::device_of(found) != device_) return nullptr;
  const auto known = live_.find(found.stx_ino);
  if (known == live_.end()) return nullptr;
  // Another file under a number that the kernel gave again.
  if (known->second->born_ns != kernel::nanoseconds(found.stx_btime)) {
    leave(*known->second);
    return nullptr;
  }
  return known->second;
}

Node* Books::node_of(int fd) {
  struct statx found{};
  if (!kernel::look(fd, "", found) || kernel::device_of(found) != device_) return nullptr;
  if (!is_regular(found) && !S_ISDIR(found.stx_mode)) return nullptr;
  if (Node* known = node_of(found)) return known;
  return adopt(fd, found);
}

Node* Books::adopt(int fd, const struct statx& found) {
  if (found.stx_nlink == 0) return nullptr;
  const fs::path path = kernel::path_of(fd);
  const auto below = path.lexically_relative(root_);
  if (below.empty() || below == "." || below.begin()->string() == "..") return nullptr;
  Node* directory = top_;
  for (const auto& part : below.parent_path()) {
    fs::path so_far = real_path(*directory) / part;
    struct statx at{};
    if (!kernel::look(AT_FDCWD, so_far.c_str(), at)) return nullptr;
    Node* next = node_of(at);
    if (!next) {
      next = &enter(at, directory, part.string());
      next->number = new_number();
    }
    directory = next;
  }
  Node& node = enter(found, directory, below.filename().string());
  node.number = new_number();
  if (node.kind == NodeKind::file) node.platter.emplace();
  return &node;
}

Books::Place Books::place_of(int at, const char* path) {
  Place place;
  std::string whole = path;
  while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
  const auto slash = whole.rfind('/');
  const std::string above = slash == std::string::npos ? "."
                            : slash == 0               ? "/"
                                                       : whole.substr(0, slash);
  const int directory = kernel::open(at, above.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return place;
  place.directory = node_of(directory);
  if (place.directory) {
    place.name = slash == std::string::npos ? whole : whole.substr(slash + 1);
    struct statx found{};
    place.exists = kernel::look(directory, place.name.c_str(), found);
    if (place.exists) place.node = node_of(found);
  }
  kernel::close(directory);
  return place;
}

std::string Books::path_of(const Node& node) const {
  if (!node.parent) return node.name;
  const std::string above = path_of(*node.parent);
  return above.empty() ? node.name : above + "/" + node.name;
}

std::string Books::path_of(const Place& place) const {
  const std::string above = path_of(*place.directory);
  return above.empty() ? place.name : above + "/" + place.name;
}

fs::path Books::real_path(const Node& node) const {
  return &node == top_ ? root_ : root_ / path_of(node);
}

std::string Books::bytes_of(const Node& node) const {
  std::string bytes;
  const int fd = kernel::open(AT_FDCWD, real_path(node).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return bytes;
  struct statx found{};
  if (kernel::look(fd, "", found) && found.stx_ino == node.real) {
    bytes.resize(found.stx_size);
    const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  }
  kernel::close(fd);
  return bytes;
}

// What stood there when the books were opened; when others have changed it since, it is lost.
void Books::keep(Node& node) {
  if (node.platter || node.kind != NodeKind::file) return;
  struct statx found{};
  const bool same = kernel::look(AT_FDCWD, real_path(node).c_str(), found) &&
                    found.stx_ino == node.real &&
                    kernel::nanoseconds(found.stx_mtime) == node.touched_ns;
  node.platter = same ? bytes_of(node) : std::string();
}

bool Books::begin(CallKind kind, std::string path) {
  const Call call{kind, std::move(path)};
  if (hooks.before) hooks.before(call);
  const int refused = hooks.refuse ? hooks.refuse(call) : 0;
  if (refused != 0) {
    errno = refused;
    return false;
  }
  ++counts.at(static_cast<std::size_t>(kind));
  return true;
}

// ---- bytes

int Books::open(int at, const char* path, int flags, mode_t mode) {
  const Place place = place_of(at, path);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  const bool creates = !place.exists && (flags & O_CREAT) != 0;
  const bool empties = place.node && place.node->kind == NodeKind::file && writes &&
                       (flags & O_TRUNC) != 0 && (flags & O_EXCL) == 0;
  if (!place.directory || (!creates && !empties)) return kernel::open(at, path, flags, mode);
  if (!begin(creates ? CallKind::create : CallKind::truncate, path_of(place))) return -1;
  if (empties) keep(*place.node);
  const int fd = kernel::open(at, path, flags, mode);
  if (fd < 0) return fd;
  if (empties) place.node->pending.push_back({0, {}});
  if (creates) {
    struct statx found{};
    kernel::look(fd, "", found);
    Node& node = enter(found, place.directory, place.name);
    node.number = new_number();
    node.platter.emplace();
    enter_move({{place.directory, place.name, &node, false}});
  }
  return fd;
}

void Books::note_write(Node& node, std::int64_t at, std::string bytes) {
  const auto end = at + static_cast<std::int64_t>(bytes.size());
  std::vector<std::pair<std::int64_t, std::int64_t>> rest;  // of what was given up
  for (const auto& [from, to] : node.given_up) {
    if (from < std::min(to, at)) rest.emplace_back(from, std::min(to, at));
    if (std::max(from, end) < to) rest.emplace_back(std::max(from, end), to);
  }
  node.given_up = std::move(rest);
  node.pending.push_back({at, std::move(bytes)});
}

ssize_t Books::write(int fd, std::string_view bytes, std::optional<std::int64_t> offset) {
  const auto write_now = [&] {
    return offset ? ::syscall(SYS_pwrite64, fd, bytes.data(), bytes.size(), *offset)
                  : ::syscall(SYS_write, fd, bytes.data(), bytes.size());
  };
  Node* node = node_of(fd);
  if (!node) return write_now();
  if (!begin(CallKind::write, path_of(*node))) return -1;
  keep(*node);
  std::int64_t at = offset.value_or(0);
  if (!offset) {
    const bool appends = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
    struct statx found{};
    kernel::look(fd, "", found);
    at = appends ? static_cast<std::int64_t>(found.stx_size) : ::lseek(fd, 0, SEEK_CUR);
  }
  const ssize_t wrote = write_now();
  if (wrote > 0) {
    note_write(*node, at, std::string(bytes.substr(0, static_cast<std::size_t>(wrote))));
  }
  return wrote;
}

void Books::filled(int fd, std::int64_t offset, std::size_t count) {
  Node* node = node_of(fd);
  if (!node || !begin(CallKind::write, path_of(*node))) return;
  std::string bytes(count, '\0');
  const int again =
      kernel::open(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t got = ::pread(again, bytes.data(), bytes.size(), offset);
  kernel::close(again);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  note_write(*node, offset, std::move(bytes));
}

int Books::truncate(int fd, std::int64_t size) {
  Node* node = node_of(fd);
  if (node) {
    if (!begin(CallKind::truncate, path_of(*node))) return -1;
    keep(*node);
  }
  const int done = static_cast<int>(::syscall(SYS_ftruncate, fd, size));
  if (node && done == 0) {
    node->pending.push_back({size, {}});
    if (size == 0) node->given_up.clear();
  }
  return done;
}

int Books::allocate(int fd, int mode, std::int64_t offset, std::int64_t length) {
  Node* node = node_of(fd);
  if (node) {
    if (!begin(CallKind::write, path_of(*node))) return -1;
    keep(*node);
  }
  const int done = static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
  if (node && done == 0) {
    struct statx found{};
    kernel::look(fd, "", found);
    node->pending.push_back({static_cast<std::int64_t>(found.stx_size), {}});
  }
  return done;
}

int Books::sync(int fd) {
  Node* node = node_of(fd);
  if (!node) return static_cast<int>(::syscall(SYS_fsync, fd));
  const bool directory = node->kind == NodeKind::directory;
  const Call call{directory ? CallKind::sync_directory : CallKind::sync_file, path_of(*node)};
  if (!begin(call.kind, call.path)) {
    const int refused = errno;
    if (!directory) give_up(*node);
    errno = refused;
    return -1;
  }
  if (hooks.skip_sync && hooks.skip_sync(call)) return 0;
  if (directory) {
    sync_directory(fd, *node);
  } else {
    std::string bytes = bytes_of(*node);
    for (const auto& [from, to] : node->given_up) {
      for (auto at = from; at < std::min<std::int64_t>(to, std::ssize(bytes)); ++at) {
        const auto i = static_cast<std::size_t>(at);
        bytes[i] = node->platter && i < node->platter->size() ? (*node->platter)[i] : '\0';
      }
    }
    node->platter = std::move(bytes);
    node->pending.clear();
  }
  return 0;  // the real one would only make the test slow
}

}  // namespace hub::matrix
