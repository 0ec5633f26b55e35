#include <unordered_map>

#include <sqlite3.h>

#include "sql/connection.hpp"
#include "sql/full_text.hpp"
#include "sql/row_collector.hpp"

namespace hub::sql {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
// Before the first connection: no counts of memory in use, which nobody reads and which cost a lock
// at each allocation.
void set_up_library() {
  static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(once);
}

constexpr int checkpoint_busy_ms_max = 1'000;

using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const std::string& path, Access access, int busy_ms_max)
      : busy_ms_max_(busy_ms_max) {
    const int flags = SQLITE_OPEN_NOMUTEX |
                      (access == Access::read_only ? SQLITE_OPEN_READONLY
                                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    set_up_library();
    sqlite3* raw = nullptr;
    const int rc = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    db_.reset(raw);
    if (rc != SQLITE_OK) fail("open " + path);
    sqlite3_extended_result_codes(db_.get(), 1);
    sqlite3_busy_timeout(db_.get(), busy_ms_max);
    if (access == Access::read_write) {
      run("PRAGMA page_size = 8192");  // of a new file; a row of 2 KiB wastes little of such a page
      run("PRAGMA journal_mode = WAL");
      run("PRAGMA synchronous = FULL");
      sqlite3_wal_hook(db_.get(), &note_wal_pages, this);  // in place of the automatic checkpoint
      run("PRAGMA temp_store = MEMORY");
      run("PRAGMA cache_size = -16000");  // KiB
    }
    run("PRAGMA foreign_keys = ON");
  }

  Rows run_with(Query query, std::span<const Param> params) override {
    const Prepared& prepared = find(query);
    sqlite3_stmt* s = prepared.statement.get();
    const Reset guard{s};
    for (std::size_t i = 0; i < params.size(); ++i) {
      bind(s, i < prepared.places.size() ? prepared.places[i] : 0, params[i]);
    }
    Rows rows;
    int rc = SQLITE_OK;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) rows.push_back(read(s));
    if (rc != SQLITE_DONE) fail(query.text());
    return rows;
  }

  RowSet match_rows(Query query, std::string_view phrase, std::int64_t rows_max) {
    if (!collects_rows_) {
      if (!add_row_collector(db_.get())) throw Failure("sqlite has no FTS5: install one that has");
      collects_rows_ = true;
    }
    const Prepared& prepared = find(query);
    sqlite3_stmt* s = prepared.statement.get();
    Collected collected{{}, rows_max};
    const Reset guard{s};
    bind(s, prepared.places.at(0), phrase);
    if (sqlite3_bind_pointer(s, prepared.places.at(1), &collected, collected_pointer, nullptr) !=
        SQLITE_OK) {
      fail("bind");
    }
    const int rc = sqlite3_step(s);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) fail(query.text());
    return std::move(collected.rows);
  }

  void run_script(Query script) override {
    if (sqlite3_exec(db_.get(), script.text(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      fail("run a migration");
    }
  }

  std::int64_t changes() const override { return sqlite3_changes64(db_.get()); }
  std::int64_t last_inserted() const override { return sqlite3_last_insert_rowid(db_.get()); }
  std::int64_t wal_pages() const override { return wal_pages_; }
  std::int64_t wal_commits() const override { return wal_commits_; }
  Checkpoint checkpoint(CheckpointMode mode) override {
    int all = 0, moved = 0;
    sqlite3_busy_timeout(db_.get(), std::min(busy_ms_max_, checkpoint_busy_ms_max));
    const int rc = sqlite3_wal_checkpoint_v2(
        db_.get(), nullptr,
        mode == CheckpointMode::passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART,
        &all, &moved);
    sqlite3_busy_timeout(db_.get(), busy_ms_max_);
    // Busy: a reader still needs the old pages; what could be moved was.
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY) fail("checkpoint");
    return {all, moved};
  }
  sqlite3* handle() { return db_.get(); }
  [[noreturn]] void fail(const std::string& doing) const {
    const std::string message =
        "sqlite cannot " + doing + ": " + (db_ ? sqlite3_errmsg(db_.get()) : "out of memory");
    switch (db_ ? sqlite3_errcode(db_.get()) & 0xff : SQLITE_NOMEM) {
      case SQLITE_CONSTRAINT: throw ConstraintFailure(message);
      case SQLITE_FULL: throw DiskFull(message);
      case SQLITE_BUSY: throw Busy(message);
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB: throw Damaged(message);
      default: throw Failure(message);
    }
  }

  bool in_transaction() const override { return sqlite3_get_autocommit(db_.get()) == 0; }

 private:
  static int note_wal_pages(void* self, sqlite3*, const char*, int pages) {
    auto& connection = *static_cast<SqliteConnection*>(self);
    connection.wal_pages_ = pages;
    ++connection.wal_commits_;
    return SQLITE_OK;
  }

  struct Reset {
    sqlite3_stmt* s;
    ~Reset() {
      sqlite3_reset(s);
      sqlite3_clear_bindings(s);
    }
  };

  struct Prepared {
    Statement statement;
    std::vector<int> places;  // SQLite's number of $1, $2, …: it counts by first appearance
  };

  // Queries are literals, so their address is their name.
  const Prepared& find(Query query) {
    Prepared& slot = statements_[query.text()];
    if (slot.statement) return slot;
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(db_.get(), query.text(), -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
        SQLITE_OK) {
      fail(query.text());
    }
    slot.statement.reset(raw);
    for (int number = 1; number <= sqlite3_bind_parameter_count(raw); ++number) {
      slot.places.push_back(
          sqlite3_bind_parameter_index(raw, ("$" + std::to_string(number)).c_str()));
    }
    return slot;
  }

  void bind(sqlite3_stmt* s, int at, const Param& param) const {
    struct Bind {
      sqlite3_stmt* s;
      int at;
      int operator()(std::monostate) const { return sqlite3_bind_null(s, at); }
      int operator()(std::int64_t v) const { return sqlite3_bind_int64(s, at, v); }
      int operator()(double v) const { return sqlite3_bind_double(s, at, v); }
      int operator()(std::string_view v) const {
        // An empty view may have no address, which SQLite would take for NULL.
        return sqlite3_bind_text64(s, at, v.empty() ? "" : v.data(), v.size(), SQLITE_STATIC,
                                   SQLITE_UTF8);
      }
      int operator()(Param::BlobView v) const {
        return sqlite3_bind_blob64(s, at, v.bytes.empty() ? "" : v.bytes.data(), v.bytes.size(),
                                   SQLITE_STATIC);
      }
    };
    if (std::visit(Bind{s, at}, param.held()) != SQLITE_OK) fail("bind");
  }

  static std::string bytes_of(sqlite3_stmt* s, int c) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(s, c));
    const void* data = sqlite3_column_blob(s, c);
    return size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
  }

  static Row read(sqlite3_stmt* s) {
    Row row;
    for (int c = 0; c < sqlite3_column_count(s); ++c) {
      switch (sqlite3_column_type(s, c)) {
        case SQLITE_NULL: row.emplace_back(); break;
        case SQLITE_INTEGER: row.emplace_back(std::int64_t{sqlite3_column_int64(s, c)}); break;
        case SQLITE_FLOAT: row.emplace_back(sqlite3_column_double(s, c)); break;
        case SQLITE_BLOB: row.emplace_back(Blob{bytes_of(s, c)}); break;
        default: row.emplace_back(bytes_of(s, c));
      }
    }
    return row;
  }

  std::unique_ptr<sqlite3, CloseDatabase> db_;
  const int busy_ms_max_;
  std::int64_t wal_pages_ = 0;
  std::int64_t wal_commits_ = 0;
  bool collects_rows_ = false;
  std::unordered_map<const char*, Prepared> statements_;  // destroyed before db_
};

}  // namespace

