#pragma once
// The judge's side: starts drivers, follows the feed with a cursor that outlives them, and kills
// them with SIGKILL at random moments, while they open the file too.

#include "ledger.hpp"
#include "runner.hpp"

namespace hub::feed_test {

struct TrialOptions {
  std::int64_t events = 30'000;  // at least so many, then what lives is ended
  std::uint64_t seed = 1;
  std::chrono::milliseconds life_max{800};  // of a driver
};

struct TrialResult {
  std::int64_t starts = 0;
  std::int64_t kills = 0;          // of drivers that had opened the store
  std::int64_t kills_opening = 0;  // of those that had not
};

// Throws when a driver ends by itself, or is silent.
TrialResult run_trial(const std::filesystem::path& folder, const TrialOptions&, Ledger&);

}  // namespace hub::feed_test
