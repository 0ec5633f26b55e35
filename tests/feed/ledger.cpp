#include "ledger.hpp"

#include <fstream>

#include "store/transitions.hpp"

namespace hub::feed_test {
namespace {

constexpr std::size_t examples_max = 20;

template <class Record>
std::vector<Record> read_records(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  std::vector<Record> records(static_cast<std::size_t>(in.tellg()) / sizeof(Record));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(records.data()),
          static_cast<std::streamsize>(records.size() * sizeof(Record)));
  return records;
}

std::string name_of(OperationStatus status) { return boost::describe::enum_to_string(status, "?"); }

std::string name_of(std::int32_t status) { return name_of(static_cast<OperationStatus>(status)); }

std::string words(const EventRecord& event) {
  return "event " + std::to_string(event.seq) + " of " + to_string(event.id) + ", revision " +
         std::to_string(event.revision) + ", " +
         (event.from < 0 ? std::string("new") : name_of(event.from)) + " to " +
         name_of(event.status);
}

}  // namespace

void Ledger::note(std::int64_t& count, const std::string& example) {
  ++count;
  if (wrong_.examples.size() < examples_max) wrong_.examples.push_back(example);
}

void Ledger::take(const EventRecord& event) {
  const auto expected = last_seq() + 1;
  if (event.seq > expected) {
    note(wrong_.lost, "expected seq " + std::to_string(expected) + ", got " + words(event));
  } else if (event.seq < expected) {
    const bool same = event.seq > 0 && events_[static_cast<std::size_t>(event.seq - 1)] == event;
    note(same ? wrong_.duplicated : wrong_.reordered,
         "expected seq " + std::to_string(expected) + ", got " + words(event));
    return;
  }
  events_.push_back(event);
  check_transition(event, operations_[to_string(event.id)]);
}

void Ledger::check_transition(const EventRecord& event, Operation& operation) {
  auto& known = operation.by_revision;
  const auto status = static_cast<OperationStatus>(event.status);
  const auto expected = static_cast<std::int64_t>(known.size()) + 1;
  if (event.revision != expected) {
    note(wrong_.forbidden,
         "expected revision " + std::to_string(expected) + ", got " + words(event));
  }
  if (known.empty()) {
    if (event.from >= 0 || status != OperationStatus::accepted) {
      note(wrong_.forbidden, "an operation begins accepted: " + words(event));
    }
  } else {
    const auto before = known.back();
    if (event.from != static_cast<std::int32_t>(before)) {
      note(wrong_.forbidden, "it was " + name_of(before) + ": " + words(event));
    } else if (is_terminal(before) || (status != before && !store::may_follow(before, status))) {
      note(wrong_.forbidden, "may not follow: " + words(event));
    }
  }
  known.push_back(status);
  if (is_terminal(status)) ++ended_;
}

std::size_t Ledger::compare_answers(const std::filesystem::path& file) {
  const auto answers = read_records<AnswerRecord>(file);
  for (const auto& answer : answers) {
    const auto found = operations_.find(to_string(answer.id));
    const auto at = static_cast<std::size_t>(answer.revision - 1);
    if (found == operations_.end() || at >= found->second.by_revision.size()) {
      note(wrong_.lost, "the store answered that " + to_string(answer.id) + " is at revision " +
                            std::to_string(answer.revision) + ", and the feed never said so");
    } else if (static_cast<std::int32_t>(found->second.by_revision[at]) != answer.status) {
      note(wrong_.other, "the store answered that " + to_string(answer.id) + " is " +
                             name_of(answer.status) + " at revision " +
                             std::to_string(answer.revision) + ", and the feed says " +
                             name_of(found->second.by_revision[at]));
    }
  }
  return answers.size();
}

