#include "operations/operation_metrics.hpp"

#include <array>
#include <locale>
#include <map>
#include <sstream>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::operations {
namespace {

using prometheus::Counter;
template <class Metric>
using Metrics = prometheus::Family<Metric>;  // of one name
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

constexpr const char* consumer_name = "metrics";
constexpr std::int64_t page = 500;
constexpr std::chrono::milliseconds breath{100};  // between two looks: events come in crowds
constexpr std::chrono::seconds fsync_measured_every{10};
constexpr std::array statuses{OperationStatus::accepted,      OperationStatus::running,
                              OperationStatus::waiting_input, OperationStatus::cancelling,
                              OperationStatus::reverting,     OperationStatus::succeeded,
                              OperationStatus::failed,        OperationStatus::cancelled};
const Buckets queue_buckets{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800};
const Buckets duration_buckets{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 7200};
const char* name_of(OperationStatus status) { return boost::describe::enum_to_string(status, ""); }

double seconds(std::chrono::duration<double> time) { return time.count(); }

template <class Metric>
Metrics<Metric>& family(prometheus::Registry& registry, const char* name, const char* help);
template <>
Metrics<Counter>& family(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
template <>
Metrics<Gauge>& family(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
template <>
Metrics<Histogram>& family(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

void log_transition(const store::OperationEvent& event) {
  log::info("operations", "transition",
            {{"operation_id", event.operation_id.text()},
             {"kind", event.kind.text()},
             {"from", event.from ? Json(name_of(*event.from)) : Json(nullptr)},
             {"to", name_of(event.status)},
             {"revision", event.revision},
             {"seq", event.seq}});
}

// What somebody else counts, brought up to date when somebody looks.
class Mirrored {
 public:
  explicit Mirrored(Metrics<Histogram>& named, const store::Histogram& counts)
      : shown_(named.Add({}, counts.bounds)), last_(counts.bounds) {}

  void show(const store::Histogram& now) {
    std::vector<double> more(now.counts.size());
    for (std::size_t at = 0; at < more.size(); ++at) {
      more[at] = static_cast<double>(now.counts[at] - last_.counts[at]);
    }
    shown_.ObserveMultiple(more, now.sum - last_.sum);
    last_ = now;
  }

 private:
  Histogram& shown_;
  store::Histogram last_;
};

// A count that somebody else keeps.
void raise_to(Counter& counter, std::int64_t value) {
  const double more = static_cast<double>(value) - counter.Value();
  if (more > 0) counter.Increment(more);
}

}  // namespace

struct OperationMetrics::Meters {
  prometheus::Registry registry;

  template <class Metric>
  Metrics<Metric>& make(const char* name, const char* help) {
    return family<Metric>(registry, name, help);
  }

  Metrics<Counter>& accepted = make<Counter>("operations_accepted_total",
                                             "Requests accepted: created, or answered by an "
                                             "operation that was there (joined, replayed)");
  Metrics<Counter>& moves =
      make<Counter>("operation_transitions_total", "Moves from one status to another");
  Metrics<Histogram>& durations = make<Histogram>(
      "operation_duration_seconds", "From the first start of an operation to its end");
  Metrics<Gauge>& live = make<Gauge>("operations_live", "Operations that have not ended");
  Metrics<Gauge>& lag =
      make<Gauge>("feed_lag_events", "Events of the feed that a consumer has not read yet");

  Histogram& queue = make<Histogram>("operation_queue_seconds",
                                     "From the acceptance of an operation to its first start")
                         .Add({}, queue_buckets);
  Gauge& recovered =
      make<Gauge>("operations_recovered", "Operations this start took up from earlier ones")
          .Add({});
  Counter& fenced = make<Counter>("operation_fenced_writes_total",
                                  "Writes refused because the operation had moved on")
                        .Add({});
  Gauge& stalled = make<Gauge>("operations_stalled", "Running operations that are silent").Add({});
  Gauge& slots = make<Gauge>("operation_slots", "Operations that may run at once").Add({});
  Gauge& slots_busy = make<Gauge>("operation_slots_busy", "Slots in use").Add({});
  Counter& gaps =
      make<Counter>("feed_gaps_total", "Events missing from the feed as it was read").Add({});
  Mirrored commits{
      make<Histogram>("store_commit_seconds", "One COMMIT: writing the log and its sync"),
      store::WriteStats().commit_seconds};
  Mirrored batches{make<Histogram>("store_batch_size", "Pieces of work in one commit"),
                   store::WriteStats().batch_pieces};
  Gauge& fsync = make<Gauge>("store_fsync_seconds",
                             "What a sync of 4 KiB beside the database takes, the middle of a few, "
                             "measured at most every ten seconds")
                     .Add({});
  std::chrono::steady_clock::time_point fsync_measured_at{};
  Gauge& wal = make<Gauge>("store_wal_bytes", "The store's write-ahead log").Add({});

  // Looking a metric up by its labels costs more than to raise it.
  struct OfKind {
    Counter *created, *joined, *replayed;
    std::array<Histogram*, statuses.size()> durations{};  // made when there is one
  };
  std::map<std::string, OfKind, std::less<>> kinds;
  OfKind& other;
  std::array<Gauge*, statuses.size()> live_by_status{};
  std::array<std::array<Counter*, statuses.size()>, statuses.size()> moves_by_status{};

  explicit Meters(const std::vector<OperationKind>& known) : other(add_kind("other")) {
    for (const auto& kind : known) add_kind(kind.text());
    for (const auto status : statuses) {
      if (is_terminal(status)) continue;
      live_by_status[number(status)] = &live.Add({{"status", name_of(status)}});
    }
  }

  static std::size_t number(OperationStatus status) { return static_cast<std::size_t>(status); }

  OfKind& add_kind(const std::string& kind) {
    const auto counter = [&](const char* how) {
      return &accepted.Add({{"kind", kind}, {"how", how}});
    };
    return kinds.emplace(kind, OfKind{counter("created"), counter("joined"), counter("replayed")})
        .first->second;
  }

  OfKind& of(const OperationKind& kind) {
    const auto known = kinds.find(kind.text());
    return known == kinds.end() ? other : known->second;
  }

  Gauge& live_in(OperationStatus status) { return *live_by_status[number(status)]; }

  Counter& move(OperationStatus from, OperationStatus to) {
    auto& known = moves_by_status[number(from)][number(to)];
    if (!known) known = &moves.Add({{"from", name_of(from)}, {"to", name_of(to)}});
    return *known;
  }

  Histogram& duration(const OperationKind& kind, OperationStatus status) {
    auto& of_kind = of(kind);
    auto& known = of_kind.durations[number(status)];
    if (!known) {
      const auto label = &of_kind == &other ? "other" : kind.text();
      known = &durations.Add({{"kind", label}, {"status", name_of(status)}}, duration_buckets);
    }
    return *known;
  }
};

// What lives, as far as the feed has been read.
struct OperationMetrics::Live {
  struct One {
    OperationStatus status = OperationStatus::accepted;
    std::int64_t revision = 0;
    Time accepted_at{};
    std::optional<Time> started_at;
  };
  std::unordered_map<std::string, One> all;
};

OperationMetrics::OperationMetrics(OperationManager& manager)
    : manager_(manager),
      store_(manager.store()),
      meters_(std::make_unique<Meters>(manager.kinds())),
      live_(std::make_unique<Live>()) {}

OperationMetrics::~OperationMetrics() { stop(); }

void OperationMetrics::start() {
  commits_ = store_.database().commits().subscribe([this] {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    wake_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

void OperationMetrics::stop() {
  if (!thread_.joinable()) return;
  commits_ = {};
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void OperationMetrics::run() {
  name_this_thread("metrics");
  for (bool stopping = false; !stopping;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, breath, [this] { return stopping_; });
      wake_.wait(lock, [this] { return rung_ || stopping_; });
      rung_ = false;
      stopping = stopping_;
    }
    try {
      const std::lock_guard lock(reading_);
      catch_up();
      if (stopping) feed_.reset();  // keeps its place
    } catch (const std::exception& error) {
      log::error("operations", "metrics_failed", {{"error", error.what()}});
    }
  }
}

// What lived when the feed was read up to the cursor is not known any more: what lives now will do,
// since an event that is older than a state is told by its revision.
void OperationMetrics::begin() {
  feed_.emplace(store_, consumer_name, store::CursorKind::durable);
  for (const auto& state : store_.live()) {
    live_->all[state.operation_id.text()] = {state.status, state.revision, state.created_at,
                                             state.started_at};
    meters_->live_in(state.status).Increment();
  }
}

void OperationMetrics::catch_up() {
  if (!feed_) begin();
  for (;;) {
    const auto events = feed_->next(page);
    if (!events) {  // pruned: what is missing cannot be told any more
      const auto lag = feed_->lag();
      log::warning("operations", "feed_skipped", {{"events", lag}});
      skipped_ += lag;
      return feed_->skip_to_end();
    }
    for (const auto& event : *events) {
      count(event);
      show(event);
      if (event.from != event.status) log_transition(event);
    }
    feed_->done();
    if (std::ssize(*events) < page) return;
  }
}

void OperationMetrics::count(const store::OperationEvent& event) {
  if (!event.from) {
    meters_->of(event.kind).created->Increment();
  } else if (*event.from != event.status) {
    meters_->move(*event.from, event.status).Increment();
  }
}

// In the gauges and histograms.
void OperationMetrics::show(const store::OperationEvent& event) {
  const auto& id = event.operation_id.text();
  auto found = live_->all.find(id);
  if (found == live_->all.end()) {
    if (event.from) return;  // began before this start, and had ended when it began
    found = live_->all.emplace(id, Live::One{.accepted_at = event.at, .started_at = {}}).first;
    meters_->live_in(OperationStatus::accepted).Increment();
  }
  auto& one = found->second;
  const bool starts = event.status == OperationStatus::running && event.from != event.status &&
                      one.started_at.value_or(event.at) == event.at;
  if (starts) {
    one.started_at = event.at;
    meters_->queue.Observe(seconds(event.at - one.accepted_at));
  }
  if (event.revision <= one.revision) return;  // begin() has seen it so
  meters_->live_in(one.status).Decrement();
  one.revision = event.revision;
  one.status = event.status;
  if (!is_terminal(event.status)) {
    meters_->live_in(event.status).Increment();
    return;
  }
  if (one.started_at) {
    meters_->duration(event.kind, event.status).Observe(seconds(event.at - *one.started_at));
  }
  live_->all.erase(found);
}

void OperationMetrics::answered(const OperationKind& kind, store::Acceptance how) {
  auto& of_kind = meters_->of(kind);
  switch (how) {
    case store::Acceptance::created: return;  // the feed tells
    case store::Acceptance::joined: return of_kind.joined->Increment();
    case store::Acceptance::replayed: return of_kind.replayed->Increment();
  }
}

void OperationMetrics::add_consumer(const std::string& name, std::function<std::int64_t()> lag) {
  const std::lock_guard lock(reading_);
  consumers_.emplace_back(name, std::move(lag));
}

void OperationMetrics::show_store() {
  raise_to(meters_->fenced, store_.fenced_writes());
  const auto stats = store_.database().stats();
  meters_->commits.show(stats.commit_seconds);
  meters_->batches.show(stats.batch_pieces);
  meters_->wal.Set(static_cast<double>(stats.wal_bytes));
  const auto now = std::chrono::steady_clock::now();
  if (now - meters_->fsync_measured_at < fsync_measured_every) return;
  meters_->fsync_measured_at = now;
  if (const auto took = store_.database().measure_fsync()) meters_->fsync.Set(seconds(*took));
}

void OperationMetrics::show_load() {
  const auto load = manager_.load();
  meters_->stalled.Set(static_cast<double>(load.stalled));
  meters_->slots.Set(static_cast<double>(load.slots));
  meters_->slots_busy.Set(static_cast<double>(load.slots_busy));
  meters_->recovered.Set(static_cast<double>(manager_.recovered_count()));
}

std::string OperationMetrics::text() {
  const std::lock_guard lock(reading_);
  catch_up();
  for (const auto& [name, lag] : consumers_) {
    meters_->lag.Add({{"consumer", name}}).Set(static_cast<double>(lag()));
  }
  meters_->lag.Add({{"consumer", consumer_name}}).Set(static_cast<double>(feed_->lag()));
  raise_to(meters_->gaps, feed_->gaps() + skipped_);
  show_store();
  show_load();
  std::ostringstream out;
  out.imbue(std::locale::classic());
  prometheus::TextSerializer().Serialize(out, meters_->registry.Collect());
  return out.str();
}

}  // namespace hub::operations
