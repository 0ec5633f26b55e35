#pragma once
// One database connection. Knows no tables. Throws sql::Failure when the database itself fails; an
// empty answer is not a failure. One thread at a time.
//
// SQL is written as literals with parameters $1, $2, …, so that it never contains data and runs
// unchanged on PostgreSQL where that engine is added. SQLite is the only engine today.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace hub::sql {

// Only a literal becomes a Query, so no SQL is ever built from data.
class Query {
 public:
  consteval Query(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  const char* text() const { return text_; }

 private:
  const char* text_;
};

struct Blob {
  std::string bytes;
  friend bool operator==(const Blob&, const Blob&) = default;
};

using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The database refused a row: a UNIQUE, CHECK or trigger said no. Nothing was changed.
class ConstraintFailure : public Failure {
 public:
  using Failure::Failure;
};

class Connection {
 public:
  virtual ~Connection() = default;
  virtual Rows run(Query query, const std::vector<Value>& params = {}) = 0;

  // Several statements separated by ';', for migrations. No parameters, no answer.
  virtual void run_script(Query script) = 0;

  // Rows that the last INSERT, UPDATE or DELETE touched.
  virtual std::int64_t changes() const = 0;

  // Commits when work returns, rolls back when it throws.
  template <class Work>
  auto transaction(Work work);
};

enum class Access {
  read_write,  // creates the file; WAL, synchronous=FULL, foreign keys on
  read_only
};

// `path` is a file, or ":memory:".
std::unique_ptr<Connection> open_sqlite(const std::string& path, Access = Access::read_write);

// What a cell must hold, else Failure: the file is damaged or of another version.
std::int64_t integer(const Value&);
const std::string& text(const Value&);
const std::string& blob(const Value&);
inline bool is_null(const Value& value) { return std::holds_alternative<std::monostate>(value); }

template <class Work>
auto Connection::transaction(Work work) {
  struct Rollback {
    Connection* db;
    ~Rollback() {
      if (!db) return;
      try {
        db->run("ROLLBACK");
      } catch (const Failure&) {  // NOLINT(bugprone-empty-catch): SQLite rolled back by itself
      }
    }
  };
  run("BEGIN IMMEDIATE");
  Rollback guard{this};
  if constexpr (std::is_void_v<decltype(work())>) {
    work();
    run("COMMIT");
    guard.db = nullptr;
  } else {
    auto result = work();
    run("COMMIT");
    guard.db = nullptr;
    return result;
  }
}

}  // namespace hub::sql
