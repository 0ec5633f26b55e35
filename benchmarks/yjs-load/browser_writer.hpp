#pragma once
// One browser that writes: first a document of its own (from seed.mjs), then two keys of a root of
// its own again and again, one of them a marker. A thread of its own sends each update when it is
// due, whether or not the server keeps up, so that a late one is counted as late.

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "base/descriptor.hpp"
#include "framing.hpp"
#include "ydoc/ranges.hpp"

namespace hub::benchmarks {

class BrowserWriter {
 public:
  // Connects, writes the document when there is one, and waits until the server has taken it.
  // Throws std::runtime_error when that takes more than ten seconds.
  BrowserWriter(Place place, const std::string& document);
  ~BrowserWriter();  // stops
  BrowserWriter(const BrowserWriter&) = delete;
  BrowserWriter& operator=(const BrowserWriter&) = delete;

  // From now on `rate` updates a second, for so long.
  void start(double rate, std::int64_t microseconds);
  std::int64_t finish();  // waits for the end; how many were written

 private:
  void write_all(double rate, std::int64_t microseconds);
  std::string next_update(std::int64_t due_us);
  void send(const std::string& bytes);
  void sync(const std::string& question);  // until step 2 answers it

  Place place_;
  Descriptor socket_;
  std::string received_;
  ydoc::Clock clock_ = 0;
  std::int64_t written_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace hub::benchmarks
