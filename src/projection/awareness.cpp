#include "projection/awareness.hpp"

#include <iterator>

namespace hub::projection {
namespace {

constexpr std::string_view kGone = "null";

}  // namespace

void AwarenessTable::take(SessionId from, const std::vector<ydoc::AwarenessEntry>& entries,
                          Instant now) {
  for (const ydoc::AwarenessEntry& entry : entries) {
    const auto found = entries_.find(entry.client);
    if (entry.state == kGone) {
      if (found == entries_.end() || entry.clock < found->second.clock) continue;
      found->second.clock = entry.clock;
      remove(found);
      continue;
    }
    const bool known = found != entries_.end();
    if (known && entry.clock <= found->second.clock) continue;
    const std::size_t before = known ? found->second.state.size() : 0;
    if (entry.state.size() > limits_.state_bytes_max ||
        bytes_ - before + entry.state.size() > limits_.bytes_max ||
        (!known && entries_.size() >= limits_.clients_max)) {
      continue;
    }
    Entry& mine = known ? found->second : entries_[entry.client];
    (known && mine.state == entry.state ? renewed_ : changed_).insert(entry.client);
    bytes_ += entry.state.size() - before;
    mine = {entry.clock, std::string(entry.state), from, now};
    gone_.erase(entry.client);
  }
}

// With its last clock: others take a null of the same clock, and its owner, should he live, goes on
// with a higher one.
void AwarenessTable::remove(std::map<ydoc::ClientId, Entry>::iterator at) {
  bytes_ -= at->second.state.size();
  gone_[at->first] = at->second.clock;
  changed_.insert(at->first);
  renewed_.erase(at->first);
  entries_.erase(at);
}

void AwarenessTable::leave(SessionId session) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto next = std::next(at);
    if (at->second.owner == session) remove(at);
    at = next;
  }
}

void AwarenessTable::expire(Instant now) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto next = std::next(at);
    if (now - at->second.renewed >= limits_.timeout) remove(at);
    at = next;
  }
}

std::string AwarenessTable::everything() const {
  std::vector<ydoc::AwarenessEntry> out;
  for (const auto& [client, entry] : entries_) out.push_back({client, entry.clock, entry.state});
  return ydoc::encode_awareness(out);
}

std::string AwarenessTable::take_news() {
  std::vector<ydoc::AwarenessEntry> out;
  changed_.merge(renewed_);
  for (const ydoc::ClientId client : changed_) {
    if (const auto found = entries_.find(client); found != entries_.end()) {
      out.push_back({client, found->second.clock, found->second.state});
    } else if (const auto gone = gone_.find(client); gone != gone_.end()) {
      out.push_back({client, gone->second, kGone});
    }
  }
  changed_.clear();
  renewed_.clear();
  std::string encoded = ydoc::encode_awareness(out);
  gone_.clear();
  return encoded;
}

}  // namespace hub::projection
