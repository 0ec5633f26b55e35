// OperationStore::accept: from a request that was looked at to a row that lasts.

#include "store/live_index.hpp"
#include "store/moves.hpp"
#include "store/operation_store.hpp"
#include "store/rows.hpp"

namespace hub::store {
namespace {

Error busy(const OperationState& state, const OperationState& blocker) {
  const auto& id = blocker.operation_id.text();
  return Error{
      ErrorCode::conflict,
      "cannot start " + state.kind.text() + " " + state.target_id + ": " + blocker.kind.text() +
          " " + blocker.target_id + " is " + name_of(blocker.status),
      "target_busy",
      "wait for operation " + id + " to end, or cancel it",
      {{"blocked_by", id}, {"status", name_of(blocker.status)}, {"href", "/api/operations/" + id}}};
}

Error key_reused(const OperationState& state) {
  return Error{
      ErrorCode::invalid,
      "cannot accept " + state.kind.text() + ": this Idempotency-Key was used for another request",
      "idempotency_key_reused",
      "send a new Idempotency-Key with a new request",
      {}};
}

Error no_room(const OperationState& state, std::int64_t live, std::int64_t live_max,
              const char* whose, const char* reason) {
  return Error{ErrorCode::exhausted,
               "cannot accept " + state.kind.text() + ": " + std::to_string(live) + " operations" +
                   whose + " have not ended yet",
               reason,
               "try again when some have ended, or cancel what is not needed",
               {{"live", live}, {"live_max", live_max}}};
}

// Each resource once, exclusive when any of its requests is.
std::vector<LockRequest> each_once(const std::vector<LockRequest>& wanted) {
  std::vector<LockRequest> locks;
  for (const auto& one : wanted) {
    const auto same = std::ranges::find(locks, one.resource, &LockRequest::resource);
    if (same == locks.end()) {
      locks.push_back(one);
    } else if (one.mode == LockMode::exclusive) {
      same->mode = LockMode::exclusive;
    }
  }
  return locks;
}

// For those who wait for an answer and not for an exception.
Error failure_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const sql::DiskFull& full) {
    return {ErrorCode::exhausted,
            std::string("cannot accept an operation: ") + full.what(),
            "disk_full",
            "make room on the disk of the base directory, then try again",
            {}};
  } catch (const sql::Busy& busy) {
    return {ErrorCode::unavailable,
            std::string("cannot accept an operation: ") + busy.what(),
            "database_busy",
            "another program holds state/hub.db; close it, then try again",
            {}};
  } catch (const std::exception& other) {
    return {ErrorCode::unavailable,
            std::string("cannot accept an operation: ") + other.what(),
            "database_failed",
            "look at the hub's log and at the disk",
            {}};
  }
}

}  // namespace

// One accept on its way to the writer thread. What can be made ready before is: the writer is one.
struct OperationStore::Arrival {
  NewOperation wanted;
  std::string state_text, request_text, intent_text, locks_text, initiator;
  std::optional<Result<Accepted>> instead;  // of a new one: a known one, or a refusal
  std::vector<OperationId> cancelling;
  std::optional<Place> parent;  // when it is live

  Arrival(NewOperation given, Time now) : wanted(std::move(given)) {
    auto& state = wanted.state;
    state.status = OperationStatus::accepted;
    state.revision = 1;
    state.created_at = state.updated_at = now;
    wanted.locks = each_once(wanted.locks);
    state_text = write_json(state);
    request_text = boost::json::serialize(wanted.request);
    intent_text = boost::json::serialize(wanted.intent);
    locks_text = write_locks(wanted.locks);
    initiator = initiator_text(state.initiator);
    wanted.request = wanted.intent = nullptr;  // so that the writer has less to throw away
  }

  Result<Accepted> answer() {  // once, after the commit
    if (instead) return *std::move(instead);
    return Accepted{Acceptance::created, std::move(wanted.state), std::move(state_text),
                    std::move(cancelling)};
  }
};

std::optional<Result<Accepted>> OperationStore::known_already(sql::Connection& db,
                                                              const Arrival& arrival) {
  const auto& wanted = arrival.wanted;
  if (!wanted.idempotency_key.empty()) {
    const auto used = db.run(
        "SELECT state, fingerprint FROM operations WHERE initiator = $1 AND idempotency_key = $2",
        {arrival.initiator, wanted.idempotency_key});
    if (!used.empty()) {
      if (sql::text(used[0][1]) != wanted.fingerprint) {
        return tl::unexpected(key_reused(wanted.state));
      }
      return Accepted{Acceptance::replayed, read_state(used[0][0])};
    }
  }
  if (wanted.on_conflict != OnConflict::join) return std::nullopt;
  for (const auto place : live_->with_request(wanted.fingerprint)) {
    auto found = live_->read_or_set_apart(place, [&] { return load(db, place).value(); });
    if (!found || found->cancel_requested) continue;
    switch (found->was) {  // one that is on its way out is not what is asked for
      case OperationStatus::accepted:
      case OperationStatus::running:
      case OperationStatus::waiting_input:
        return Accepted{Acceptance::joined, std::move(found->state)};
      case OperationStatus::cancelling:
      case OperationStatus::reverting:
      case OperationStatus::succeeded:
      case OperationStatus::failed:
      case OperationStatus::cancelled: break;
    }
  }
  return std::nullopt;
}

