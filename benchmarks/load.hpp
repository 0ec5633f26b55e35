#pragma once
// Drives many keep-alive connections from one thread and times each request.
//
// closed loop: each connection sends its next request when the last one was answered; measures how
//   much goes through.
// open loop: requests fall due at random moments of a given mean rate (Poisson), whether or not the
//   hub keeps up, and are timed from the moment they fell due. A stall is thus counted for every
//   request it delayed, not for one (no coordinated omission).

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "disk_probe.hpp"
#include "http_connection.hpp"

namespace hub::benchmarks {

struct LoadOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8777;
  std::size_t connections = 64;
  std::size_t requests = 10'000;
  std::optional<double> per_second;  // absent: closed loop
  std::uint64_t seed = 1;            // of the arrivals
};

struct LoadResult {
  std::vector<Nanoseconds> times;  // of each answer, from the moment the request fell due
  std::vector<Nanoseconds>
      waits;  // how late each was sent: no free connection, or the client's fault
  std::map<int, std::size_t> statuses;
  Nanoseconds took{};  // first request to last answer
};

// `request(i)` makes the i-th; the text must live until the next call. `answered` sees each answer.
// Throws when a connection breaks.
LoadResult run_load(const LoadOptions&, const std::function<std::string_view(std::size_t)>& request,
                    const std::function<void(const HttpAnswer&)>& answered);

}  // namespace hub::benchmarks
