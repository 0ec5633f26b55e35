#pragma once
// What the tests of refused input share: what a refusal must say, and what it may cost.
//
// Cost: processor time of the thread, the best of three runs, and the most bytes that were
// allocated at once, by anybody, libyaml and libgit2 included. AddressSanitizer counts allocations
// for us and makes everything several times slower; without it the peak of the resident memory is
// read from /proc, which ThreadSanitizer makes useless.

#include <algorithm>
#include <atomic>
#include <ctime>
#include <fstream>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "base/result.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HUB_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define HUB_TSAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define HUB_ASAN 1
#endif

#ifdef HUB_ASAN
#include <sanitizer/allocator_interface.h>
#else
#include <malloc.h>
#endif

namespace hub::registry::testing {

struct RefusalCost {
  double cpu_ms = 0;
  std::int64_t peak_bytes = 0;
};

inline constexpr double refusal_cpu_ms_max = 50;
inline constexpr std::int64_t refusal_bytes_max = std::int64_t{16} << 20U;
#if defined(HUB_ASAN) || defined(HUB_TSAN)
inline constexpr double slower_by = 8;
#else
inline constexpr double slower_by = 1;
#endif

#ifdef HUB_ASAN
class MemoryMeter {
 public:
  MemoryMeter() {
    static const int installed = __sanitizer_install_malloc_and_free_hooks(allocated, freed);
    static_cast<void>(installed);
    now = 0;
    most = 0;
    counting = true;
  }
  ~MemoryMeter() { counting = false; }
  MemoryMeter(const MemoryMeter&) = delete;
  MemoryMeter& operator=(const MemoryMeter&) = delete;
  static std::int64_t peak_bytes() { return most; }

 private:
  static void allocated(const volatile void*, std::size_t size) {
    if (!counting) return;
    const auto total = now += static_cast<std::int64_t>(size);
    if (total > most) most = total;
  }
  static void freed(const volatile void* block) {
    if (!counting) return;
    now -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(block));
  }
  static inline std::atomic<bool> counting{false};
  static inline std::atomic<std::int64_t> now{0}, most{0};
};
#else
class MemoryMeter {
 public:
  MemoryMeter() {
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak is now what is resident
    before_ = peak();
  }
  std::int64_t peak_bytes() const {
#ifdef HUB_TSAN
    return 0;
#else
    return peak() - before_;
#endif
  }

 private:
  static std::int64_t peak() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      std::int64_t kib = 0;
      if (word == "VmHWM:" && status >> kib) return kib * 1024;
    }
    return 0;
  }
  std::int64_t before_ = 0;
};
#endif

inline double thread_cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (static_cast<double>(now.tv_sec) * 1e3) + (static_cast<double>(now.tv_nsec) / 1e6);
}

// Runs it up to three times: until once was cheap enough.
template <class Refusing>
RefusalCost cost_of(const Refusing& refusing) {
  RefusalCost best{std::numeric_limits<double>::max(), std::numeric_limits<std::int64_t>::max()};
  for (int run = 0; run < 3; ++run) {
    const MemoryMeter memory;
    const double start = thread_cpu_ms();
    refusing();
    best.cpu_ms = std::min(best.cpu_ms, thread_cpu_ms() - start);
    best.peak_bytes = std::min(best.peak_bytes, memory.peak_bytes());
    if (best.cpu_ms <= refusal_cpu_ms_max * slower_by && best.peak_bytes <= refusal_bytes_max)
      break;
  }
  return best;
}

enum class Limit { no, yes };

struct Wanted {
  std::string reason;
  std::int64_t line = 0;  // 0: none is wanted
  Limit limit = Limit::no;
};

// Code, place, limit, observed value and a sentence that says how to mend it.
inline void check_error(const Error& error, const Wanted& wanted) {
  CHECK(error.reason == wanted.reason);
  CHECK(error.message.starts_with("cannot "));
  CHECK_FALSE(error.hint.empty());
  CHECK(error.hint.find('\n') == std::string::npos);
  CHECK(error.details.contains("file"));
  CHECK(error.details.contains("observed"));
  CHECK(error.details.contains("limit") == (wanted.limit == Limit::yes));
  if (wanted.line > 0) CHECK(error.details.at("line") == wanted.line);
}

template <class Refusing>
void check_refused(const std::string& what, const Wanted& wanted, const Refusing& refusing) {
  INFO(what);
  const auto refused = refusing();
  REQUIRE_FALSE(refused);
  check_error(refused.error(), wanted);
  const RefusalCost cost = cost_of([&refusing] { static_cast<void>(refusing().has_value()); });
  CHECK(cost.cpu_ms <= refusal_cpu_ms_max * slower_by);
  CHECK(cost.peak_bytes <= refusal_bytes_max);
}

inline std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int at = 0; at < times; ++at) all += text;
  return all;
}

}  // namespace hub::registry::testing
