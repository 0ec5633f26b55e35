#include "store/checkpointer.hpp"

#include <cstdlib>
#include <utility>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::store {

Checkpointer::Checkpointer(std::unique_ptr<sql::Connection> db, std::string file)
    : file_(std::move(file)), db_(std::move(db)), thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Checkpointer::ask() {
  {
    const std::lock_guard guard(mutex_);
    if (!asked_) asked_ = sql::CheckpointMode::passive;
  }
  wake_.notify_all();
}

void Checkpointer::restart() {
  std::unique_lock guard(mutex_);
  asked_ = sql::CheckpointMode::restart;
  wake_.notify_all();
  idle_.wait(guard, [this] { return !asked_ && !moving_; });
}

void Checkpointer::run() {
  name_this_thread("checkpoint");
  std::unique_lock guard(mutex_);
  for (;;) {
    wake_.wait(guard, [this] { return stopping_ || asked_; });
    if (stopping_) return;
    const auto mode = *std::exchange(asked_, std::nullopt);
    moving_ = true;
    guard.unlock();
    move(mode);
    guard.lock();
    moving_ = false;
    idle_.notify_all();
  }
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
