#include "store/database.hpp"

#include <cstdlib>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "store/hub_file.hpp"
#include "store/migrations.hpp"

namespace hub::store {
namespace {

constexpr std::size_t batch_max = 256;   // pieces of work in one commit
constexpr std::size_t readers_max = 16;  // idle read connections kept

}  // namespace

Result<Database::Connections> Database::connect(const fs::path& file,
                                                const DatabaseOptions& options) {
  HUB_CHECK(examine(file));
  try {
    const auto open_one = [&] {
      return sql::open_sqlite(file.string(), sql::Access::read_write,
                              static_cast<int>(options.busy_max.count()));
    };
    auto writer = open_one();
    // Nothing is built on the log of an earlier process: if that one ended because a sync had
    // failed, the log may be read from memory and never reach the disk.
    writer->checkpoint(sql::CheckpointMode::restart);
    migrate(*writer);
    auto checkpointer = open_one();
    return Connections{std::move(writer), std::move(checkpointer),
                       sql::open_sqlite(file.string(), sql::Access::read_only)};
  } catch (const sql::Busy& busy) {
    return fail(ErrorCode::conflict, "cannot open " + file.string() + ": " + busy.what(),
                "database_busy", "close the other program that holds the file, then try again");
  } catch (const sql::DiskFull& full) {
    return fail(ErrorCode::exhausted, "cannot open " + file.string() + ": " + full.what(),
                "disk_full", "make room on the disk of the base directory, then start again");
  } catch (const sql::Failure& failure) {
    return fail(ErrorCode::invalid, "cannot open " + file.string() + ": " + failure.what(),
                "database_unreadable",
                "the file was left as it is; restore a backup, or move it away to start afresh");
  }
}

Result<std::unique_ptr<Database>> Database::open(const fs::path& file, DatabaseOptions options) {
  // A hub that was killed leaves its lock with the processes that it was just starting, until they
  // have gone as well.
  constexpr int patience_ms = 1000;
  const std::string lock_file = file.string() + ".lock";
  auto lock = FileLock::try_take(lock_file);
  if (!lock) {
    if (lock.error().code != ErrorCode::conflict) return tl::unexpected(lock.error());
    lock = FileLock::take(lock_file, patience_ms);
  }
  if (!lock) {
    return fail(ErrorCode::conflict,
                "cannot open " + file.string() + ": another hub is using this base directory",
                "base_directory_in_use", "stop the other hub, or give this one its own --base-dir");
  }
  HUB_TRY(connections, connect(file, options));
  return std::unique_ptr<Database>(
      new Database(*std::move(lock), file, options, std::move(connections)));
}

Database::Database(FileLock lock, fs::path file, DatabaseOptions options, Connections connections)
    : lock_(std::move(lock)),
      file_(std::move(file)),
      options_(options),
      writer_(std::move(connections.writer)),
      checkpointer_(std::move(connections.checkpointer), std::move(connections.anchor),
                    file_.string()) {
  writer_->transaction([this] {
    writer_->run("INSERT INTO meta (key, value) VALUES ('feed_id', $1) ON CONFLICT DO NOTHING",
                 {random_hex(8)});
    writer_->run(
        "INSERT INTO meta (key, value) VALUES ('boot_epoch', '1') "
        "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1");
    feed_id_ = sql::text(writer_->run("SELECT value FROM meta WHERE key = 'feed_id'").at(0).at(0));
    boot_epoch_ = std::stoll(
        sql::text(writer_->run("SELECT value FROM meta WHERE key = 'boot_epoch'").at(0).at(0)));
  });
  page_bytes_ = sql::integer(writer_->run("PRAGMA page_size").at(0).at(0));
  thread_ = std::thread([this] { run_writer(); });
}

Database::~Database() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Database::write_async(Work work, Done done) {
  {
    const std::lock_guard guard(mutex_);
    if (stopping_) throw sql::Failure("cannot write: the database is closing");
    waiting_.push_back({std::move(work), std::move(done), nullptr});
  }
  wake_.notify_one();
}

void Database::if_rolled_back(std::function<void()> take_back) {
  take_backs_.push_back(std::move(take_back));
}

void Database::run_writer() {
  name_this_thread("store");
  std::deque<Job> batch;
  while (next_batch(batch)) {
    run_batch(batch);
    count(batch);
    for (auto& job : batch) job.done(job.thrown);
    if (std::ranges::any_of(batch, [](const Job& job) { return !job.thrown; })) commits_.ring();
    batch.clear();
    checkpoint_if_long();
  }
}

// Waits for work; has the log moved into the file when there is none for a moment. False: the end.
bool Database::next_batch(std::deque<Job>& batch) {
  std::unique_lock guard(mutex_);
  const auto something = [this] { return stopping_ || !waiting_.empty(); };
  while (!something()) {
    if (writer_->wal_commits() == wal_commits_asked_) {
      wake_.wait(guard, something);
    } else if (!wake_.wait_for(guard, options_.idle_before_checkpoint, something)) {
      move_log();
    }
  }
  while (!waiting_.empty() && batch.size() < batch_max) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return !batch.empty();
}

void Database::run_batch(std::deque<Job>& batch) {
  if (run_together(batch)) return;
  for (auto& job : batch) run_alone(job);
}

// False: a piece threw, and nothing of the batch was kept.
bool Database::run_together(std::deque<Job>& batch) {
  std::exception_ptr failure;
  try {
    writer_->run("BEGIN IMMEDIATE");
  } catch (const sql::Failure&) {
    failure = std::current_exception();
  }
  if (!failure) {
    try {
      for (auto& job : batch) job.work(*writer_);
    } catch (...) {
      roll_back();
      return false;
    }
    failure = commit();
  }
  for (auto& job : batch) job.thrown = failure;
  return true;
}

void Database::run_alone(Job& job) {
  try {
    writer_->run("BEGIN IMMEDIATE");
    job.work(*writer_);
    job.thrown = commit();
  } catch (...) {
    job.thrown = std::current_exception();
    roll_back();
  }
}

// Answers why nothing was committed, when that is safe to say.
std::exception_ptr Database::commit() {
  const auto began = std::chrono::steady_clock::now();
  try {
    writer_->run("COMMIT");
    take_backs_.clear();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const std::lock_guard guard(stats_mutex_);
    ++stats_.commits;
    stats_.commit_seconds.add(took.count());
    return nullptr;
  } catch (const sql::DiskFull& full) {
    // The last page of a transaction is the one that makes it valid, and it could not be written.
    log::error("store", "disk_full", {{"error", full.what()}, {"file", file_.string()}});
    auto failure = std::current_exception();
    roll_back();
    return failure;
  } catch (const sql::Failure& failure) {
    log::error("store", "commit_failed", {{"error", failure.what()}, {"file", file_.string()}});
    std::_Exit(EXIT_FAILURE);
  }
}

void Database::roll_back() {
  while (!take_backs_.empty()) {
    take_backs_.back()();
    take_backs_.pop_back();
  }
  if (!writer_->in_transaction()) return;  // SQLite did it by itself
  try {
    writer_->run("ROLLBACK");
  } catch (const sql::Failure& failure) {
    log::error("store", "rollback_failed", {{"error", failure.what()}, {"file", file_.string()}});
    std::_Exit(EXIT_FAILURE);
  }
}

void Database::count(const std::deque<Job>& batch) {
  const auto failed =
      std::ranges::count_if(batch, [](const Job& job) { return job.thrown != nullptr; });
  const auto kept = static_cast<std::int64_t>(batch.size()) - failed;
  const std::lock_guard guard(stats_mutex_);
  stats_.pieces += kept;
  stats_.pieces_failed += failed;
  if (kept > 0) stats_.batch_pieces.add(static_cast<double>(kept));
  stats_.wal_bytes = writer_->wal_pages() * page_bytes_;
}

void Database::move_log() {
  if (!checkpointer_.begin()) return;
  wal_pages_asked_ = writer_->wal_pages();
  wal_commits_asked_ = writer_->wal_commits();
}

void Database::checkpoint_if_long() {
  const auto pages = writer_->wal_pages();
  if (pages < wal_pages_asked_) wal_pages_asked_ = 0;  // it began anew
  if (writer_->wal_commits() == wal_commits_asked_) return;
  if ((pages - wal_pages_asked_) * page_bytes_ < options_.wal_bytes_busy) return;
  if (pages * page_bytes_ < options_.wal_bytes_max) return move_log();
  checkpointer_.restart();
  wal_pages_asked_ = pages;
  wal_commits_asked_ = writer_->wal_commits();
}

WriteStats Database::stats() const {
  const std::lock_guard guard(stats_mutex_);
  auto stats = stats_;
  stats.checkpoints = checkpointer_.count();
  return stats;
}

Result<std::chrono::microseconds> Database::measure_fsync() const {
  return store::measure_fsync(file_.string() + ".sync-probe");
}

std::vector<std::string> Database::check_integrity() {
  return read([](sql::Connection& db) { return sql::check_integrity(db); });
}

std::unique_ptr<sql::Connection> Database::take_reader() {
  {
    const std::lock_guard guard(readers_mutex_);
    if (!readers_.empty()) {
      auto reader = std::move(readers_.back());
      readers_.pop_back();
      return reader;
    }
  }
  return sql::open_sqlite(file_.string(), sql::Access::read_only);
}

void Database::give_reader(std::unique_ptr<sql::Connection> reader) {
  const std::lock_guard guard(readers_mutex_);
  if (readers_.size() < readers_max) readers_.push_back(std::move(reader));
}

}  // namespace hub::store
