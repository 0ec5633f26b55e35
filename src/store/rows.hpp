#pragma once
// How our rows read and write. Inside the room store only.

#include "base/described_text.hpp"
#include "sql/connection.hpp"
#include "store/operation_record.hpp"

namespace hub::store {

// What we wrote ourselves must read back; if not, a row is damaged or a newer hub wrote it.
class Unreadable : public sql::Failure {
 public:
  using Failure::Failure;
};

// Throws Unreadable.
template <class T>
T read_json(const sql::Value& cell, const std::string& what) {
  boost::system::error_code ec;
  const Json parsed = boost::json::parse(sql::text(cell), ec);
  if (ec) throw Unreadable("cannot read " + what + ": " + ec.message());
  auto value = from_json<T>(parsed, what);
  if (!value) throw Unreadable(value.error().message);
  return *std::move(value);
}

template <class T>
std::string write_json(const T& value) {
  return described_text(value);
}

template <class E>
  requires std::is_enum_v<E>
const char* name_of(E value) {
  return boost::describe::enum_to_string(value, "");
}

template <class E>
E parse_name(const std::string& text) {
  E value{};
  if (!boost::describe::enum_from_string(text.c_str(), value)) {
    throw Unreadable("cannot read a row: unknown name " + text);
  }
  return value;
}

std::vector<LockRequest> read_locks(const sql::Value& cell);
std::string write_locks(const std::vector<LockRequest>&);

inline std::optional<Time> read_time(const sql::Value& cell) {
  return sql::is_null(cell) ? std::nullopt : std::optional(from_millis(sql::integer(cell)));
}
inline sql::Param time_param(const std::optional<Time>& time) {
  return time ? sql::Param(to_millis(*time)) : sql::Param();
}
inline sql::Param text_param(const std::string& text) {  // empty: NULL
  return text.empty() ? sql::Param() : sql::Param(text);
}

// An operation as its row has it. Saving it makes `was` the new status.
struct Stored {
  std::int64_t n = 0;
  OperationState state;
  OperationStatus was = OperationStatus::accepted;  // in the row
  std::int64_t epoch = 0;
  bool cancel_requested = false;
};

std::optional<Stored> load(sql::Connection&, const OperationId&);
std::optional<Stored> load(sql::Connection&, std::int64_t n);
OperationState read_state(const sql::Value& cell);
bool has_journal(sql::Connection&, std::int64_t n);
std::vector<StepRecord> read_steps(sql::Connection&, std::int64_t n);
void write_step(sql::Connection&, std::int64_t n, const StepRecord&, std::int64_t epoch);

// The whole record; its state is a copy.
OperationRecord read_record(sql::Connection&, const Stored&);

// Writes state, status and the columns that follow from it, one revision further, and its event.
void write_state(sql::Connection&, Stored&, std::optional<Time> run_after, Time now);
void write_event(sql::Connection&, const OperationState&, std::optional<OperationStatus> from,
                 Time now);

void apply(sql::Connection&, const ArtifactChange&);
void write_notification(sql::Connection&, const OperationNotification&,
                        const std::string& webspace_id);

}  // namespace hub::store
