#pragma once
// One database connection. Knows no tables. Throws sql::Failure when the database itself fails; an
// empty answer is not a failure. One thread at a time.
//
// SQL is written as literals with parameters $1, $2, …, so that it never contains data and runs
// unchanged on PostgreSQL where that engine is added. SQLite is the only engine today.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
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

// What a cell holds.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

// What a statement is given for a parameter. Text is looked at, not copied: a Param lives no longer
// than the call that it is written in.
class Param {
 public:
  struct BlobView {
    std::string_view bytes;
  };
  using Held = std::variant<std::monostate, std::int64_t, double, std::string_view, BlobView>;

  // NOLINTBEGIN(google-explicit-constructor): a parameter is whatever stands in its place
  Param() = default;  // NULL
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Param(T number) : held_(static_cast<std::int64_t>(number)) {}
  Param(double number) : held_(number) {}
  Param(std::string_view text) : held_(text) {}
  Param(const std::string& text) : held_(std::string_view(text)) {}
  Param(const char* text) : held_(std::string_view(text)) {}
  Param(const Blob& blob) : held_(BlobView{blob.bytes}) {}
  Param(const Value& value);
  // NOLINTEND(google-explicit-constructor)

  const Held& held() const { return held_; }

 private:
  Held held_;
};

class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The database refused a row: a UNIQUE, CHECK or trigger said no. Nothing was changed.
class ConstraintFailure : public Failure {
 public:
  using Failure::Failure;
};

// No room on the disk. The transaction is lost, the file is not harmed: later it may work.
class DiskFull : public Failure {
 public:
  using Failure::Failure;
};

// The file is not what it should be, here or there.
class Damaged : public Failure {
 public:
  using Failure::Failure;
};

// Another connection kept the database locked for longer than we wait.
class Busy : public Failure {
 public:
  using Failure::Failure;
};

enum class CheckpointMode {
  passive,  // moves what no reader stands in the way of; waits for nobody
  restart   // waits a second for readers, so that the log begins anew with the next commit
};

struct Checkpoint {
  std::int64_t wal_pages = 0;
  std::int64_t moved_pages = 0;  // of those: now in the file and synced
};

class Connection {
 public:
  virtual ~Connection() = default;
  Rows run(Query query, std::initializer_list<Param> params = {}) {
    return run_with(query, {params.begin(), params.size()});
  }
  virtual Rows run_with(Query query, std::span<const Param> params) = 0;

  // Several statements separated by ';', for migrations. No parameters, no answer.
  virtual void run_script(Query script) = 0;

  // Rows that the last INSERT, UPDATE or DELETE touched.
  virtual std::int64_t changes() const = 0;
  virtual std::int64_t last_inserted() const = 0;  // its INTEGER PRIMARY KEY

  // False after a failure that made SQLite roll back by itself.
  virtual bool in_transaction() const = 0;

  // The write-ahead log. Nothing of it is moved into the file unless checkpoint() is called.
  virtual std::int64_t wal_pages() const = 0;    // after our last commit
  virtual std::int64_t wal_commits() const = 0;  // of ours that wrote to it
  virtual Checkpoint checkpoint(CheckpointMode) = 0;

  // Commits when work returns, rolls back when it throws.
  template <class Work>
  auto transaction(Work work);
};

enum class Access {
  read_write,  // creates the file; WAL, synchronous=FULL, foreign keys on, no checkpoint by itself
  read_only,
  scratch  // read_write without a log: for copies nobody else looks at
};

// `path` is a file, or ":memory:". Waits `busy_ms_max` for a lock of another connection.
std::unique_ptr<Connection> open_sqlite(const std::string& path, Access = Access::read_write,
                                        int busy_ms_max = 10'000);

// What is wrong with the file, and with references between its tables; empty when nothing is.
std::vector<std::string> check_integrity(Connection&);

// Copies what is committed in one database file, as of now, into another, which it replaces. Others
// may go on writing to the first one.
void copy_database(const std::string& from, const std::string& to);

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
