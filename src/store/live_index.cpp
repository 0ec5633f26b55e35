#include "store/live_index.hpp"

#include "base/log.hpp"
#include "store/rows.hpp"

namespace hub::store {

std::string initiator_text(const Initiator& initiator) {
  return initiator.kind + ":" + initiator.id;
}

void LiveIndex::load(sql::Connection& db) {
  // IN, so that the index of live ones is used and not the order of n: most have ended.
  for (const auto& row :
       db.run("SELECT n, operation_id, kind, priority, initiator, fingerprint, deadline_at, locks, "
              "status, run_after, state, request, intent, (SELECT p.n FROM operations p "
              "WHERE p.operation_id = o.parent_id AND p.finished_at IS NULL) FROM operations o "
              "LEFT JOIN operation_plans USING (n) "
              "WHERE n IN (SELECT n FROM operations WHERE finished_at IS NULL) ORDER BY n")) {
    const auto n = sql::integer(row[0]);
    LiveOperation operation{
        OperationId(sql::text(row[1])),
        OperationKind(sql::text(row[2])),
        static_cast<Priority>(sql::integer(row[3])),
        sql::text(row[4]),
        sql::text(row[5]),
        read_time(row[6]),
        sql::is_null(row[13]) ? std::nullopt : std::optional(sql::integer(row[13]))};
    std::vector<LockRequest> locks;
    try {
      locks = read_locks(row[7]);
      read_state(row[10]);
      read_json<Json>(row[11], "operation_plans.request");
      read_json<Json>(row[12], "operation_plans.intent");
      read_steps(db, n);
    } catch (const Unreadable& failure) {
      set_apart(n, operation.operation_id, operation.kind, failure.what());
      put(n, std::move(operation), std::move(locks));
      continue;
    }
    const ReadyQueue::Entry entry{operation.kind, operation.priority, read_time(row[9])};
    put(n, std::move(operation), std::move(locks));
    // In order, so that everybody before this one is known.
    if (sql::text(row[8]) == name_of(OperationStatus::accepted) &&
        locks_.nearest_before(n).empty()) {
      queue_.put(n, entry);
    }
  }
}

void LiveIndex::add(Place place, LiveOperation operation, std::vector<LockRequest> locks) {
  put(place, std::move(operation), std::move(locks));
  database_.if_rolled_back([this, place] { take(place); });
}

LockTable::Held LiveIndex::remove(Place place) {
  auto taken = take(place);
  auto freed = taken.held;
  database_.if_rolled_back([this, place, taken = std::move(taken)] {
    put(place, taken.operation, taken.held.locks);
    if (taken.waited) queue_.put(place, *taken.waited);
  });
  return freed;
}

void LiveIndex::stand_in_queue(Place place, std::optional<Time> not_before) {
  const auto& operation = operations_.at(place);
  auto before = queue_.take(place);
  queue_.put(place, {operation.kind, operation.priority, not_before});
  database_.if_rolled_back([this, place, before = std::move(before)] {
    queue_.take(place);
    if (before) queue_.put(place, *before);
  });
}

void LiveIndex::leave_queue(Place place) {
  auto before = queue_.take(place);
  if (!before) return;
  database_.if_rolled_back(
      [this, place, before = *std::move(before)] { queue_.put(place, before); });
}

std::vector<OperationId> LiveIndex::ids_of(std::span<const Place> places) const {
  std::vector<OperationId> ids;
  ids.reserve(places.size());
  for (const auto place : places) ids.push_back(operations_.at(place).operation_id);
  return ids;
}

std::vector<Place> LiveIndex::with_request(const std::string& fingerprint) const {
  std::vector<Place> places;
  const auto [first, last] = by_request_.equal_range(fingerprint);
  for (auto at = first; at != last; ++at) places.push_back(at->second);
  std::ranges::sort(places);
  return places;
}

std::int64_t LiveIndex::count_of(const std::string& initiator) const {
  const auto found = counts_.find(initiator);
  return found == counts_.end() ? 0 : found->second;
}

bool LiveIndex::is_unreadable(Place place) const {
  const std::lock_guard guard(unreadable_mutex_);
  return unreadable_.contains(place);
}

void LiveIndex::set_apart(Place place, const OperationId& id, const OperationKind& kind,
                          const std::string& why) {
  log::error("store", "operation_unreadable", {{"operation_id", id.text()}, {"error", why}});
  queue_.take(place);
  const std::lock_guard guard(unreadable_mutex_);
  unreadable_.emplace(place, UnreadableOperation{id, kind, why});
}

std::vector<UnreadableOperation> LiveIndex::unreadable() const {
  const std::lock_guard guard(unreadable_mutex_);
  std::vector<UnreadableOperation> found;
  for (const auto& [place, operation] : unreadable_) found.push_back(operation);
  return found;
}

std::vector<Place> LiveIndex::past_deadline(Time now) const {
  const std::lock_guard guard(deadlines_mutex_);
  std::vector<Place> late;
  for (auto at = deadlines_.begin(); at != deadlines_.end() && at->first < now; ++at) {
    late.push_back(at->second);
  }
  return late;
}

void LiveIndex::put(Place place, LiveOperation operation, std::vector<LockRequest> locks) {
  locks_.add(place, std::move(locks), operation.parent);
  ++count_;
  ++counts_[operation.initiator];
  by_request_.emplace(operation.fingerprint, place);
  if (operation.deadline_at) {
    const std::lock_guard guard(deadlines_mutex_);
    deadlines_.emplace(*operation.deadline_at, place);
  }
  operations_.emplace(place, std::move(operation));
}

LiveIndex::Taken LiveIndex::take(Place place) {
  auto node = operations_.extract(place);
  if (!node) return {};
  Taken taken{std::move(node.mapped()), locks_.remove(place), queue_.take(place)};
  const auto& operation = taken.operation;
  --count_;
  if (--counts_[operation.initiator] == 0) counts_.erase(operation.initiator);
  if (operation.deadline_at) {
    const std::lock_guard guard(deadlines_mutex_);
    deadlines_.erase({*operation.deadline_at, place});
  }
  const auto [first, last] = by_request_.equal_range(operation.fingerprint);
  for (auto at = first; at != last; ++at) {
    if (at->second != place) continue;
    by_request_.erase(at);
    break;
  }
  return taken;
}

}  // namespace hub::store
