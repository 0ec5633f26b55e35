#pragma once
// YStore: what of a webspace's document can't be derived again: what browsers wrote, and which
// client ids the hub has used. One file a webspace, <folder>/<webspace>.ystore:
//
//   "HUBYSTOR" version(u32)  { length(u32) digest(8 bytes) kind(u8) payload[length] }...
//     kind 1: an author's client id, varUint, in the file before it is used
//     kind 2: an update (v1) with what browsers wrote; together they are the foreign store
//
// Little endian; the digest is the first 8 bytes of SHA-256 over kind and payload. A torn tail is
// cut. A file that is damaged otherwise is set aside (".damaged-<ms>") and logged, what is whole
// before the damage is kept, and the hub goes on. <folder>/authors holds the highest id that any
// webspace has used, so that no id comes twice even when a file is lost to damage.
//
// All methods are thread-safe and block on the disk.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ydoc/ranges.hpp"

namespace hub::projection {

// How many earlier ids the hub claims in its state vector: 6 bytes each in every greeting.
inline constexpr ydoc::ClientId kClaimedMax = 64;

class YStore {
 public:
  struct Opened {
    ydoc::ClientId author = 0;  // durable, and never used for this webspace before
    ydoc::ClientId first_claimed = 0;
    std::vector<std::string> updates;  // of browsers, in any order
  };

  // Makes the folder. `clock` outlives the store.
  YStore(fs::path folder, const Clock& clock);

  // exhausted "authors_used_up"; unavailable: the disk. Damage is no error.
  Result<Opened> open(const std::string& webspace);
  // One more id for an open webspace.
  Result<ydoc::ClientId> next_author(const std::string& webspace);
  // Durable on return.
  Result<> append(const std::string& webspace, const std::vector<std::string>& updates);
  // Replaces all updates by one that stands for them.
  Result<> compact(const std::string& webspace, std::string_view snapshot);

 private:
  struct Contents {
    ydoc::ClientId author = 0;
    std::vector<std::string> updates;
  };
  enum class Damage : std::uint8_t { none, torn, corrupt };

  fs::path file_of(const std::string& webspace) const;
  static Damage parse(std::string_view bytes, Contents& out);
  Result<Contents> load(const std::string& webspace);
  Result<> claim(const std::string& webspace, ydoc::ClientId author);
  Result<> append_bytes(const std::string& webspace, std::string_view bytes);
  Result<> write_whole(const std::string& webspace, const std::vector<std::string>& updates);

  std::mutex mutex_;
  fs::path folder_;
  const Clock& clock_;
  ydoc::ClientId highest_author_ = 0;
  std::map<std::string, ydoc::ClientId> authors_;  // of open webspaces
};

}  // namespace hub::projection
