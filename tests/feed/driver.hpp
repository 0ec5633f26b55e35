#pragma once
// The process that is killed: opens the store in `folder`, adopts what an earlier one left, and
// accepts, claims, moves, cancels, confirms and gives up operations at random from many threads,
// while one consumer follows the feed with a durable cursor and another is served on `socket`.

#include <filesystem>

namespace hub::feed_test {

struct DriverOptions {
  std::filesystem::path folder;
  int socket = -1;
  std::uint64_t seed = 1;
  int workers = 16;
};

// Returns when the judge has told it to finish and has got every event. Whatever is wrong is
// thrown.
void drive(const DriverOptions&);

inline std::filesystem::path database_in(const std::filesystem::path& folder) {
  return folder / "hub.db";
}
inline std::filesystem::path answers_in(const std::filesystem::path& folder) {
  return folder / "answers";
}
inline std::filesystem::path durable_in(const std::filesystem::path& folder) {
  return folder / "durable";
}

}  // namespace hub::feed_test
