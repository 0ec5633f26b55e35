#include "store/hub_file.hpp"

#include <array>
#include <fstream>

#include "store/migrations.hpp"

namespace hub::store {
namespace {

constexpr const char* left_alone =
    "the file was left as it is; restore a backup, or move it away to start afresh";

tl::unexpected<Error> refuse(const fs::path& file, const std::string& why, const char* reason,
                             const char* hint = left_alone) {
  return fail(ErrorCode::invalid, "cannot open " + file.string() + ": " + why, reason, hint,
              {{"file", file.string()}});
}

bool begins_as_database(const fs::path& file) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::array<char, magic.size()> begin{};
  std::ifstream(file, std::ios::binary).read(begin.data(), begin.size());
  return std::string_view(begin.data(), begin.size()) == magic;
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  return ec ? 0 : size;
}

}  // namespace

Result<std::int64_t> examine_tables(sql::Connection& db, const fs::path& file) {
  const auto version = sql::integer(db.run("PRAGMA user_version").at(0).at(0));
  if (version > newest_schema()) {
    return fail(ErrorCode::invalid,
                "cannot open " + file.string() + ": it has schema version " +
                    std::to_string(version) + " and this hub knows versions up to " +
                    std::to_string(newest_schema()),
                "base_directory_newer",
                "run the newer adaos-hub that wrote it, or use another --base-dir; nothing was "
                "changed",
                {{"found", version}, {"newest_known", newest_schema()}});
  }
  const auto tables = db.run("SELECT name FROM sqlite_schema WHERE type = 'table'");
  if (version < 1 && !tables.empty()) {
    return refuse(file, "it is another program's database", "database_foreign");
  }
  if (version < 1) return 0;
  for (const char* wanted : {"meta", "operations", "operation_transitions", "operation_steps",
                             "operation_events", "notifications", "installed_artifacts"}) {
    const bool there = std::ranges::any_of(
        tables, [wanted](const sql::Row& row) { return sql::text(row[0]) == wanted; });
    if (there) continue;
    return refuse(file, std::string("its table ") + wanted + " is missing",
                  tables.size() < 2 ? "database_foreign" : "database_incomplete");
  }
  return version;
}

Result<std::int64_t> examine(const fs::path& file) {
  std::error_code ec;
  if (fs::exists(file, ec) && !fs::is_regular_file(file, ec)) {
    return refuse(file, "it is not a file", "database_unreadable");
  }
  if (size_of(file) == 0) {
    const fs::path log = file.string() + "-wal";
    if (size_of(log) == 0) return 0;
    return refuse(file, "it is missing, and its log " + log.filename().string() + " is there",
                  "database_incomplete",
                  "put the file back where its log is, or move the log away to start afresh");
  }
  if (!begins_as_database(file)) {
    return refuse(file, "it is no SQLite database", "database_unreadable");
  }
  try {
    const auto db = sql::open_sqlite(file.string(), sql::Access::read_only);
    return examine_tables(*db, file);
  } catch (const sql::Busy& busy) {
    return fail(ErrorCode::conflict, "cannot open " + file.string() + ": " + busy.what(),
                "database_busy", "close the other program that holds the file, then try again");
  } catch (const sql::Failure& failure) {
    return refuse(file, failure.what(), "database_unreadable");
  }
}

}  // namespace hub::store
