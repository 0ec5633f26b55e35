#include "store/write_stats.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace hub::store {

void Histogram::add(double value) {
  const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
  ++counts.at(static_cast<std::size_t>(bucket));
  ++count;
  sum += value;
}

Result<std::chrono::microseconds> measure_fsync(const fs::path& probe) {
  using std::chrono::steady_clock;
  constexpr std::array<char, 4096> page{};
  const auto refuse = [&probe] {
    return fail(ErrorCode::unavailable, "cannot measure a sync in " + probe.string() + ": " +
                                            std::generic_category().message(errno));
  };
  const int file = ::open(probe.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return refuse();
  ::unlink(probe.c_str());
  struct Close {
    int file;
    ~Close() { ::close(file); }
  };
  const Close guard{file};
  std::vector<std::chrono::microseconds> took;
  for (int round = 0; round < 8; ++round) {
    const auto began = steady_clock::now();
    if (::pwrite(file, page.data(), page.size(), 0) < 0 || ::fdatasync(file) != 0) return refuse();
    if (round == 0) continue;  // it made room
    took.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - began));
  }
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
  std::ranges::nth_element(took, middle);
  return *middle;
}

}  // namespace hub::store
