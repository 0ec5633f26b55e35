#include "store/step_times.hpp"

#include "store/rows.hpp"

namespace hub::store {
namespace {

constexpr std::size_t kept_max = 15;

std::vector<std::int64_t> read_times(const sql::Value& cell) {
  return read_json<std::vector<std::int64_t>>(cell, "step_times.took_ms");
}

}  // namespace

void note_step_time(sql::Connection& db, const OperationKind& kind, const StepTime& time) {
  std::vector<std::int64_t> kept;
  const auto rows = db.run("SELECT took_ms FROM step_times WHERE kind = $1 AND step = $2",
                           {kind.text(), time.step});
  if (!rows.empty()) kept = read_times(rows[0][0]);
  kept.push_back(time.took_ms);
  if (kept.size() > kept_max) kept.erase(kept.begin());
  db.run(
      "INSERT INTO step_times (kind, step, took_ms) VALUES ($1, $2, $3) "
      "ON CONFLICT (kind, step) DO UPDATE SET took_ms = excluded.took_ms",
      {kind.text(), time.step, write_json(kept)});
}

std::map<std::string, std::int64_t> middle_step_times(sql::Connection& db,
                                                      const OperationKind& kind) {
  std::map<std::string, std::int64_t> middle;
  for (const auto& row :
       db.run("SELECT step, took_ms FROM step_times WHERE kind = $1", {kind.text()})) {
    auto times = read_times(row[1]);
    if (times.empty()) continue;
    const auto half = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, half);
    middle[sql::text(row[0])] = *half;
  }
  return middle;
}

}  // namespace hub::store