Ledger::Durable Ledger::compare_durable(const std::filesystem::path& file) {
  Durable sums;
  std::int64_t highest = 0, next = 1;
  for (const auto& event : read_records<EventRecord>(file)) {
    if (is_start_marker(event)) {
      const auto cursor = event.revision;
      if (cursor > highest) {
        note(wrong_.lost, "the durable cursor says " + std::to_string(cursor) +
                              " and only events up to " + std::to_string(highest) +
                              " were delivered");
      }
      next = cursor + 1;
      continue;
    }
    ++sums.delivered;
    if (event.seq != next) {
      note(event.seq > next ? wrong_.lost : wrong_.reordered,
           "the durable consumer expected seq " + std::to_string(next) + ", got " + words(event));
    }
    if (event.seq <= highest) ++sums.again;
    if (event.seq > last_seq() || events_[static_cast<std::size_t>(event.seq - 1)] != event) {
      note(wrong_.other, "the durable consumer got what the other did not: " + words(event));
    }
    next = event.seq + 1;
    highest = std::max(highest, event.seq);
  }
  if (highest != last_seq()) {
    note(wrong_.lost, "the durable consumer got events up to " + std::to_string(highest) + " of " +
                          std::to_string(last_seq()));
  }
  return sums;
}

void Ledger::compare_database(const std::filesystem::path& file) {
  const auto db = sql::open_sqlite(file.string(), sql::Access::read_only);
  const auto sound = sql::text(db->run("PRAGMA integrity_check").at(0).at(0));
  if (sound != "ok") note(wrong_.other, "integrity_check: " + sound);
  compare_operations(*db);
  compare_notifications(*db);
  replay_locks(*db);
}

void Ledger::compare_operations(sql::Connection& db) {
  std::size_t rows = 0;
  for (const auto& row : db.run("SELECT operation_id, status, revision FROM operations")) {
    ++rows;
    const auto found = operations_.find(sql::text(row[0]));
    if (found == operations_.end()) {
      note(wrong_.lost, "the feed never spoke of operation " + sql::text(row[0]));
      continue;
    }
    const auto& said = found->second.by_revision;
    if (sql::text(row[1]) != name_of(said.back()) ||
        sql::integer(row[2]) != static_cast<std::int64_t>(said.size())) {
      note(wrong_.other, "operation " + sql::text(row[0]) + " is " + sql::text(row[1]) +
                             " at revision " + std::to_string(sql::integer(row[2])) +
                             ", and the feed says otherwise");
    }
    if (!is_terminal(said.back())) note(wrong_.other, "it never ended: " + sql::text(row[0]));
  }
  if (rows != operations_.size()) {
    note(wrong_.lost, "the feed speaks of " + std::to_string(operations_.size()) +
                          " operations, and the table holds " + std::to_string(rows));
  }
}

void Ledger::compare_notifications(sql::Connection& db) {
  std::unordered_map<std::string, std::int64_t> told;
  for (const auto& row : db.run("SELECT operation_id FROM notifications")) {
    if (++told[sql::text(row[0])] == 2) {
      note(wrong_.duplicated, "two notifications of operation " + sql::text(row[0]));
    }
  }
  for (const auto& [id, operation] : operations_) {
    if (!told.contains(id)) note(wrong_.lost, "no notification of operation " + id);
  }
  if (told.size() > operations_.size()) note(wrong_.other, "notifications of unknown operations");
}

// From its first run to its end an operation holds its resources: the feed, in its order, shows
// that nobody else had one of them exclusively meanwhile.
void Ledger::replay_locks(sql::Connection& db) {
  std::unordered_map<std::string, boost::json::object> locks_of;
  for (const auto& row : db.run("SELECT operation_id, locks FROM operations")) {
    locks_of[sql::text(row[0])] = boost::json::parse(sql::text(row[1])).as_object();
  }
  std::unordered_map<std::string, std::unordered_map<std::string, bool>> holders;  // exclusive?
  for (const auto& event : events_) {
    const auto id = to_string(event.id);
    const auto status = static_cast<OperationStatus>(event.status);
    for (const auto& [resource, mode] : locks_of[id]) {
      auto& held = holders[std::string(resource)];
      if (is_terminal(status)) {
        held.erase(id);
      } else if (status == OperationStatus::running) {
        const bool exclusive = mode.as_string() == "exclusive";
        for (const auto& [other, other_exclusive] : held) {
          if (other != id && (exclusive || other_exclusive)) {
            note(wrong_.forbidden, other + " holds " + std::string(resource) + ": " + words(event));
          }
        }
        held[id] = exclusive;
      }
    }
  }
}

}  // namespace hub::feed_test
