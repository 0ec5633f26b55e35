#pragma once
// How old things were when they arrived: counts in buckets 3 % wide, so that millions cost 2 KiB.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hub::benchmarks {

class Latency {
 public:
  void add(std::int64_t microseconds) {
    const auto value = static_cast<std::uint64_t>(microseconds < 1 ? 1 : microseconds);
    ++counts_[bucket_of(value)];
    ++count_;
    most_ = value > most_ ? value : most_;
  }

  std::uint64_t count() const { return count_; }
  double max_ms() const { return static_cast<double>(most_) / 1000; }

  // The upper end of the bucket that `share` (0..1) of them reach; 0 when there are none.
  double percentile_ms(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted) return static_cast<double>(upper_end(bucket)) / 1000;
    }
    return max_ms();
  }

 private:
  static constexpr unsigned kBits = 5;  // 32 buckets each time the value doubles

  static std::size_t bucket_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kBits) return value;
    const unsigned shift = width - kBits - 1;
    return (std::size_t{shift + 1} << kBits) + ((value >> shift) - (std::size_t{1} << kBits));
  }
  static std::uint64_t upper_end(std::size_t bucket) {
    const std::size_t octave = bucket >> kBits;
    if (octave == 0) return bucket;
    const std::uint64_t within = (bucket & ((std::size_t{1} << kBits) - 1)) + (1U << kBits);
    return (within + 1) << (octave - 1);
  }

  std::array<std::uint32_t, 1600> counts_{};
  std::uint64_t count_ = 0, most_ = 0;
};

}  // namespace hub::benchmarks
