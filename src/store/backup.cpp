#include "store/backup.hpp"

#include "base/hash.hpp"
#include "sql/connection.hpp"
#include "store/hub_file.hpp"

namespace hub::store {
namespace {

struct RemoveUnlessKept {
  fs::path file;
  bool kept = false;
  ~RemoveUnlessKept() {
    if (kept) return;
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      fs::remove(file.string() + suffix, ignored);
    }
  }
};

tl::unexpected<Error> failed(const std::string& doing, const std::exception& why,
                             const char* damaged) {
  if (dynamic_cast<const sql::DiskFull*>(&why) != nullptr) {
    return fail(ErrorCode::exhausted, "cannot " + doing + ": " + why.what(), "disk_full",
                "make room on that disk, or use another one");
  }
  if (dynamic_cast<const sql::Damaged*>(&why) != nullptr) {
    return fail(ErrorCode::invalid, "cannot " + doing + ": " + why.what(), damaged,
                "the file is damaged; use an older backup");
  }
  return fail(ErrorCode::unavailable, "cannot " + doing + ": " + why.what(), "database_failed",
              "look at the disk; nothing was changed");
}

Result<Backup> describe(sql::Connection& db, const fs::path& file) {
  HUB_TRY(schema, examine_tables(db, file));
  const auto count = [&db](sql::Query query) { return sql::integer(db.run(query).at(0).at(0)); };
  Backup found;
  found.file = file;
  found.schema = schema;
  found.operations = count("SELECT COUNT(*) FROM operations");
  found.live = count("SELECT COUNT(*) FROM operations WHERE finished_at IS NULL");
  std::error_code ec;
  found.bytes = fs::file_size(file, ec);
  return found;
}

// A whole copy, synced, under another name; refused when it is not a sound database of a hub.
Result<Backup> copy_checked(const fs::path& from, const fs::path& to, const char* reason) {
  sql::copy_database(from.string(), to.string());
  fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write);
  HUB_CHECK(sync_path(to));
  const auto db = sql::open_sqlite(to.string(), sql::Access::read_only);
  const auto wrong = sql::check_integrity(*db);
  if (!wrong.empty()) {
    return fail(ErrorCode::invalid, "cannot use a copy of " + from.string() + ": " + wrong.front(),
                reason, "the file is damaged; use an older backup",
                {{"problems", static_cast<std::int64_t>(wrong.size())}});
  }
  return describe(*db, to);
}

std::int64_t boot_epoch_of(const fs::path& file) {
  const auto db = sql::open_sqlite(file.string(), sql::Access::read_only);
  const auto rows = db->run("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'boot_epoch'");
  return rows.empty() ? 0 : sql::integer(rows[0][0]);
}

void make_new_of(const fs::path& file, std::int64_t boot_epoch) {
  const auto db = sql::open_sqlite(file.string(), sql::Access::scratch);
  db->transaction([&] {
    for (const auto& [key, value] : {std::pair{"feed_id", random_hex(8)},
                                     std::pair{"boot_epoch", std::to_string(boot_epoch)}}) {
      db->run(
          "INSERT INTO meta (key, value) VALUES ($1, $2) "
          "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
          {key, value});
    }
  });
}

// "hub.db.before-restore-20260102T030405Z", or with a number when that is taken.
fs::path name_aside(const fs::path& database, Time now) {
  std::string when = to_seconds_text(now);
  when = when.substr(0, when.find('+')) + "Z";
  std::erase_if(when, [](char c) { return c == '-' || c == ':'; });
  const auto name = database.string() + ".before-restore-" + when;
  fs::path free = name;
  for (int number = 2; fs::exists(free); ++number) free = name + "-" + std::to_string(number);
  return free;
}

