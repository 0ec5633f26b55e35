#include "transfer/extents.hpp"

#include <algorithm>

namespace hub::transfer {

std::optional<Extent> Extents::gap(std::int64_t from, std::int64_t end,
                                   std::int64_t length_max) const {
  for (const auto& there : all_) {
    if (there.end <= from) continue;
    if (there.begin > from) {
      end = std::min(end, there.begin);
      break;
    }
    from = there.end;
  }
  if (from >= end) return std::nullopt;
  return Extent{from, from + std::min(end - from, length_max)};
}

std::int64_t Extents::add(const Extent& added) {
  std::int64_t new_bytes = 0;
  auto at = added.begin;
  while (const auto missing = gap(at, added.end, added.end - at)) {
    Extent piece{missing->begin, missing->end, added.source};
    new_bytes += piece.size();
    at = piece.end;
    auto next = std::ranges::upper_bound(all_, piece.begin, {}, &Extent::begin);
    if (next != all_.begin()) {
      const auto before = std::prev(next);
      if (before->end == piece.begin && before->source == piece.source) {
        before->end = piece.end;
        if (next != all_.end() && next->begin == before->end && next->source == before->source) {
          before->end = next->end;
          all_.erase(next);
        }
        continue;
      }
    }
    if (next != all_.end() && next->begin == piece.end && next->source == piece.source) {
      next->begin = piece.begin;
    } else {
      all_.insert(next, piece);
    }
  }
  bytes_ += new_bytes;
  return new_bytes;
}

std::int64_t Extents::prefix() const {
  std::int64_t at = 0;
  for (const auto& there : all_) {
    if (there.begin != at) break;
    at = there.end;
  }
  return at;
}

std::set<int> Extents::sources() const {
  std::set<int> found;
  for (const auto& there : all_) found.insert(there.source);
  return found;
}

}  // namespace hub::transfer
