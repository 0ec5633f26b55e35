#include "store/checkpointer.hpp"

#include <cstdlib>
#include <utility>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::store {

Checkpointer::Checkpointer(std::unique_ptr<sql::Connection> db,
                           std::unique_ptr<sql::Connection> anchor, std::string file)
    : file_(std::move(file)),
      db_(std::move(db)),
      anchor_(std::move(anchor)),
      thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Checkpointer::begin() {
  {
    const std::lock_guard guard(mutex_);
    if (asked_ || !cast_anchor()) return false;
    asked_ = sql::CheckpointMode::passive;
  }
  wake_.notify_all();
  return true;
}

void Checkpointer::restart() {
  std::unique_lock guard(mutex_);
  idle_.wait(guard, [this] { return !asked_; });
  asked_ = sql::CheckpointMode::restart;
  wake_.notify_all();
  idle_.wait(guard, [this] { return !asked_; });
}

void Checkpointer::run() {
  name_this_thread("checkpoint");
  std::unique_lock guard(mutex_);
  for (;;) {
    wake_.wait(guard, [this] { return stopping_ || asked_; });
    if (!asked_) return;
    const auto mode = *asked_;
    guard.unlock();
    move(mode);
    if (mode == sql::CheckpointMode::passive) raise_anchor();
    guard.lock();
    asked_.reset();
    idle_.notify_all();
  }
}

// A read transaction on what is in the log now.
bool Checkpointer::cast_anchor() {
  try {
    anchor_->run("BEGIN");
    anchor_->run("SELECT 1 FROM sqlite_master LIMIT 1");
    return true;
  } catch (const sql::Failure& failure) {
    log::warning("store", "checkpoint_put_off", {{"error", failure.what()}, {"file", file_}});
    raise_anchor();
    return false;
  }
}

void Checkpointer::raise_anchor() {
  if (anchor_->in_transaction()) anchor_->run("ROLLBACK");
}

void Checkpointer::move(sql::CheckpointMode mode) {
  try {
    db_->checkpoint(mode);
    ++count_;
  } catch (const sql::DiskFull& full) {
    log::error("store", "checkpoint_disk_full", {{"error", full.what()}, {"file", file_}});
  } catch (const sql::Failure& failure) {
    log::error("store", "checkpoint_failed", {{"error", failure.what()}, {"file", file_}});
    std::_Exit(EXIT_FAILURE);
  }
}

}  // namespace hub::store
