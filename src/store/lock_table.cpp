#include "store/lock_table.hpp"

#include <algorithm>
#include <limits>

namespace hub::store {
namespace {

using Places = std::vector<LockTable::Place>;

void put(Places& line, LockTable::Place place) {
  line.insert(std::ranges::lower_bound(line, place), place);  // nearly always at the end
}

void take(Places& line, LockTable::Place place) {
  const auto at = std::ranges::lower_bound(line, place);
  if (at != line.end() && *at == place) line.erase(at);
}

// The last few of a line before a place.
void add_before(Places& found, const Places& line, LockTable::Place before) {
  const auto end = std::ranges::lower_bound(line, before);
  const auto count = std::min<std::ptrdiff_t>(end - line.begin(), LockTable::nearest_max);
  found.insert(found.end(), end - count, end);
}

Places sorted(Places found) {
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

}  // namespace

void LockTable::add(Place place, std::vector<LockRequest> locks) {
  const std::lock_guard guard(mutex_);
  for (const auto& lock : locks) {
    Line& line = lines_[lock.resource.text()];
    put(line.all, place);
    if (lock.mode == LockMode::exclusive) put(line.exclusive, place);
  }
  of_[place] = std::move(locks);
}

std::vector<LockRequest> LockTable::remove(Place place) {
  const std::lock_guard guard(mutex_);
  auto found = of_.extract(place);
  if (!found) return {};
  for (const auto& lock : found.mapped()) {
    const auto line = lines_.find(lock.resource.text());
    take(line->second.all, place);
    take(line->second.exclusive, place);
    if (line->second.all.empty()) lines_.erase(line);
  }
  return std::move(found.mapped());
}

Places LockTable::nearest(Place before, std::span<const LockRequest> locks) const {
  Places found;
  for (const auto& lock : locks) {
    if (const Places* line = conflicting(lock)) add_before(found, *line, before);
  }
  if (found.empty()) return found;
  found = sorted(std::move(found));
  if (found.size() > nearest_max) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(nearest_max));
  }
  return found;
}

// Those of its line that stand in the way of such a request, or would.
const Places* LockTable::conflicting(const LockRequest& lock) const {
  const auto line = lines_.find(lock.resource.text());
  if (line == lines_.end()) return nullptr;
  return lock.mode == LockMode::exclusive ? &line->second.all : &line->second.exclusive;
}

Places LockTable::nearest_before(Place place) const {
  const std::lock_guard guard(mutex_);
  const auto locks = of_.find(place);
  if (locks == of_.end()) return {};
  return nearest(place, locks->second);
}

Places LockTable::nearest_before_new(std::span<const LockRequest> locks) const {
  const std::lock_guard guard(mutex_);
  return nearest(std::numeric_limits<Place>::max(), locks);
}

Places LockTable::contenders(std::span<const LockRequest> locks) const {
  const std::lock_guard guard(mutex_);
  Places found;
  for (const auto& lock : locks) {
    if (const Places* line = conflicting(lock)) {
      found.insert(found.end(), line->begin(), line->end());
    }
  }
  return sorted(std::move(found));
}

Places LockTable::touched_by(Place place, std::span<const LockRequest> locks) const {
  const std::lock_guard guard(mutex_);
  Places found;
  for (const auto& lock : locks) {
    const Places* conflict = conflicting(lock);
    if (!conflict) continue;
    // Whoever is behind that many exclusive ones has nearer ones than `place`.
    const Places& exclusive = lines_.at(lock.resource.text()).exclusive;
    const auto behind = std::ranges::upper_bound(exclusive, place);
    const auto last = exclusive.end() - behind <= std::ptrdiff_t{nearest_max}
                          ? std::numeric_limits<Place>::max()
                          : behind[std::ptrdiff_t{nearest_max} - 1];
    found.insert(found.end(), std::ranges::upper_bound(*conflict, place),
                 std::ranges::upper_bound(*conflict, last));
  }
  return sorted(std::move(found));
}

}  // namespace hub::store
