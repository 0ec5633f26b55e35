#pragma once
// The hub's database file and how it is shared among threads.
//
// One writer thread owns the only connection that writes or checkpoints. Callers hand it work and
// wait; what waits together is committed together (group commit: one fsync for many). Each piece of
// work runs in its own savepoint, so one that throws takes nothing else with it. Readers have their
// own read-only connections and see only what is committed.
//
// An exclusive file lock keeps a second hub off the same file. Each start gets the next boot epoch.
// When the disk refuses to make a commit durable the process ends at once: after a failed fsync
// nothing in memory can be trusted, and the next start recovers from what is on disk.

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

namespace hub::store {

class Database {
 public:
  // conflict: another hub has this file; invalid: it was written by a newer hub, or is no database.
  static Result<std::unique_ptr<Database>> open(const fs::path& file);
  ~Database();  // commits what waits, then closes
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs work(connection) on the writer thread; returns its result once that is durable. What work
  // throws is thrown here, and nothing of it is kept.
  template <class Work>
  auto write(Work work);

  // Runs work(connection) on this thread in one read transaction.
  template <class Work>
  auto read(Work work);

  // Rings on the writer thread after each commit.
  Doorbell& commits() { return commits_; }

  std::int64_t boot_epoch() const { return boot_epoch_; }
  const std::string& feed_id() const { return feed_id_; }  // new for each database file

 private:
  struct Job {
    std::function<void(sql::Connection&)> work;
    std::promise<void> done;
  };

  Database(FileLock lock, std::string file, std::unique_ptr<sql::Connection> writer);
  void submit(std::function<void(sql::Connection&)> work);
  void run_writer();
  void run_batch(std::deque<Job>& batch);
  std::unique_ptr<sql::Connection> take_reader();
  void give_reader(std::unique_ptr<sql::Connection>);

  FileLock lock_;
  std::string file_;
  std::int64_t boot_epoch_ = 0;
  std::string feed_id_;
  std::unique_ptr<sql::Connection> writer_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;
  bool stopping_ = false;
  Doorbell commits_;

  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<sql::Connection>> readers_;
  std::thread thread_;
};

template <class Work>
auto Database::write(Work work) {
  using Answer = decltype(work(std::declval<sql::Connection&>()));
  if constexpr (std::is_void_v<Answer>) {
    submit([&work](sql::Connection& db) { work(db); });
  } else {
    std::optional<Answer> answer;
    submit([&work, &answer](sql::Connection& db) { answer.emplace(work(db)); });
    return *std::move(answer);
  }
}

template <class Work>
auto Database::read(Work work) {
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
