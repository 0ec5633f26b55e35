#include "store/ready_queue.hpp"

namespace hub::store {
namespace {

constexpr std::array classes{Priority::interactive, Priority::normal, Priority::background};

std::size_t index_of(Priority priority) { return static_cast<std::size_t>(priority); }

}  // namespace

void ReadyQueue::put(Place place, Entry entry) {
  const std::lock_guard guard(mutex_);
  if (entry.not_before) {
    later_.emplace(*entry.not_before, place);
  } else {
    put_ready(place, entry);
  }
  entries_.insert_or_assign(place, std::move(entry));
}

std::optional<ReadyQueue::Entry> ReadyQueue::take(Place place) {
  const std::lock_guard guard(mutex_);
  auto node = entries_.extract(place);
  if (!node) return std::nullopt;
  auto& entry = node.mapped();
  if (!entry.not_before || later_.erase({*entry.not_before, place}) == 0) take_ready(place, entry);
  return std::move(entry);
}

std::optional<ReadyQueue::Place> ReadyQueue::next(std::span<const OperationKind> kinds,
                                                  Priority first, Time now) {
  const std::lock_guard guard(mutex_);
  let_in(now);
  if (const auto found = oldest(first, kinds)) return found;
  for (const auto priority : classes) {
    if (const auto found = oldest(priority, kinds)) return found;
  }
  return std::nullopt;
}

std::optional<Time> ReadyQueue::next_time(Time now) const {
  const std::lock_guard guard(mutex_);
  for (const auto& places : ready_) {
    if (!places.empty()) return now;
  }
  if (later_.empty()) return std::nullopt;
  return later_.begin()->first;
}

std::vector<ReadyQueue::Place> ReadyQueue::first_few(std::size_t max) const {
  const std::lock_guard guard(mutex_);
  std::vector<Place> few;
  for (const auto& places : ready_) {
    for (auto at = places.begin(); at != places.end() && few.size() < max; ++at) {
      few.push_back(*at);
    }
  }
  return few;
}

void ReadyQueue::put_ready(Place place, const Entry& entry) {
  ready_.at(index_of(entry.priority)).insert(place);
  ready_of_.at(index_of(entry.priority))[entry.kind].insert(place);
}

void ReadyQueue::take_ready(Place place, const Entry& entry) {
  ready_.at(index_of(entry.priority)).erase(place);
  ready_of_.at(index_of(entry.priority))[entry.kind].erase(place);
}

void ReadyQueue::let_in(Time now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    const auto place = later_.begin()->second;
    later_.erase(later_.begin());
    put_ready(place, entries_.at(place));
  }
}

std::optional<ReadyQueue::Place> ReadyQueue::oldest(Priority priority,
                                                    std::span<const OperationKind> kinds) const {
  const auto& all = ready_.at(index_of(priority));
  if (all.empty()) return std::nullopt;
  if (std::ranges::find(kinds, entries_.at(*all.begin()).kind) != kinds.end()) return *all.begin();
  std::optional<Place> oldest;
  for (const auto& kind : kinds) {
    const auto of = ready_of_.at(index_of(priority)).find(kind);
    if (of == ready_of_.at(index_of(priority)).end() || of->second.empty()) continue;
    if (!oldest || *of->second.begin() < *oldest) oldest = *of->second.begin();
  }
  return oldest;
}

}  // namespace hub::store
