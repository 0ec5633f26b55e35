#pragma once
// <base-dir>/state/address: where the hub of this folder listens, so that commands find it by the
// folder alone, whatever its port.
//
// The hub holds an flock on the file as long as it lives. A file that nobody holds is stale: its
// hub was killed.

#include "base/files.hpp"

namespace hub::cli {

fs::path address_file_of(const fs::path& base_directory);

// Held by a running hub; the file goes with it.
class PublishedAddress {
 public:
  // unavailable: the file cannot be written. The hub serves all the same.
  static Result<PublishedAddress> publish(const fs::path& base_directory, const std::string& url);
  PublishedAddress(PublishedAddress&&) = default;
  PublishedAddress& operator=(PublishedAddress&&) = default;
  PublishedAddress(const PublishedAddress&) = delete;
  PublishedAddress& operator=(const PublishedAddress&) = delete;
  ~PublishedAddress();

 private:
  PublishedAddress(fs::path file, FileLock lock);
  fs::path file_;
  std::unique_ptr<FileLock> lock_;
};

enum class AddressState {
  none,  // no hub has published one
  live,  // its hub runs, or is about to end
  stale  // its hub was killed
};

struct FoundAddress {
  AddressState state = AddressState::none;
  std::string url;
};

FoundAddress read_published_address(const fs::path& base_directory);

}  // namespace hub::cli
