#include "driver.hpp"

#include <condition_variable>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <unistd.h>

#include "base/doorbell.hpp"
#include "worker.hpp"

namespace hub::feed_test {
namespace {

constexpr std::chrono::milliseconds poll_interval{50};

// Waits until something was committed, or for a while.
class CommitBell {
 public:
  explicit CommitBell(store::Database& database)
      : subscription_(database.commits().subscribe([this] {
          const std::lock_guard guard(mutex_);
          ++rings_;
          wake_.notify_all();
        })) {}

  std::int64_t rings() {
    const std::lock_guard guard(mutex_);
    return rings_;
  }
  void wait_beyond(std::int64_t seen) {
    std::unique_lock guard(mutex_);
    wake_.wait_for(guard, poll_interval, [&] { return rings_ > seen; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::int64_t rings_ = 0;
  Doorbell::Subscription subscription_;
};

std::vector<EventRecord> events_after(store::OperationStore& store, std::int64_t seq) {
  const auto events = store.events_after(seq, events_per_answer_max);
  if (!events) throw std::logic_error("the feed refused: " + events.error().message);
  std::vector<EventRecord> records;
  for (const auto& event : *events) records.push_back(record_of(event));
  return records;
}

// Delivers, then moves its cursor: a kill in between delivers the same again, never less.
class DurableConsumer {
 public:
  DurableConsumer(store::OperationStore& store, CommitBell& bell, const std::filesystem::path& file)
      : store_(store), bell_(bell), file_(file, sizeof(EventRecord)) {}

  void run(const std::atomic<bool>& stop) {
    auto cursor = store_.cursor(durable_consumer);
    const auto marker = start_marker(cursor);
    file_.append(&marker, sizeof marker);
    for (;;) {
      const auto rings = bell_.rings();
      const bool last_round = stop;
      const auto events = events_after(store_, cursor);
      if (!events.empty()) {
        file_.append(events.data(), events.size() * sizeof(EventRecord));
        cursor = events.back().seq;
        store_.move_cursor(durable_consumer, cursor);
      } else if (last_round) {
        return;
      } else {
        bell_.wait_beyond(rings);
      }
    }
  }

 private:
  store::OperationStore& store_;
  CommitBell& bell_;
  AppendedFile file_;
};

void send_all(int socket, const void* bytes, std::size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto sent = ::write(socket, at, size);
    if (sent <= 0) throw std::system_error(errno, std::generic_category(), "answer the judge");
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

// Answers the judge until it has every event of a driver that has finished.
void serve(store::OperationStore& store, CommitBell& bell, int socket, Shared& shared,
           const std::function<void()>& finish) {
  bool finished = false;
  for (;;) {
    Ask ask;
    if (::read(socket, &ask, sizeof ask) != ssize_t{sizeof ask}) {
      throw std::runtime_error("the judge has gone");
    }
    shared.finishing = ask.finish != 0;
    if (ask.finish != 0 && !finished) {
      finish();
      finished = true;
    }
    const auto rings = bell.rings();
    auto events = events_after(store, ask.after);
    if (events.empty() && !finished) {
      bell.wait_beyond(rings);
      events = events_after(store, ask.after);
    }
    const bool over = finished && events.empty();
    const auto count = over ? std::int64_t{-1} : static_cast<std::int64_t>(events.size());
    send_all(socket, &count, sizeof count);
    send_all(socket, events.data(), events.size() * sizeof(EventRecord));
    if (over) return;
  }
}

// What is wrong in any thread ends the process, with words for the judge.
template <class Work>
void or_end(Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    std::cerr << "driver: " << error.what() << '\n';
    std::_Exit(3);
  }
}

template <class Work>
std::thread guarded(Work work) {
  return std::thread([work = std::move(work)]() mutable { or_end(work); });
}

}  // namespace

void drive(const DriverOptions& options) {
  auto opened = store::Database::open(database_in(options.folder));
  if (!opened) throw std::runtime_error(opened.error().message);
  store::Database& database = **opened;
  const SystemClock clock;
  store::OperationStore store(database, clock);
  const AnswerLog answers(answers_in(options.folder));
  CommitBell bell(database);
  Shared shared(store, answers, clock);

  const auto count = static_cast<std::size_t>(options.workers);
  std::vector<std::vector<store::OperationRecord>> orphans(count);
  std::size_t next = 0;
  for (auto& orphan : store.adopt_orphans()) orphans[next++ % count].push_back(std::move(orphan));
  for (const auto& state : store.live()) {
    shared.remember(state.operation_id);
    if (state.status == OperationStatus::waiting_input) shared.remember_waiting(state.operation_id);
  }

  std::atomic<bool> stop{false};
  DurableConsumer durable(store, bell, durable_in(options.folder));
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < count; ++i) {
    workers.push_back(guarded([&shared, &orphans, i, seed = options.seed + i] {
      Worker(shared, seed).run(std::move(orphans[i]));
    }));
  }
  auto follower = guarded([&durable, &stop] { durable.run(stop); });
  const auto finish = [&] {
    for (auto& worker : workers) worker.join();
    stop = true;
    follower.join();
  };
  const auto serving = [&] { serve(store, bell, options.socket, shared, finish); };
  or_end(serving);
}

}  // namespace hub::feed_test