std::optional<Error> OperationStore::refuse_for_room(const Arrival& arrival) const {
  const auto& state = arrival.wanted.state;
  if (state.parent_id) return std::nullopt;
  if (const auto live = live_->count(); live >= options_.live_max) {
    return no_room(state, live, options_.live_max, "", "too_many_operations");
  }
  if (const auto live = live_->count_of(arrival.initiator);
      live >= options_.live_per_initiator_max) {
    return no_room(state, live, options_.live_per_initiator_max, " of this initiator",
                   "too_many_operations_of_one");
  }
  return std::nullopt;
}

std::optional<Place> OperationStore::live_parent(sql::Connection& db, const Arrival& arrival) {
  const auto& parent = arrival.wanted.state.parent_id;
  if (!parent) return std::nullopt;
  const auto rows = db.run(
      "SELECT n FROM operations WHERE operation_id = $1 AND finished_at IS NULL", {parent->text()});
  return rows.empty() ? std::nullopt : std::optional(sql::integer(rows[0][0]));
}

void OperationStore::accept_now(sql::Connection& db, Arrival& arrival) {
  arrival.cancelling.clear();
  arrival.parent = live_parent(db, arrival);
  arrival.instead = known_already(db, arrival);
  if (arrival.instead) return;
  const auto& wanted = arrival.wanted;
  auto nearest = live_->locks().nearest_before_new(wanted.locks, arrival.parent);
  auto refusal = refuse_for_room(arrival);
  if (!refusal && !nearest.empty() && wanted.on_conflict == OnConflict::fail) {
    const auto blocker = load(db, live_->locks().contenders(wanted.locks, arrival.parent).front());
    refusal = busy(wanted.state, blocker.value().state);
  }
  if (refusal) {
    arrival.instead = tl::unexpected(*std::move(refusal));
    return;
  }
  if (!nearest.empty() && wanted.on_conflict == OnConflict::replace) {
    replace_those_before(db, arrival);
    nearest = live_->locks().nearest_before_new(wanted.locks, arrival.parent);
  }
  const bool waits = !nearest.empty();
  if (waits || wanted.state.reason) {
    explain_wait(arrival.wanted.state, live_->ids_of(nearest));
    arrival.state_text = write_json(wanted.state);
  }
  const auto n = insert(db, arrival);
  write_event(db, wanted.state, std::nullopt, wanted.state.created_at);
  const auto& state = wanted.state;
  live_->add(n,
             {state.operation_id, state.kind, state.priority, arrival.initiator, wanted.fingerprint,
              state.deadline_at, arrival.parent},
             wanted.locks);
  if (!waits) live_->stand_in_queue(n, std::nullopt);
}

void OperationStore::replace_those_before(sql::Connection& db, Arrival& arrival) {
  Moves moves(db, *live_, options_, arrival.wanted.state.created_at);
  for (const auto place : live_->locks().contenders(arrival.wanted.locks, arrival.parent)) {
    auto other = live_->read_or_set_apart(place, [&] { return load(db, place).value(); });
    if (other && !moves.cancel(*other)) {
      arrival.cancelling.push_back(other->state.operation_id);
    }
  }
}

Place OperationStore::insert(sql::Connection& db, const Arrival& arrival) {
  const auto& wanted = arrival.wanted;
  const auto& state = wanted.state;
  const auto text_of = [](const std::optional<OperationId>& id) {
    return id ? sql::Param(id->text()) : sql::Param();
  };
  db.run(
      "INSERT INTO operations (operation_id, kind, kind_version, target_kind, target_id, "
      "webspace_id, status, revision, epoch, priority, initiator, fingerprint, "
      "idempotency_key, parent_id, retry_of, undo_of, locks, created_at, updated_at, deadline_at, "
      "state) VALUES ($1, $2, $3, $4, $5, $6, 'accepted', 1, 0, $7, $8, $9, $10, $11, $12, $13, "
      "$14, $15, $15, $16, $17)",
      {state.operation_id.text(), state.kind.text(), wanted.kind_version, state.target_kind,
       state.target_id, state.webspace_id, static_cast<int>(state.priority), arrival.initiator,
       wanted.fingerprint, text_param(wanted.idempotency_key), text_of(state.parent_id),
       text_of(state.retry_of), text_of(state.undo_of), arrival.locks_text,
       to_millis(state.created_at), time_param(state.deadline_at), arrival.state_text});
  const auto n = db.last_inserted();
  db.run("INSERT INTO operation_plans (n, request, intent) VALUES ($1, $2, $3)",
         {n, arrival.request_text, arrival.intent_text});
  return n;
}

void OperationStore::accept(NewOperation wanted, Answer answer) {
  const auto arrival = std::make_shared<Arrival>(std::move(wanted), clock_.now());
  database_.write_async([this, arrival](sql::Connection& db) { accept_now(db, *arrival); },
                        [arrival, answer = std::move(answer)](const std::exception_ptr& thrown) {
                          answer(thrown ? tl::unexpected(failure_of(thrown)) : arrival->answer());
                        });
}

Result<Accepted> OperationStore::accept(const NewOperation& wanted) {
  Arrival arrival(wanted, clock_.now());
  database_.write([&](sql::Connection& db) { accept_now(db, arrival); });
  return arrival.answer();
}

}  // namespace hub::store
