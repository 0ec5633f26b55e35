#pragma once
// How our rows read and write. Inside the room store only.

#include "sql/connection.hpp"
#include "store/operation_record.hpp"

namespace hub::store {

// What we wrote ourselves must read back; if not, the database is damaged: throws sql::Failure.
template <class T>
T read_json(const sql::Value& cell, const std::string& what) {
  boost::system::error_code ec;
  const Json parsed = boost::json::parse(sql::text(cell), ec);
  if (ec) throw sql::Failure("cannot read " + what + ": " + ec.message());
  auto value = from_json<T>(parsed, what);
  if (!value) throw sql::Failure(value.error().message);
  return *std::move(value);
}

template <class T>
std::string write_json(const T& value) {
  return boost::json::serialize(to_json(value));
}

std::string name_of(OperationStatus);
std::string name_of(StepPhase);
std::string name_of(LockMode);
StepPhase parse_phase(const std::string&);

OperationState read_state(const sql::Value& cell);
std::optional<OperationState> load(sql::Connection&, const OperationId&);
std::vector<StepRecord> read_steps(sql::Connection&, const OperationId&);
void write_step(sql::Connection&, const OperationId&, const StepRecord&, std::int64_t epoch);

// Writes state, status and the columns that follow from it, one revision further, and its event.
void save_state(sql::Connection&, OperationState&, Time now);
void apply(sql::Connection&, const ArtifactChange&);
void write_notification(sql::Connection&, const OperationNotification&,
                        const std::string& webspace_id);

}  // namespace hub::store
