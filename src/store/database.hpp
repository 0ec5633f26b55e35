#pragma once
// The hub's database file and how it is shared among threads.
//
// One writer thread owns the only connection that writes. Callers hand it pieces of work; what
// waits together is committed together (group commit: one fsync for many). A piece that throws
// takes nothing else with it. Readers have their own read-only connections and see only what is
// committed. The log is moved into the file beside them (checkpointer.hpp).
//
// An exclusive file lock keeps a second hub off the same file. Each start gets the next boot epoch.
//
// When the disk is full or a foreign process holds the lock, the pieces of that batch fail
// (sql::DiskFull, sql::Busy) and the hub goes on: nothing of them was committed. When the disk
// refuses to make a commit durable in any other way, a failed fsync above all, the process ends at
// once: nothing in memory can be trusted then, and the next start recovers from what is on disk.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/doorbell.hpp"
#include "base/files.hpp"
#include "base/result.hpp"
#include "sql/connection.hpp"
#include "store/checkpointer.hpp"
#include "store/write_stats.hpp"

namespace hub::store {

struct DatabaseOptions {
  std::chrono::milliseconds busy_max{5'000};  // how long to wait for a foreign program's lock
  // The write-ahead log is moved into the file when nothing was written for a moment, and in
  // between each time it has grown by wal_bytes_busy. Beyond wal_bytes_max the writer waits until
  // all of it is moved and no reader needs it, at most a second, so that it begins anew.
  std::chrono::milliseconds idle_before_checkpoint{100};
  std::int64_t wal_bytes_busy = std::int64_t{16} << 20;
  std::int64_t wal_bytes_max = std::int64_t{32} << 20;
};

class Database {
 public:
  // Runs on the writer thread, inside a transaction. It may run more than once, when something else
  // in its batch made that roll back: it changes the database, its own answer, and what
  // if_rolled_back() can take back.
  using Work = std::function<void(sql::Connection&)>;
  // Called on the writer thread: empty when the work is durable, else what it threw. Must be quick
  // and must not wait for the database.
  using Done = std::function<void(const std::exception_ptr&)>;

  // conflict: another hub has this file ("base_directory_in_use"), or another program does
  // ("database_busy"); invalid: as examine() (hub_file.hpp); exhausted: "disk_full".
  static Result<std::unique_ptr<Database>> open(const fs::path& file, DatabaseOptions = {});
  ~Database();  // commits what waits, then closes
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs work(connection) on the writer thread; returns its result once that is durable. What work
  // throws is thrown here, and nothing of it is kept.
  template <class Piece>
  auto write(Piece work);

  // The same without waiting. Throws sql::Failure when the database is closing.
  void write_async(Work work, Done done);

  // Inside a piece: how to take back what it did in memory, should it be rolled back. Called on the
  // writer thread, last given first.
  void if_rolled_back(std::function<void()> take_back);

  // Runs work(connection) on this thread in one read transaction.
  template <class Piece>
  auto read(Piece work);

  // Rings on the writer thread after each commit.
  Doorbell& commits() { return commits_; }

  WriteStats stats() const;
  // What a sync of 4 KiB beside the file takes in the middle, now. unavailable: it cannot be told.
  Result<std::chrono::microseconds> measure_fsync() const;
  // Reads the whole file, which takes minutes when it is large, on this thread; what is wrong with
  // it, empty when nothing is. Writers are not in its way.
  std::vector<std::string> check_integrity();

  const fs::path& file() const { return file_; }
  std::int64_t boot_epoch() const { return boot_epoch_; }
  const std::string& feed_id() const { return feed_id_; }  // new for each database file

 private:
  struct Job {
    Work work;
    Done done;
    std::exception_ptr thrown;
  };

  struct Connections {
    std::unique_ptr<sql::Connection> writer, checkpointer, anchor;
  };
  static Result<Connections> connect(const fs::path& file, const DatabaseOptions&);
  Database(FileLock lock, fs::path file, DatabaseOptions, Connections);
  void run_writer();
  bool next_batch(std::deque<Job>& batch);
  void run_batch(std::deque<Job>& batch);
  bool run_together(std::deque<Job>& batch);
  void run_alone(Job& job);
  std::exception_ptr commit();
  void roll_back();
  void count(const std::deque<Job>& batch);
  void move_log();
  void checkpoint_if_long();
  std::unique_ptr<sql::Connection> take_reader();
  void give_reader(std::unique_ptr<sql::Connection>);

  FileLock lock_;
  fs::path file_;
  DatabaseOptions options_;
  std::int64_t boot_epoch_ = 0;
  std::string feed_id_;
  std::unique_ptr<sql::Connection> writer_;
  Checkpointer checkpointer_;
  mutable std::mutex stats_mutex_;
  WriteStats stats_;

  // The writer thread's own:
  std::vector<std::function<void()>> take_backs_;  // of this transaction
  std::int64_t page_bytes_ = 0;
  std::int64_t wal_pages_asked_ = 0;    // the log's length when it was last to be moved
  std::int64_t wal_commits_asked_ = 0;  // of the writer, then

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;
  bool stopping_ = false;
  Doorbell commits_;

  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<sql::Connection>> readers_;
  std::thread thread_;
};

template <class Piece>
auto Database::write(Piece work) {
  using Answer = decltype(work(std::declval<sql::Connection&>()));
  // Shared: this thread may be gone while the writer is still inside set_value().
  const auto promise = std::make_shared<std::promise<void>>();
  auto written = promise->get_future();
  const Done done = [promise](const std::exception_ptr& thrown) {
    if (thrown) {
      promise->set_exception(thrown);
    } else {
      promise->set_value();
    }
  };
  if constexpr (std::is_void_v<Answer>) {
    write_async([&work](sql::Connection& db) { work(db); }, done);
    written.get();
  } else {
    std::optional<Answer> answer;
    write_async([&work, &answer](sql::Connection& db) { answer.emplace(work(db)); }, done);
    written.get();
    return *std::move(answer);
  }
}

template <class Piece>
auto Database::read(Piece work) {
  struct Loan {
    Database& owner;
    std::unique_ptr<sql::Connection> db;
    ~Loan() {
      try {
        db->run("ROLLBACK");
        owner.give_reader(std::move(db));
      } catch (const sql::Failure&) {  // NOLINT(bugprone-empty-catch): a broken reader is dropped
      }
    }
  };
  const Loan loan{*this, take_reader()};
  loan.db->run("BEGIN");
  return work(*loan.db);
}

}  // namespace hub::store
