#pragma once
// Installs a skill's pip packages into a folder of their own (pip --target), confined: pip and what
// it builds have the network and can write to that folder only. Blocking, for worker threads.
//
// --target and not a virtual environment: the folder works wherever it is moved to, a skill without
// packages costs nothing, and one with packages no second Python.
//
// What has been downloaded is kept in a folder that all skills share. Only a run that may start no
// other program writes there: what a skill's packages do while they are built must not reach the
// packages of another. Where something has to be built, pip runs once more, with a folder of its
// own that is thrown away.

#include <functional>

#include "base/files.hpp"
#include "base/result.hpp"

namespace hub::artifacts {

struct PackagesLimits {
  std::chrono::milliseconds time{std::chrono::minutes(10)};
  std::uint64_t disk_bytes = 1ULL << 30U;
  std::uint64_t file_bytes = 512ULL << 20U;
  static PackagesLimits heavy() { return {std::chrono::minutes(10), 12ULL << 30U, 4ULL << 30U}; }
};

struct PackagesRequest {
  fs::path source;                     // pip runs there, so that "--find-links=wheels" finds them
  fs::path target;                     // made anew
  fs::path downloads;                  // shared by all; empty: nothing is kept
  std::vector<std::string> arguments;  // the manifest's: requirements and pip's options
  PackagesLimits limits = {};
  std::function<void(const std::string& line)> on_line = {};
  // Bytes of the downloads that pip has named so far.
  std::function<void(std::int64_t done, std::int64_t total)> on_bytes = {};
  std::function<bool()> stop = {};
};

// Durable when it returns. unavailable: "dependencies_failed" with pip's last lines in
// details.output, "program_missing"; exhausted: "dependencies_exceeded" (details.limit: timeout,
// disk_exceeded, memory_exceeded, output_too_large); cancelled.
Result<> install_packages(const PackagesRequest&);

}  // namespace hub::artifacts