// Moves the log of a database that no hub has open into it, so that one file is all of it. Left as
// it is when it cannot be read: then the log moves aside with it.
Result<std::int64_t> settle(const fs::path& database) {
  if (!examine(database)) return 0;
  try {
    const auto epoch = boot_epoch_of(database);
    {
      const auto writer = sql::open_sqlite(database.string());
      writer->checkpoint(sql::CheckpointMode::restart);
    }  // the last to close it removes its log
    if (fs::exists(database.string() + "-wal")) {
      return fail(ErrorCode::conflict,
                  "cannot replace " + database.string() + ": another program has it open",
                  "database_busy", "close that program, then try again");
    }
    return epoch;
  } catch (const sql::Failure&) {
    return 0;  // damaged further inside
  }
}

Result<> swap_in(const fs::path& fresh, const fs::path& database, const fs::path& aside) {
  for (const char* suffix : {"-wal", "-shm"}) {  // of one that could not be settled
    const fs::path beside = database.string() + suffix;
    if (fs::exists(beside)) HUB_CHECK(rename_durable(beside, aside.string() + suffix));
  }
  if (!fs::exists(database)) return rename_durable(fresh, database);
  HUB_CHECK(exchange_durable(fresh, database));
  return rename_durable(fresh, aside);  // what was there
}

}  // namespace

Result<Backup> backup(const fs::path& database, const fs::path& target) {
  if (!fs::exists(database)) {
    return fail(ErrorCode::not_found, "cannot back up " + database.string() + ": no such file",
                "database_missing", "name the --base-dir of a hub that has run");
  }
  const auto taken = [&target] {
    return fail(ErrorCode::conflict, "cannot back up to " + target.string() + ": it exists",
                "backup_exists", "choose another name; a backup is never written over");
  };
  if (fs::exists(target)) return taken();
  RemoveUnlessKept part{target.string() + ".part-" + random_hex(4)};
  try {
    {
      const auto db = sql::open_sqlite(database.string(), sql::Access::read_only);
      HUB_CHECK(examine_tables(*db, database));
    }
    HUB_TRY(copied, copy_checked(database, part.file, "database_damaged"));
    if (fs::exists(target)) return taken();
    HUB_CHECK(rename_durable(part.file, target));
    part.kept = true;
    copied.file = target;
    return copied;
  } catch (const std::exception& failure) {
    return failed("back up " + database.string() + " to " + target.string(), failure,
                  "database_damaged");
  }
}

Result<Restored> restore(const fs::path& backup, const fs::path& database, const Clock& clock) {
  auto lock = FileLock::try_take(database.string() + ".lock");
  if (!lock) {
    if (lock.error().code != ErrorCode::conflict) return tl::unexpected(lock.error());
    return fail(ErrorCode::conflict, "cannot restore " + database.string() + ": a hub is using it",
                "base_directory_in_use", "stop the hub, then try again");
  }
  if (!fs::exists(backup)) {
    return fail(ErrorCode::not_found, "cannot restore " + backup.string() + ": no such file",
                "backup_missing", "name a file that adaos-hub backup wrote");
  }
  RemoveUnlessKept fresh{database.string() + ".restoring-" + random_hex(4)};
  try {
    HUB_TRY(version, examine(backup));
    if (version == 0) {
      return fail(ErrorCode::invalid, "cannot restore " + backup.string() + ": it is empty",
                  "backup_damaged", "name a file that adaos-hub backup wrote");
    }
    Restored restored;
    HUB_TRY(copied, copy_checked(backup, fresh.file, "backup_damaged"));
    restored.from = std::move(copied);
    restored.from.file = backup;
    restored.database = database;
    HUB_TRY(epoch, settle(database));
    restored.boot_epoch = std::max(epoch, boot_epoch_of(backup)) + 1;
    make_new_of(fresh.file, restored.boot_epoch);
    HUB_CHECK(sync_path(fresh.file));
    const auto aside = name_aside(database, clock.now());
    if (fs::exists(database)) restored.moved_aside = aside;
    HUB_CHECK(swap_in(fresh.file, database, aside));
    fresh.kept = true;
    return restored;
  } catch (const std::exception& failure) {
    return failed("restore " + backup.string() + " to " + database.string(), failure,
                  "backup_damaged");
  }
}

}  // namespace hub::store
