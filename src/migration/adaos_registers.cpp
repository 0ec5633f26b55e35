#include "migration/adaos_registers.hpp"

#include <algorithm>

#include "migration/source_files.hpp"
#include "sql/connection.hpp"

namespace hub::migration {
namespace {

constexpr std::int64_t database_bytes_max = std::int64_t{256} << 20U;
constexpr std::size_t databases_max = 32;
constexpr std::int64_t rows_max = 10'000;

bool is_database_name(const std::string& name) {
  if (name == "hub.db" || name == "search.db") return false;  // of an adaos-hub
  return name.ends_with(".db") || name.ends_with(".sqlite") || name.ends_with(".sqlite3");
}

std::vector<std::string> databases_in(const fs::path& root) {
  std::vector<std::string> found;
  for (const std::string folder : {"", "state/"}) {
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(root / folder, ec)) {
      const auto path = folder + entry.path().filename().string();
      if (is_database_name(entry.path().filename().string()) && is_plain_file(root, path)) {
        found.push_back(path);
      }
    }
  }
  std::ranges::sort(found);
  if (found.size() > databases_max) found.resize(databases_max);
  return found;
}

// With the log that SQLite may have left beside it.
Result<fs::path> copy_of(const fs::path& root, const std::string& path, const fs::path& folder) {
  std::vector<SourceFile> files;
  const auto parent = fs::path(path).parent_path().string();
  for (const char* suffix : {"", "-wal", "-journal"}) {
    const auto one = path + suffix;
    if (!is_plain_file(root, one)) continue;
    std::error_code ec;
    const auto size = static_cast<std::int64_t>(fs::file_size(root / one, ec));
    if (ec || size > database_bytes_max) {
      return fail(ErrorCode::exhausted, "cannot read " + (root / one).string() + ": too large",
                  "source_too_large");
    }
    files.push_back({fs::path(one).filename().string(), size, 0600});
  }
  CopyRequest request;
  request.root = root;
  request.folder = parent;
  request.target = folder / "copy";
  request.unfinished = folder / "unfinished";
  request.files = std::move(files);
  HUB_CHECK(copy_folder(request));
  return request.target / fs::path(path).filename();
}

bool has_column(sql::Connection& db, const char* table, const char* column) {
  return !db.run("SELECT 1 FROM pragma_table_info($1) WHERE name = $2", {table, column}).empty();
}

std::string text_or_empty(const sql::Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string();
}

sql::Rows rows_of(sql::Connection& db, ArtifactKind kind, bool pinned) {
  switch (kind) {
    case ArtifactKind::skill:
      return pinned ? db.run("SELECT name, active_version, installed, pin FROM skills LIMIT $1",
                             {rows_max})
                    : db.run("SELECT name, active_version, installed FROM skills LIMIT $1",
                             {rows_max});
    case ArtifactKind::scenario:
      return pinned ? db.run("SELECT name, active_version, installed, pin FROM scenarios LIMIT $1",
                             {rows_max})
                    : db.run("SELECT name, active_version, installed FROM scenarios LIMIT $1",
                             {rows_max});
  }
  return {};
}

// Whether there was such a table.
bool read_table(sql::Connection& db, ArtifactKind kind, Registers& into) {
  const auto table = directory_of(kind);
  for (const char* column : {"name", "active_version", "installed"}) {
    if (!has_column(db, table.c_str(), column)) return false;
  }
  for (const auto& row : rows_of(db, kind, has_column(db, table.c_str(), "pin"))) {
    RegisteredArtifact one;
    one.active_version = text_or_empty(row.at(1));
    const auto* installed = std::get_if<std::int64_t>(&row.at(2));
    one.installed = !installed || *installed != 0;
    const auto pin = row.size() > 3 ? text_or_empty(row.at(3)) : std::string();
    if (!pin.empty()) one.pin = pin;
    into.artifacts.insert_or_assign({kind, text_or_empty(row.at(0))}, std::move(one));
  }
  return true;
}

}  // namespace

Registers read_registers(const fs::path& root) {
  Registers registers;
  for (const auto& path : databases_in(root)) {
    const TemporaryDirectory folder;
    const auto copy = copy_of(root, path, folder.path());
    if (!copy) {
      registers.warnings.push_back(copy.error().message);
      continue;
    }
    try {
      const auto db = sql::open_sqlite(copy->string(), sql::Access::scratch);
      const bool skills = read_table(*db, ArtifactKind::skill, registers);
      const bool scenarios = read_table(*db, ArtifactKind::scenario, registers);
      if (skills || scenarios) registers.files.push_back(path);
    } catch (const sql::Failure&) {
      registers.warnings.push_back("cannot read " + (root / path).string() +
                                   ": it is no SQLite database, or a damaged one");
    }
  }
  return registers;
}

}  // namespace hub::migration
