#include "ydoc/ranges.hpp"

namespace hub::ydoc {
namespace {

// Below this many, inserting one by one beats a pass over everything.
constexpr std::size_t kFewRanges = 8;

std::vector<Range> joined(const std::vector<Range>& sorted) {
  std::vector<Range> out;
  for (const Range& range : sorted) {
    if (range.start >= range.end) continue;
    if (!out.empty() && range.start <= out.back().end) {
      out.back().end = std::max(out.back().end, range.end);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

}  // namespace

RangeSet::RangeSet(std::vector<Range> any_order) {
  std::sort(any_order.begin(), any_order.end());
  ranges_ = joined(any_order);
}

bool RangeSet::covers(Range range) const {
  auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), range.start,
                       [](Clock start, const Range& other) { return start < other.start; });
  return after != ranges_.begin() && std::prev(after)->end >= range.end;
}

void RangeSet::add(Range range) {
  if (range.start >= range.end) return;
  // The ranges that the new one overlaps or touches become part of it.
  const auto first =
      std::lower_bound(ranges_.begin(), ranges_.end(), range.start,
                       [](const Range& other, Clock start) { return other.end < start; });
  auto last = first;
  for (; last != ranges_.end() && last->start <= range.end; ++last) {
    range.start = std::min(range.start, last->start);
    range.end = std::max(range.end, last->end);
  }
  if (first == last) {
    ranges_.insert(first, range);
  } else {
    *first = range;
    ranges_.erase(std::next(first), last);
  }
}

void RangeSet::add(const RangeSet& other) {
  if (other.ranges_.size() <= kFewRanges) {
    for (const Range& range : other.ranges_) add(range);
    return;
  }
  std::vector<Range> all;
  all.reserve(ranges_.size() + other.ranges_.size());
  std::merge(ranges_.begin(), ranges_.end(), other.ranges_.begin(), other.ranges_.end(),
             std::back_inserter(all));
  ranges_ = joined(all);
}

RangeSet RangeSet::without(const RangeSet& other) const {
  RangeSet out;
  for (const Range& range : ranges_) {
    Clock at = range.start;
    auto hole = std::lower_bound(other.ranges_.begin(), other.ranges_.end(), range.start,
                                 [](const Range& r, Clock start) { return r.end <= start; });
    for (; hole != other.ranges_.end() && hole->start < range.end; ++hole) {
      if (at < hole->start) out.ranges_.push_back({at, hole->start});
      at = std::max(at, hole->end);
    }
    if (at < range.end) out.ranges_.push_back({at, range.end});
  }
  return out;
}

}  // namespace hub::ydoc
