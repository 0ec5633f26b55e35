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

// A parent's mode covers what its child wants to do.
bool covers(LockMode of_parent, LockMode of_child) {
  return of_parent == LockMode::exclusive || of_child == LockMode::shared;
}

const std::string& line_of(const LockTable::Held& held, std::size_t lock) {
  return held.lines.empty() ? held.locks[lock].resource.text() : held.lines[lock];
}

}  // namespace

LockTable::Held LockTable::held(std::vector<LockRequest> locks, std::optional<Place> parent) const {
  Held held{std::move(locks)};
  const auto above = parent ? of_.find(*parent) : of_.end();
  if (above == of_.end()) return held;
  for (const auto& lock : held.locks) {
    const auto& resource = lock.resource.text();
    const bool covered = std::ranges::any_of(above->second.locks, [&](const LockRequest& other) {
      return other.resource == lock.resource && covers(other.mode, lock.mode);
    });
    held.lines.push_back(covered ? std::to_string(*parent) + "\n" + resource : resource);
  }
  return held;
}

void LockTable::add(Place place, std::vector<LockRequest> locks, std::optional<Place> parent) {
  const std::lock_guard guard(mutex_);
  auto added = held(std::move(locks), parent);
  for (std::size_t i = 0; i < added.locks.size(); ++i) {
    Line& line = lines_[line_of(added, i)];
    put(line.all, place);
    if (added.locks[i].mode == LockMode::exclusive) put(line.exclusive, place);
  }
  of_[place] = std::move(added);
}

LockTable::Held LockTable::remove(Place place) {
  const std::lock_guard guard(mutex_);
  auto found = of_.extract(place);
  if (!found) return {};
  const Held& gone = found.mapped();
  for (std::size_t i = 0; i < gone.locks.size(); ++i) {
    const auto line = lines_.find(line_of(gone, i));
    take(line->second.all, place);
    take(line->second.exclusive, place);
    if (line->second.all.empty()) lines_.erase(line);
  }
  return std::move(found.mapped());
}

Places LockTable::nearest(Place before, const Held& wanted) const {
  Places found;
  for (std::size_t i = 0; i < wanted.locks.size(); ++i) {
    if (const Places* line = conflicting(wanted, i)) add_before(found, *line, before);
  }
  if (found.empty()) return found;
  found = sorted(std::move(found));
  if (found.size() > nearest_max) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(nearest_max));
  }
  return found;
}

// Those of its line that stand in the way of such a request, or would.
const Places* LockTable::conflicting(const Held& wanted, std::size_t lock) const {
  const auto line = lines_.find(line_of(wanted, lock));
  if (line == lines_.end()) return nullptr;
  return wanted.locks[lock].mode == LockMode::exclusive ? &line->second.all
                                                        : &line->second.exclusive;
}

Places LockTable::nearest_before(Place place) const {
  const std::lock_guard guard(mutex_);
  const auto locks = of_.find(place);
  if (locks == of_.end()) return {};
  return nearest(place, locks->second);
}

Places LockTable::nearest_before_new(std::span<const LockRequest> locks,
                                     std::optional<Place> parent) const {
  const std::lock_guard guard(mutex_);
  return nearest(std::numeric_limits<Place>::max(), held({locks.begin(), locks.end()}, parent));
}

Places LockTable::contenders(std::span<const LockRequest> locks,
                             std::optional<Place> parent) const {
  const std::lock_guard guard(mutex_);
  const auto wanted = held({locks.begin(), locks.end()}, parent);
  Places found;
  for (std::size_t i = 0; i < wanted.locks.size(); ++i) {
    if (const Places* line = conflicting(wanted, i)) {
      found.insert(found.end(), line->begin(), line->end());
    }
  }
  return sorted(std::move(found));
}

Places LockTable::touched_by(Place place, const Held& gone) const {
  const std::lock_guard guard(mutex_);
  Places found;
  for (std::size_t i = 0; i < gone.locks.size(); ++i) {
    const Places* conflict = conflicting(gone, i);
    if (!conflict) continue;
    // Whoever is behind that many exclusive ones has nearer ones than `place`.
    const Places& exclusive = lines_.at(line_of(gone, i)).exclusive;
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