Param::Param(const Value& value) {
  struct See {
    Held operator()(std::monostate) const { return std::monostate{}; }
    Held operator()(std::int64_t v) const { return v; }
    Held operator()(double v) const { return v; }
    Held operator()(const std::string& v) const { return std::string_view(v); }
    Held operator()(const Blob& v) const { return BlobView{v.bytes}; }
  };
  held_ = std::visit(See{}, value);
}

RowSet match_rows(Connection& connection, Query query, std::string_view phrase,
                  std::int64_t rows_max) {
  // There is no other kind of connection; one that came later would say so here.
  return dynamic_cast<SqliteConnection&>(connection).match_rows(query, phrase, rows_max);
}

std::unique_ptr<Connection> open_sqlite(const std::string& path, Access access, int busy_ms_max) {
  return std::make_unique<SqliteConnection>(path, access, busy_ms_max);
}

std::vector<std::string> check_integrity(Connection& db) {
  std::vector<std::string> wrong;
  for (const auto& row : db.run("PRAGMA integrity_check")) {
    if (text(row[0]) != "ok") wrong.push_back(text(row[0]));
  }
  for (const auto& row : db.run("PRAGMA foreign_key_check")) {
    wrong.push_back("a row of " + text(row[0]) + " belongs to a row that is missing in " +
                    text(row[2]));
  }
  return wrong;
}

void copy_database(const std::string& from, const std::string& to) {
  SqliteConnection source(from, Access::read_only, 10'000);
  SqliteConnection target(to, Access::scratch, 10'000);
  sqlite3_backup* copy = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
  if (copy == nullptr)
    throw Failure("cannot copy " + from + ": " + sqlite3_errmsg(target.handle()));
  const int rc = sqlite3_backup_step(copy, -1);
  sqlite3_backup_finish(copy);
  if (rc != SQLITE_DONE) target.fail("copy " + from);
  target.run("PRAGMA journal_mode = DELETE");  // one file, which needs no other beside it
}

std::int64_t integer(const Value& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return *i;
  throw Failure("cannot read a cell: want an integer");
}

const std::string& text(const Value& value) {
  if (const auto* s = std::get_if<std::string>(&value)) return *s;
  throw Failure("cannot read a cell: want text");
}

const std::string& blob(const Value& value) {
  if (const auto* b = std::get_if<Blob>(&value)) return b->bytes;
  throw Failure("cannot read a cell: want a blob");
}

}  // namespace hub::sql
