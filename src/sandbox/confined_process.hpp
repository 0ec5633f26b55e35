#pragma once
// Run a program that nobody here vouches for: a skill's code, pip and what it builds. Blocking; for
// worker threads.
//
// It sees the system's programs and libraries, what is named `readable`, and a scratch folder of
// its own that is its HOME and TMPDIR and is gone afterwards; it can write there and to what is
// named `writable`, nowhere else. All paths are to be named without symbolic links on the way. It
// gets no descriptor but its standard streams, no environment but what is listed, no network unless
// asked, no privilege, no dangerous system call. When it ends, in whatever way, everything that it
// has started is killed before this returns. It dies with the hub, too.
//
// What the kernel refuses here is left out, and protections() says so (protections.hpp);
// docs/decisions/0011-confinement.md says why it is done this way.

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/process.hpp"

namespace hub::sandbox {

enum class Network {
  none,  // not even loopback
  host,  // as the hub has it
};

enum class Programs {
  any,          // it may start what it sees
  only_itself,  // threads, yes; another process, no
};

struct Limits {
  std::chrono::milliseconds time{60'000};            // by the clock
  std::chrono::seconds cpu{60};                      // of each process
  std::uint64_t memory_bytes = 512ULL << 20U;        // together; of each process without a cgroup
  std::uint64_t file_bytes = 256ULL << 20U;          // of each file
  std::uint64_t disk_bytes = 512ULL << 20U;          // what it may add to scratch and `writable`
  std::uint64_t processes = 64;                      // threads count, too
  std::uint64_t open_files = 256;                    // of each process
  std::size_t output_bytes = std::size_t{4} << 20U;  // of each stream
};

struct ConfinedProcess {
  std::vector<std::string> arguments;         // the first is the program's absolute path
  fs::path directory;                         // where it starts; must be visible
  std::vector<std::string> environment = {};  // "NAME=value"; beside PATH, LANG, HOME, TMPDIR
  std::string input = {};                     // written to its standard input
  std::vector<fs::path> readable = {};        // files or folders; a missing one is left out
  std::vector<fs::path> writable = {};        // folders that exist
  fs::path scratch = {};                      // empty: a new folder in the system's temporary one
  Network network = Network::none;
  Programs programs = Programs::any;
  Limits limits = {};
  std::function<bool()> stop = {};                          // asked about ten times a second
  std::function<void(std::string_view line)> on_line = {};  // each line of both streams
};

// An exit code other than 0 is an outcome, not an error. not_found: "program_missing"; unavailable:
// "timeout"; exhausted: "output_too_large", "memory_exceeded", "cpu_exceeded", "disk_exceeded";
// cancelled: stop said so; unavailable, "confinement_failed": the kernel refused today what it
// allowed when the hub started: nothing was run.
Result<ProcessOutcome> run_confined(const ConfinedProcess&);

}  // namespace hub::sandbox
