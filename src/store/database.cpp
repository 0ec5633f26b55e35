#include "store/database.hpp"

#include <cstdlib>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "store/migrations.hpp"

namespace hub::store {
namespace {

constexpr std::size_t batch_max = 256;   // pieces of work in one commit
constexpr std::size_t readers_max = 16;  // idle read connections kept

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const fs::path& file) {
  auto lock = FileLock::try_take(file.string() + ".lock");
  if (!lock) {
    if (lock.error().code != ErrorCode::conflict) return tl::unexpected(lock.error());
    return fail(ErrorCode::conflict,
                "cannot open " + file.string() + ": another hub is using this base directory",
                "base_directory_in_use", "stop the other hub, or give this one its own --base-dir");
  }
  try {
    auto writer = sql::open_sqlite(file.string());
    HUB_CHECK(migrate(*writer, file));
    return std::unique_ptr<Database>(
        new Database(*std::move(lock), file.string(), std::move(writer)));
  } catch (const sql::Failure& failure) {
    return fail(ErrorCode::invalid, "cannot open " + file.string() + ": " + failure.what(),
                "database_unreadable",
                "the file was left as it is; restore a backup, or move it away to start afresh");
  }
}

Database::Database(FileLock lock, std::string file, std::unique_ptr<sql::Connection> writer)
    : lock_(std::move(lock)), file_(std::move(file)), writer_(std::move(writer)) {
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

void Database::submit(std::function<void(sql::Connection&)> work) {
  std::future<void> done;
  {
    const std::lock_guard guard(mutex_);
    if (stopping_) throw sql::Failure("cannot write: the database is closing");
    waiting_.push_back({std::move(work), {}});
    done = waiting_.back().done.get_future();
  }
  wake_.notify_one();
  done.get();
}

void Database::run_writer() {
  for (;;) {
    std::deque<Job> batch;
    {
      std::unique_lock guard(mutex_);
      wake_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      while (!waiting_.empty() && batch.size() < batch_max) {
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    run_batch(batch);
    commits_.ring();
  }
}

void Database::run_batch(std::deque<Job>& batch) {
  std::vector<std::exception_ptr> thrown(batch.size());
  try {
    writer_->run("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < batch.size(); ++i) {
      writer_->run("SAVEPOINT piece");
      try {
        batch[i].work(*writer_);
      } catch (...) {
        thrown[i] = std::current_exception();
        writer_->run("ROLLBACK TO piece");
      }
      writer_->run("RELEASE piece");
    }
    writer_->run("COMMIT");
  } catch (const sql::Failure& failure) {
    log::error("store", "commit_failed", {{"error", failure.what()}, {"file", file_}});
    std::_Exit(EXIT_FAILURE);
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (thrown[i]) {
      batch[i].done.set_exception(thrown[i]);
    } else {
      batch[i].done.set_value();
    }
  }
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
  return sql::open_sqlite(file_, sql::Access::read_only);
}

void Database::give_reader(std::unique_ptr<sql::Connection> reader) {
  const std::lock_guard guard(readers_mutex_);
  if (readers_.size() < readers_max) readers_.push_back(std::move(reader));
}

}  // namespace hub::store
