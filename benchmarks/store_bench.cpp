// What durability costs: the store's group commit beside one transaction per accept and beside a
// whole JSON file rewritten at each transition, and F, the disk's own fdatasync of 4 KiB, all in
// one run and one folder, so that the ratios mean something. benchmarks/run prints those.
//
//   store_bench [options of Google Benchmark]     TMPDIR: where the files are

#include <semaphore>

#include <benchmark/benchmark.h>

#include "base/files.hpp"
#include "disk_probe.hpp"
#include "sample_operation.hpp"

namespace hub::benchmarks {
namespace {

constexpr std::int64_t in_flight = 64;
constexpr std::int64_t accepts_per_round = 4096;

// A store on the disk, with room for everything.
class DiskStore {
 public:
  DiskStore()
      : database_(open()),
        store_(*database_, clock_, options()),
        commits_before_(database_->stats().commits) {}

  store::OperationStore& store() { return store_; }
  store::Database& database() { return *database_; }
  Time now() const { return clock_.now(); }
  std::int64_t commits() const { return database_->stats().commits - commits_before_; }

 private:
  std::unique_ptr<store::Database> open() const {
    auto opened = store::Database::open(folder_.path() / "hub.db");
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  static store::StoreOptions options() {
    store::StoreOptions options;
    options.live_max = options.live_per_initiator_max = 1'000'000'000;
    return options;
  }

  const TemporaryDirectory folder_;
  const SystemClock clock_;
  std::unique_ptr<store::Database> database_;
  store::OperationStore store_;
  const std::int64_t commits_before_;  // opening counts too
};

void note_times(benchmark::State& state, std::vector<Nanoseconds>& times) {
  state.counters["p50_ms"] = in_ms(percentile(times, 0.5));
  state.counters["p99_ms"] = in_ms(percentile(times, 0.99));
}

void disk_fdatasync(benchmark::State& state) {
  const TemporaryDirectory folder;
  std::vector<Nanoseconds> p50s, p99s;
  for (auto _ : state) {
    const auto disk = measure_disk(folder.path(), 100);
    p50s.push_back(disk.p50);
    p99s.push_back(disk.p99);
  }
  state.counters["p50_ms"] = in_ms(percentile(p50s, 0.5));
  state.counters["p99_ms"] = in_ms(percentile(p99s, 0.5));
}

// 64 callers, none of whom waits for another: what waits together is committed together.
void accept_64_in_flight(benchmark::State& state) {
  DiskStore disk;
  std::int64_t number = 0;
  std::vector<Nanoseconds> times;
  std::atomic<std::int64_t> refused{0};
  for (auto _ : state) {
    std::vector<Nanoseconds> round(static_cast<std::size_t>(accepts_per_round));
    std::counting_semaphore<in_flight> room(in_flight);
    for (auto& time : round) {
      room.acquire();
      const auto start = std::chrono::steady_clock::now();
      disk.store().accept(sample_install(number++, disk.now()),
                          [&, start](const Result<store::Accepted>& accepted) {
                            time = std::chrono::steady_clock::now() - start;
                            if (!accepted) ++refused;
                            room.release();
                          });
    }
    for (std::int64_t i = 0; i < in_flight; ++i) room.acquire();
    times.insert(times.end(), round.begin(), round.end());
  }
  if (refused > 0) state.SkipWithError("accepts were refused");
  state.SetItemsProcessed(number);
  note_times(state, times);
  state.counters["per_commit"] = static_cast<double>(number) / static_cast<double>(disk.commits());
}

void accept_one_by_one(benchmark::State& state) {
  DiskStore disk;
  std::int64_t number = 0;
  std::vector<Nanoseconds> times;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    if (!disk.store().accept(sample_install(number++, disk.now()))) {
      state.SkipWithError("an accept was refused");
    }
    times.push_back(std::chrono::steady_clock::now() - start);
  }
  state.SetItemsProcessed(number);
  note_times(state, times);
  state.counters["per_commit"] = static_cast<double>(number) / static_cast<double>(disk.commits());
}

// One state file that holds them all, written beside, synced, renamed over, its folder synced.
void rewrite_whole_file(benchmark::State& state) {
  const TemporaryDirectory folder;
  boost::json::object operations;
  const SystemClock clock;
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const auto sample = sample_install(i, clock.now());
    ids.push_back(sample.state.operation_id.text());
    operations[ids.back()] = {{"state", to_json(sample.state)}, {"intent", sample.intent}};
  }
  std::int64_t number = 0;
  std::vector<Nanoseconds> times;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const auto& id = ids[static_cast<std::size_t>(number) % ids.size()];
    operations[id].as_object()["state"].as_object()["revision"] = ++number;
    if (!write_file_atomic(folder.path() / "state.json", boost::json::serialize(operations))) {
      state.SkipWithError("the file was not written");
    }
    times.push_back(std::chrono::steady_clock::now() - start);
  }
  state.SetItemsProcessed(number);
  note_times(state, times);
}

// Done(i) and intent(i + 1) share a commit.
store::OperationChange step_done(int i, int steps, const std::string& next) {
  store::OperationChange change;
  change.steps.push_back(
      {.no = i, .name = "step_" + std::to_string(i), .phase = store::StepPhase::done, .notes = {}});
  const bool last = i + 1 == steps;
  if (last) {
    change.status = OperationStatus::succeeded;
  } else {
    change.steps.push_back({.no = i + 1, .name = next, .notes = {}});
  }
  change.edit = [i, last](OperationState& shown) {
    shown.steps.at(static_cast<std::size_t>(i)).status = StepStatus::done;
    if (last) {
      shown.effects = Effects::applied;
    } else {
      shown.steps.at(static_cast<std::size_t>(i) + 1).status = StepStatus::running;
    }
  };
  return change;
}

void accept_and_run_steps(benchmark::State& state) {
  DiskStore disk;
  const auto steps = static_cast<int>(state.range(0));
  const std::vector kinds{OperationKind("skill.install")};
  std::int64_t number = 0;
  for (auto _ : state) {
    const auto accepted = disk.store().accept(sample_of_steps(number++, steps, disk.now()));
    const auto claimed = disk.store().claim(kinds, Priority::normal);
    if (!accepted || !claimed) return state.SkipWithError("nothing to run");
    for (int i = 0; i < steps; ++i) {
      if (!disk.store().advance(claimed->state.operation_id,
                                step_done(i, steps, "step_" + std::to_string(i + 1)))) {
        return state.SkipWithError("a step was refused");
      }
    }
  }
  const auto commits = static_cast<double>(disk.commits()) / static_cast<double>(number);
  if (commits > steps + 2) state.SkipWithError("more commits than steps + 2");
  state.SetItemsProcessed(number);
  state.counters["commits"] = commits;
}

// Real time: most of it is spent waiting for the disk, on another thread.
BENCHMARK(disk_fdatasync)->UseRealTime()->MinTime(1);
BENCHMARK(accept_64_in_flight)->UseRealTime()->MinTime(3);
BENCHMARK(accept_one_by_one)->UseRealTime()->MinTime(2);
BENCHMARK(rewrite_whole_file)->Arg(100)->Arg(1000)->UseRealTime()->MinTime(2);
BENCHMARK(accept_and_run_steps)->Arg(1)->Arg(4)->Arg(12)->UseRealTime()->MinTime(1);

}  // namespace
}  // namespace hub::benchmarks

BENCHMARK_MAIN();
