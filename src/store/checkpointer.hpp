#pragma once
// Moves the write-ahead log into the database file, on a thread and a connection of its own: it
// takes some ten milliseconds of the disk, and the writer would stand still for them.
//
// The log begins anew with the first commit that finds all of it moved. SQLite before 3.51.3 can
// lose pages when a checkpoint begins at that very moment on another connection
// (sqlite.org/wal.html#walresetbug). It never does here: a checkpoint is begun by the writer
// between two of its transactions, when the log holds frames that are not moved, and a third
// connection reads from the log until it is over, so that it cannot begin anew meanwhile.
//
// While commits go on the log therefore keeps growing; restart() moves what came last with the
// writer at rest.
//
// A full disk is logged, and everything is in the log still. Any other failure, of a sync above
// all, ends the process (database.hpp).

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "sql/connection.hpp"

namespace hub::store {

class Checkpointer {
 public:
  // Two connections of its own; `file` is for the log only.
  Checkpointer(std::unique_ptr<sql::Connection> db, std::unique_ptr<sql::Connection> anchor,
               std::string file);
  ~Checkpointer();  // ends what is under way, begins nothing
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Both on the writer's thread, outside of a transaction.
  // begin(): after a commit that wrote to the log. Does not wait; false: it is still at work, or
  // the anchor could not be cast: nothing was begun.
  bool begin();
  // The log begins anew with the next commit, unless a reader stands in the way for longer than a
  // second.
  void restart();

  std::int64_t count() const { return count_; }  // how many have succeeded

 private:
  void run();
  void move(sql::CheckpointMode mode);
  bool cast_anchor();
  void raise_anchor();

  const std::string file_;
  std::atomic<std::int64_t> count_{0};
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::optional<sql::CheckpointMode> asked_;  // until it is done
  bool stopping_ = false;
  std::unique_ptr<sql::Connection> db_;      // the thread's own
  std::unique_ptr<sql::Connection> anchor_;  // the thread's while something is asked
  std::thread thread_;
};

}  // namespace hub::store
