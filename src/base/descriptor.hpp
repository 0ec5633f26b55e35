#pragma once
// A file descriptor that is closed with it. A resource type: moved, never copied. -1: none.

#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/files.hpp"

namespace hub {

class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  // Look at ok(), and at errno, afterwards.
  Descriptor(const fs::path& path, int flags, unsigned mode = 0644)
      : value_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  bool ok() const { return value_ >= 0; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

}  // namespace hub
