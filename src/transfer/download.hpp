#pragma once
// One file over http(s): from several mirrors, over several connections, verified by its SHA-256,
// going on where an earlier call (or an earlier process) has stopped. Blocking; for worker threads.
//
// Files are <part> and <part>.json (part_file.hpp). Bytes from a mirror that turns out to serve
// something else are thrown away, and that mirror is not asked again; when bytes of several are
// mixed and the digest is wrong, each is tried alone.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"

namespace hub::transfer {

struct DownloadRequest {
  fs::path part;                           // its folder is made
  std::vector<std::string> urls;           // http(s); the first is preferred
  std::string sha256;                      // lower-case hex
  std::optional<std::int64_t> size_bytes;  // absent: as the first that answers says
  std::size_t connections = 4;
  std::int64_t rate_limit_bytes_per_s = 0;  // 0: none
  std::chrono::milliseconds stall{30'000};  // a silent connection is given up after that
  std::int64_t free_bytes_min = std::int64_t{64} << 20U;  // left on the disk
  // How much is there now, and of how much. Some twenty times a second, also while nothing comes.
  std::function<void(std::int64_t done, std::optional<std::int64_t> total)> progress = {};
  std::function<void(const std::string& line)> log = {};
  std::function<bool()> stop = {};
};

struct Downloaded {
  std::int64_t size_bytes = 0;
  std::int64_t found_bytes = 0;      // were there from an earlier call
  std::int64_t received_bytes = 0;   // by this one; more than was missing when some came twice
  std::int64_t cuts = 0;             // connections that ended before their time
  std::vector<std::string> dropped;  // mirrors, as shown, that lied or refused
};

// `part` is whole, verified and on the disk. Errors, with details.causes for each mirror:
//   not_found, invalid: every mirror refuses ("source_refused", "source_lies", "content_mismatch")
//   unavailable: "source_failed", "source_busy"; what is there is kept for the next call
//   exhausted: "disk_full"; conflict: "part_busy", or "source_busy" for longer than it is waited
//   for, with details.retry_after_s; cancelled: stop said so
Result<Downloaded> download(const DownloadRequest&);

}  // namespace hub::transfer
