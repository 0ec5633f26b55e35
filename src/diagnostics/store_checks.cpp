#include "base/text.hpp"
#include "diagnostics/checks.hpp"

namespace hub::diagnostics {
namespace {

constexpr std::uintmax_t log_bytes_usual = std::uintmax_t{512} << 20U;
constexpr std::chrono::seconds future_allowed{60};
constexpr std::chrono::hours waiting_usual{24};
constexpr std::int64_t looked_at = 200;  // newest operations

std::uintmax_t size_of(const fs::path& file) {
  std::error_code ec;
  const auto bytes = fs::file_size(file, ec);
  return ec ? 0 : bytes;
}

}  // namespace

std::vector<Finding> look_at_store(const Subject& subject) {
  const auto file = subject.base / "state" / "hub.db";
  if (!subject.store) {
    return {problem("store",
                    "the store " + file.string() + " cannot be used: " + subject.store_trouble,
                    "put a backup in its place: adaos-hub restore FILE (docs/operators.md)")};
  }
  const auto faults =
      subject.store->database().read([](sql::Connection& db) { return sql::check_integrity(db); });
  std::vector<Finding> found;
  if (!faults.empty()) {
    boost::json::array named;
    for (const auto& fault : faults) named.emplace_back(fault);
    found.push_back(problem("store", "the store " + file.string() + " is damaged: " + faults[0],
                            "stop the hub and put a backup in its place: adaos-hub restore FILE",
                            {{"faults", std::move(named)}}));
  }
  const auto bytes = size_of(file), log_bytes = size_of(file.string() + "-wal");
  const boost::json::object details{{"bytes", bytes}, {"log_bytes", log_bytes}};
  if (log_bytes > log_bytes_usual) {
    found.push_back(warning(
        "store", "the store's log has grown to " + size_text(static_cast<std::int64_t>(log_bytes)),
        "look for a program that keeps hub.db open, such as a copy that hangs", details));
  }
  if (found.empty()) {
    found.push_back(fine(
        "store", "the store is whole: " + size_text(static_cast<std::int64_t>(bytes)), details));
  }
  return found;
}

std::vector<Finding> look_at_operations(const Subject& subject) {
  if (!subject.store) return {};
  auto& store = *subject.store;
  std::vector<Finding> found;
  for (const auto& one : store.unreadable()) {
    found.push_back(problem("operations",
                            "operation " + one.operation_id.text() + " cannot be read: " + one.why,
                            "it keeps its locks until it is mended: restore a backup, or tell who "
                            "looks after the hub",
                            {{"operation_id", one.operation_id.text()}}));
  }
  std::int64_t live = 0;
  for (const auto& state : store.live()) {
    ++live;
    const bool waits = state.status == OperationStatus::waiting_input &&
                       subject.clock.now() - state.updated_at > waiting_usual;
    const bool unknown = state.reason && state.reason->code == "unknown_kind";
    if (!waits && !unknown && !state.stalled_since) continue;
    const auto why = waits     ? "has waited for an answer for more than a day"
                     : unknown ? "is of a kind that this hub does not know"
                               : "has said nothing for long";
    const auto mend = waits ? "answer it: adaos-hub operations confirm " + state.operation_id.text()
                            : "look at it: adaos-hub operations show " + state.operation_id.text();
    found.push_back(warning("operations", state.kind.text() + " of " + state.target_id + " " + why,
                            mend, {{"operation_id", state.operation_id.text()}}));
  }
  if (found.empty()) {
    found.push_back(fine("operations", "none of the operations that have not ended is stuck",
                         {{"live", live}}));
  }
  return found;
}

// Times that were written down must not lie in the future.
std::vector<Finding> look_at_clock(const Subject& subject) {
  const auto now = subject.clock.now();
  Time newest{};
  std::string what;
  const auto seen = [&](Time at, const std::string& of) {
    if (at <= newest) return;
    newest = at;
    what = of;
  };
  if (subject.store) {
    store::OperationFilter filter;
    filter.limit = looked_at;
    for (const auto& state : subject.store->list(filter)) {
      seen(state.updated_at, "operation " + state.operation_id.text());
    }
  }
  const auto file = subject.base / "state" / "hub.db";
  std::error_code ec;
  const auto written = std::chrono::file_clock::to_sys(fs::last_write_time(file, ec));
  if (!ec) seen(std::chrono::floor<std::chrono::milliseconds>(written), file.string());
  if (newest <= now + future_allowed) return {fine("clock", "it is " + to_text(now))};
  return {warning("clock",
                  "it is " + to_text(now) + " here, and " + what + " is of " + to_text(newest) +
                      ": the clock was set back, or was wrong then",
                  "set the clock right, best by NTP: deadlines and retention go by it",
                  {{"now", to_text(now)}, {"newest", to_text(newest)}})};
}

}  // namespace hub::diagnostics
