#pragma once
// What the writer thread counts, for /metrics.

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/files.hpp"

namespace hub::store {

struct Histogram {
  std::vector<double> bounds;        // upper ends, rising
  std::vector<std::int64_t> counts;  // one for each bound, and one for what is above all
  std::int64_t count = 0;
  double sum = 0;

  explicit Histogram(std::vector<double> upper)
      : bounds(std::move(upper)), counts(bounds.size() + 1) {}
  void add(double value);
};

struct WriteStats {
  std::int64_t commits = 0;
  std::int64_t pieces = 0;         // of work that were committed
  std::int64_t pieces_failed = 0;  // that threw, or were lost with their transaction
  // Of COMMIT alone: writing the log and syncing it.
  Histogram commit_seconds{
      {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5}};
  Histogram batch_pieces{{1, 2, 4, 8, 16, 32, 64, 128, 256}};  // in one commit
  std::int64_t checkpoints = 0;
  std::int64_t wal_bytes = 0;  // of the log after the last commit
};

// How long a sync of 4 KiB takes in the middle of a few, in a file of that name, which is removed.
// unavailable: it cannot be written.
Result<std::chrono::microseconds> measure_fsync(const fs::path& probe);

}  // namespace hub::store
