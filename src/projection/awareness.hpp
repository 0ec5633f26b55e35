#pragma once
// AwarenessTable: who is in a webspace, as y-protocols' awareness has it: per client id a clock and
// a JSON state, for as long as it is renewed. Kept here so that newcomers get it, and so that a
// thousand browsers renewing theirs become a few frames instead of a million.
//
// One thread at a time. Bounded: what doesn't fit is ignored.

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ydoc/message.hpp"

namespace hub::projection {

using Instant = std::chrono::steady_clock::time_point;
using SessionId = std::uint64_t;

struct AwarenessLimits {
  std::size_t clients_max = 10'000;
  std::size_t state_bytes_max = std::size_t{16} << 10U;
  std::size_t bytes_max = std::size_t{4} << 20U;
  std::chrono::seconds timeout{30};  // y-protocols' own
};

class AwarenessTable {
 public:
  explicit AwarenessTable(AwarenessLimits limits = {}) : limits_(limits) {}

  void take(SessionId from, const std::vector<ydoc::AwarenessEntry>&, Instant now);
  void leave(SessionId);  // what came over this session is gone
  void expire(Instant now);

  bool empty() const { return entries_.empty(); }
  std::size_t clients() const { return entries_.size(); }
  std::string everything() const;  // encoded, for a newcomer

  // News since the last take_news(). A renewal that changes nothing else can wait a while, but
  // everybody must hear of it well within the timeout.
  bool has_changes() const { return !changed_.empty(); }
  bool has_renewals() const { return !renewed_.empty(); }
  std::string take_news();

 private:
  struct Entry {
    std::uint64_t clock = 0;
    std::string state;
    SessionId owner = 0;
    Instant renewed;
  };
  void remove(std::map<ydoc::ClientId, Entry>::iterator);

  AwarenessLimits limits_;
  std::map<ydoc::ClientId, Entry> entries_;
  std::size_t bytes_ = 0;
  std::set<ydoc::ClientId> changed_, renewed_;
  std::map<ydoc::ClientId, std::uint64_t> gone_;  // since the last news, with their last clock
};

}  // namespace hub::projection
