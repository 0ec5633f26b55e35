#pragma once
// Many browsers that only read, on one epoll loop: cheap, so that the server is what is measured.
// Each takes the handshake of its server, and every marker it finds is timed. Browsers that are
// stalled stop reading their sockets and say nothing, as a sleeping tab does.
//
// One thread. Every wait has a deadline.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "framing.hpp"
#include "latency.hpp"

namespace hub::benchmarks {

enum class Awareness { none, renewed };

struct SwarmOptions {
  Place place;
  std::size_t browsers = 100;
  std::size_t at_once = 50;  // that are on their way in
  Awareness awareness = Awareness::none;
  // The document of the i-th browser; empty: all of them are in place.document.
  std::function<std::string(std::size_t)> path_of = {};
};

struct SwarmCounts {
  Latency joins;    // connect to step 2
  Latency markers;  // due to arrived, of what was received while measuring
  std::uint64_t frames = 0, awareness_frames = 0, bytes = 0;  // the same
  std::uint64_t joined = 0, join_bytes = 0, closed = 0;
  std::string refusal;  // the first one
};

class Swarm {
 public:
  explicit Swarm(SwarmOptions options);

  // Until each has its document or is closed; false when that takes longer.
  bool join_all(double seconds);
  void stall(std::size_t first, std::size_t end);
  void resume(std::size_t first, std::size_t end);

  void measure();  // counts begin at 0 here
  void read_for(double seconds);
  // Until nobody has had a marker for so long.
  void read_until_quiet(double quiet_seconds, double seconds_max);

  const SwarmCounts& counts() const { return counts_; }
  std::int64_t last_number() const;  // the highest marker that anybody of them has
  // How many of these have it, and how many are still connected.
  std::size_t with_number(std::int64_t number, std::size_t first, std::size_t end) const;
  std::size_t connected(std::size_t first, std::size_t end) const;

 private:
  enum class Phase { absent, connecting, upgrading, open, closed };
  struct Browser {
    Descriptor socket;
    Phase phase = Phase::absent;
    bool joined = false;
    bool stalled = false;
    std::int64_t began_us = 0;
    std::int64_t renew_at_us = 0;
    std::uint64_t awareness_clock = 0;
    std::int64_t last_number = -1;
    std::string unread;   // the beginning of a frame
    std::string message;  // the frames of one that came in several
  };

  void connect(std::size_t index);
  void poll(int timeout_ms);
  void ready(std::size_t index, std::uint32_t events);
  void read(std::size_t index);
  std::size_t take(std::size_t index, std::string_view bytes);  // how much of it
  void take_frame(std::size_t index, const ServerFrame& frame);
  void take_message(Browser& browser, std::string_view message);
  void send(Browser& browser, std::string_view bytes);
  void renew(std::size_t index, std::int64_t now);
  void lose(Browser& browser);
  void watch(std::size_t index, std::uint32_t events, int how);

  SwarmOptions options_;
  Descriptor epoll_;
  std::vector<Browser> browsers_;
  std::vector<char> buffer_;
  SwarmCounts counts_;
  bool measuring_ = false;
  std::int64_t last_marker_us_ = 0;
  std::size_t on_their_way_ = 0;
};

}  // namespace hub::benchmarks
