#include "disk_probe.hpp"

#include <algorithm>
#include <array>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace hub::benchmarks {
namespace {

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : path_(path), descriptor_(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    if (descriptor_ < 0) fail("open");
  }
  ~File() {
    ::close(descriptor_);
    ::unlink(path_.c_str());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write_and_sync() const {
    static const std::array<char, 4096> page{};
    if (::pwrite(descriptor_, page.data(), page.size(), 0) != ssize_t{4096}) fail("write");
    if (::fdatasync(descriptor_) != 0) fail("fdatasync");
  }

 private:
  [[noreturn]] void fail(const char* doing) const {
    throw std::system_error(errno, std::generic_category(), doing + (" " + path_.string()));
  }

  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace

DiskTimes measure_disk(const std::filesystem::path& folder, std::size_t count) {
  const File file(folder / "disk_probe");
  file.write_and_sync();  // it grows here, which costs more
  std::vector<Nanoseconds> times;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    file.write_and_sync();
    times.push_back(std::chrono::steady_clock::now() - start);
  }
  return {percentile(times, 0.5), percentile(times, 0.99)};
}

Nanoseconds percentile(std::vector<Nanoseconds>& times, double share) {
  if (times.empty()) return {};
  std::ranges::sort(times);
  const auto at = static_cast<std::size_t>(share * static_cast<double>(times.size()));
  return times[std::min(at, times.size() - 1)];
}

double in_ms(Nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace hub::benchmarks
