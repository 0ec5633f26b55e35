#pragma once
// F: how long this disk takes to make 4 KiB durable. Durable work is measured against it, in the
// same run and folder, because absolute times say more about the disk than about us.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <vector>

namespace hub::benchmarks {

using Nanoseconds = std::chrono::nanoseconds;

struct DiskTimes {
  Nanoseconds p50{}, p99{};
};

// pwrite of 4 KiB at the same place of a file that is already that long, then fdatasync: what the
// write-ahead log of a database that has run for a while costs. `count` times.
DiskTimes measure_disk(const std::filesystem::path& folder, std::size_t count = 400);

// The value below which `share` (0..1) of them lie. Sorts. Zero when there are none.
Nanoseconds percentile(std::vector<Nanoseconds>&, double share);

double in_ms(Nanoseconds);

}  // namespace hub::benchmarks
