#include "diagnostics/checks.hpp"

#include <exception>

#include "base/log.hpp"
#include "base/text.hpp"
#include "store/hub_file.hpp"

namespace hub::diagnostics {
namespace {

constexpr std::uintmax_t copied_bytes_max = std::uintmax_t{1} << 30U;

// A copy of a store that nobody uses, so that looking at it leaves no trace beside it.
struct StoreCopy {
  TemporaryDirectory folder;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::OperationStore> store;
};

// Held while the store is copied. Absent: nobody has ever locked it.
Result<std::optional<FileLock>> keep_hubs_away(const fs::path& database) {
  const fs::path file = database.string() + ".lock";
  std::error_code ec;
  if (!fs::exists(file, ec)) return std::optional<FileLock>();
  auto taken = FileLock::try_take(file);
  if (taken) return std::optional<FileLock>(*std::move(taken));
  return fail(ErrorCode::conflict,
              "cannot look at " + database.parent_path().parent_path().string() +
                  " by itself: a hub runs there, and does not answer",
              "base_directory_in_use", "say where it listens with --url, or stop it",
              {{"path", database.string()}});
}

Result<> copy_store(const fs::path& base, const Clock& clock, StoreCopy& into) {
  const auto file = base / "state" / "hub.db";
  std::error_code ec;
  const auto bytes = fs::file_size(file, ec);
  if (ec || bytes == 0) return fail(ErrorCode::not_found, "it is missing or empty");
  if (bytes > copied_bytes_max) {
    return fail(ErrorCode::exhausted, "it is too large to be copied for a look: " +
                                          size_text(static_cast<std::int64_t>(bytes)) +
                                          "; start the hub and ask it");
  }
  for (const char* part : {"hub.db", "hub.db-wal"}) {
    const auto from = base / "state" / part;
    if (fs::exists(from, ec)) fs::copy_file(from, into.folder.path() / part, ec);
    if (ec) return fail(ErrorCode::unavailable, "it cannot be copied: " + ec.message());
  }
  HUB_CHECK(store::examine(into.folder.path() / "hub.db"));
  HUB_TRY(opened, store::Database::open(into.folder.path() / "hub.db"));
  into.database = std::move(opened);
  into.store = std::make_unique<store::OperationStore>(*into.database, clock);
  return {};
}

}  // namespace

const std::vector<Check>& all_checks() {
  static const std::vector<Check> all{
      {"store", "reading the store", look_at_store},
      {"operations", "looking at what waits", look_at_operations},
      {"disk", "looking at the disk", look_at_disk},
      {"disk_speed", "measuring the disk", look_at_disk_speed},
      {"registry", "asking the registry", look_at_registry},
      {"artifacts", "comparing what is installed", look_at_artifacts},
      {"models", "looking at the models", look_at_models},
      {"programs", "looking for the programs it needs", look_at_programs},
      {"confinement", "asking what holds a skill's code", look_at_confinement},
      {"clock", "looking at the clock", look_at_clock},
      {"leftovers", "looking for what is left over", look_at_leftovers},
      {"permissions", "looking at who may read secrets", look_at_permissions},
  };
  return all;
}

Result<Report> look_at_everything(
    const Subject& subject,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& told) {
  Report report;
  report.scope = subject.scope;
  report.at = subject.clock.now();
  const auto& checks = all_checks();
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (subject.stop && subject.stop()) return fail(ErrorCode::cancelled, "stopped");
    if (told) told(i, checks.size(), checks[i].doing);
    try {
      for (auto& finding : checks[i].look(subject)) report.add(std::move(finding));
    } catch (const std::exception& thrown) {
      report.add(problem(checks[i].name, std::string("the check itself failed: ") + thrown.what(),
                         "look into the hub's log", {{"what", thrown.what()}}));
    }
  }
  if (subject.stop && subject.stop()) return fail(ErrorCode::cancelled, "stopped");
  return report;
}

Result<Report> look_at_stopped(const fs::path& base, Subject::Depth depth, const Clock& clock) {
  std::error_code ec;
  if (!fs::is_directory(base / "state", ec)) {
    return fail(ErrorCode::not_found,
                "cannot look at " + base.string() + ": no hub has ever run there",
                "base_directory_missing", "name the hub's folder with --base-dir",
                {{"path", base.string()}});
  }
  log::set_level(log::Level::error);
  StoreCopy copy;
  Subject subject{.scope = Scope::stopped, .base = base, .clock = clock};
  subject.depth = depth;
  HUB_TRY(lock, keep_hubs_away(base / "state" / "hub.db"));
  if (auto copied = copy_store(base, clock, copy); copied) {
    subject.store = copy.store.get();
  } else {
    subject.store_trouble = copied.error().message;
  }
  lock.reset();
  return look_at_everything(subject, {});
}

}  // namespace hub::diagnostics
