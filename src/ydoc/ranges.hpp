#pragma once
// Names and numbers of Yjs: who wrote (client), his how-manieth unit it was (clock), and sets of
// them. Values; any thread, one at a time per object.

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <vector>

namespace hub::ydoc {

using ClientId = std::uint64_t;  // <= 2^53 - 1
using Clock = std::uint32_t;     // counts units from 0; clock + length < 2^31

inline constexpr Clock kClockMax = 0x7FFFFFFF;

struct StructId {
  ClientId client = 0;
  Clock clock = 0;
  friend auto operator<=>(const StructId&, const StructId&) = default;
};

// The next clock that its owner lacks, per client; 0 where there is no entry.
using StateVector = std::map<ClientId, Clock>;

struct Range {
  Clock start = 0, end = 0;  // half open
  friend auto operator<=>(const Range&, const Range&) = default;
};

// Clocks of one client, as sorted ranges that neither overlap nor touch.
class RangeSet {
 public:
  RangeSet() = default;
  explicit RangeSet(std::vector<Range> any_order);

  const std::vector<Range>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  bool covers(Range) const;
  void add(Range);
  void add(const RangeSet&);
  RangeSet without(const RangeSet&) const;

 private:
  std::vector<Range> ranges_;
};

using DeleteSet = std::map<ClientId, RangeSet>;

}  // namespace hub::ydoc
