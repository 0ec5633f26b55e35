#pragma once
// Moves the write-ahead log into the database file, on a thread and a connection of its own: it
// takes some ten milliseconds of the disk, and the writer would stand still for them.
//
// While commits go on the log keeps growing, since it can only begin anew when all of it has been
// moved and nobody reads it: restart() waits for that, with only what came last left to move.
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
  // `file` is for the log only.
  Checkpointer(std::unique_ptr<sql::Connection>, std::string file);
  ~Checkpointer();  // ends what is under way, begins nothing
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Any thread. Does not wait; asked for again while it is at work, it goes once more.
  void ask();
  // The writer's thread, outside of a transaction: the log begins anew with the next commit, unless
  // a reader stands in the way for longer than a second.
  void restart();

  std::int64_t count() const { return count_; }  // how many have succeeded

 private:
  void run();
  void move(sql::CheckpointMode mode);

  const std::string file_;
  std::atomic<std::int64_t> count_{0};
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::optional<sql::CheckpointMode> asked_;
  bool moving_ = false;
  bool stopping_ = false;
  std::unique_ptr<sql::Connection> db_;  // the thread's own
  std::thread thread_;
};

}  // namespace hub::store
