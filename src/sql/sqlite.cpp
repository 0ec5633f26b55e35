#include <unordered_map>

#include <sqlite3.h>

#include "sql/connection.hpp"

namespace hub::sql {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const std::string& path, Access access) {
    const int flags = SQLITE_OPEN_NOMUTEX |
                      (access == Access::read_only ? SQLITE_OPEN_READONLY
                                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    sqlite3* raw = nullptr;
    const int rc = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    db_.reset(raw);
    if (rc != SQLITE_OK) fail("open " + path);
    sqlite3_extended_result_codes(db_.get(), 1);
    sqlite3_busy_timeout(db_.get(), 10'000);
    if (access == Access::read_write) {
      run("PRAGMA journal_mode = WAL", {});
      run("PRAGMA synchronous = FULL", {});
    }
    run("PRAGMA foreign_keys = ON", {});
  }

  Rows run(Query query, const std::vector<Value>& params) override {
    sqlite3_stmt* s = prepared(query);
    struct Reset {
      sqlite3_stmt* s;
      ~Reset() {
        sqlite3_reset(s);
        sqlite3_clear_bindings(s);
      }
    };
    const Reset guard{s};
    for (std::size_t i = 0; i < params.size(); ++i) bind(s, i + 1, params[i]);
    Rows rows;
    int rc = SQLITE_OK;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) rows.push_back(read(s));
    if (rc != SQLITE_DONE) fail(query.text());
    return rows;
  }

  void run_script(Query script) override {
    if (sqlite3_exec(db_.get(), script.text(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      fail("run a migration");
    }
  }

  std::int64_t changes() const override { return sqlite3_changes64(db_.get()); }

 private:
  // Queries are literals, so their address is their name.
  sqlite3_stmt* prepared(Query query) {
    Statement& slot = statements_[query.text()];
    if (!slot) {
      sqlite3_stmt* raw = nullptr;
      if (sqlite3_prepare_v2(db_.get(), query.text(), -1, &raw, nullptr) != SQLITE_OK) {
        fail(query.text());
      }
      slot.reset(raw);
    }
    return slot.get();
  }

  void bind(sqlite3_stmt* s, std::size_t number, const Value& value) {
    const int at = sqlite3_bind_parameter_index(s, ("$" + std::to_string(number)).c_str());
    struct Bind {
      sqlite3_stmt* s;
      int at;
      int operator()(std::monostate) const { return sqlite3_bind_null(s, at); }
      int operator()(std::int64_t v) const { return sqlite3_bind_int64(s, at, v); }
      int operator()(double v) const { return sqlite3_bind_double(s, at, v); }
      int operator()(const std::string& v) const {
        return sqlite3_bind_text64(s, at, v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
      }
      int operator()(const Blob& v) const {
        return sqlite3_bind_blob64(s, at, v.bytes.data(), v.bytes.size(), SQLITE_STATIC);
      }
    };
    if (std::visit(Bind{s, at}, value) != SQLITE_OK) fail("bind");
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

  [[noreturn]] void fail(const std::string& doing) const {
    const std::string message =
        "sqlite cannot " + doing + ": " + (db_ ? sqlite3_errmsg(db_.get()) : "out of memory");
    if (db_ && (sqlite3_errcode(db_.get()) & 0xff) == SQLITE_CONSTRAINT) {
      throw ConstraintFailure(message);
    }
    throw Failure(message);
  }

  std::unique_ptr<sqlite3, CloseDatabase> db_;
  std::unordered_map<const char*, Statement> statements_;  // destroyed before db_
};

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::string& path, Access access) {
  return std::make_unique<SqliteConnection>(path, access);
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
