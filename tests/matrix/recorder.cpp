#include "matrix/recorder.hpp"

#include <array>
#include <atomic>
#include <shared_mutex>

#include "base/fault_point.hpp"
#include "base/hash.hpp"

namespace hub::matrix {
namespace {

constinit std::atomic<Recorder*> recording{nullptr};
std::shared_mutex in_use;  // shared: by the threads that are at a fault point

std::string name_of(CallKind kind) {
  constexpr std::array<const char*, call_kinds> names{"creation", "write",           "truncation",
                                                      "fsync",    "fsync of folder", "rename",
                                                      "link",     "removal",         "mkdir"};
  return names.at(static_cast<std::size_t>(kind));
}

}  // namespace

std::uint64_t Lottery::number(const std::string& ticket) const {
  const auto digest = sha256(std::to_string(seed_) + " " + ticket);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8U | digest[i];
  return number;
}

bool Lottery::draw(const std::string& ticket, double share) const {
  if (share >= 1) return true;
  constexpr double tickets = 1U << 30U;
  return static_cast<double>(number(ticket) % (1U << 30U)) < share * tickets;
}

Recorder::Recorder(DiskModel& disk, const Lottery& lottery, RecorderOptions options)
    : disk_(disk), lottery_(lottery), options_(std::move(options)) {
  set_fault_hook(pass);
}

Recorder::~Recorder() {
  stop();
  set_fault_hook(nullptr);
}

void Recorder::start(Promises promises) {
  {
    const std::lock_guard guard(mutex_);
    promises_ = std::move(promises);
  }
  recording = this;
  disk_.set_hooks(
      {.before = [this](const Call& call) { at_call(call); }, .skip_sync = options_.skip_sync});
}

void Recorder::stop() {
  recording = nullptr;
  {
    const std::unique_lock nobody(in_use);
  }
  disk_.set_hooks({});
  forget_hub();
}

void Recorder::watch(SmallHub& hub) {
  const std::lock_guard guard(hub_mutex_);
  hub_ = &hub;
}

void Recorder::forget_hub() {
  const std::lock_guard guard(hub_mutex_);
  hub_ = nullptr;
}

void Recorder::was_accepted() {
  const std::lock_guard guard(mutex_);
  promises_.accepted = true;
}

void Recorder::was_cancelled() {
  const std::lock_guard guard(mutex_);
  promises_.cancelled = true;
}

void Recorder::pass(std::string_view point) {
  const std::shared_lock somebody(in_use);
  if (Recorder* one = recording) one->at_point(point);
}

void Recorder::at_point(std::string_view point) {
  {
    const std::lock_guard hub(hub_mutex_);
    if (hub_) {
      if (auto events = hub_->store().events_after(0, 100'000)) {
        const std::lock_guard guard(mutex_);
        if (events->size() > promises_.events.size()) promises_.events = *std::move(events);
      }
    }
  }
  std::size_t number = 0;
  {
    const std::lock_guard guard(mutex_);
    number = ++points_;
  }
  const std::string ticket = options_.ticket + " point " + std::to_string(number);
  if (lottery_.draw(ticket, options_.share_of_points)) take("at " + std::string(point), ticket);
}

void Recorder::at_call(const Call& call) {
  std::size_t number = 0;
  {
    const std::lock_guard guard(mutex_);
    number = ++calls_;
  }
  const std::string ticket = options_.ticket + " call " + std::to_string(number);
  if (!lottery_.draw(ticket, options_.share_of_calls)) return;
  take("before " + name_of(call.kind) + " of " + call.path, ticket);
}

void Recorder::take(const std::string& point, const std::string& ticket) {
  {
    const std::lock_guard guard(mutex_);
    if (taken_ >= options_.copies_max) return;
  }
  if (options_.loss == Loss::power) {
    for (std::size_t i = 0; i < options_.cuts; ++i) cut(point, ticket, i);
    return;
  }
  auto snapshot = next(point, "killed");
  disk_.copy_killed(snapshot.folder);
  keep(std::move(snapshot));
}

// The first loses everything that was not synced, the second nothing, the others roll dice. Fewer
// than these: a random choice of them.
void Recorder::cut(const std::string& point, const std::string& ticket, std::size_t number) {
  const auto draw = lottery_.number(ticket + " cut " + std::to_string(number));
  const auto chosen = options_.cuts >= 4 ? number : draw % 4;
  const auto fate = options_.all_lost ? 0 : chosen;
  PowerCut wanted;
  wanted.seed = draw % 100'000;
  std::string how = "power lost, seed " + std::to_string(wanted.seed);
  if (fate == 0) {
    wanted.unsynced = PowerCut::Unsynced::lost;
    how = "power lost with all that was not synced";
  } else if (fate == 1) {
    wanted.unsynced = PowerCut::Unsynced::kept;
    how = "power lost, all that was written kept";
  }
  auto snapshot = next(point, how);
  disk_.copy_power_lost(snapshot.folder, wanted);
  keep(std::move(snapshot));
}

Snapshot Recorder::next(const std::string& point, const std::string& how) {
  const std::lock_guard guard(mutex_);
  return Snapshot{point, how, promises_, options_.folder / std::to_string(++taken_)};
}

void Recorder::keep(Snapshot snapshot) {
  const std::lock_guard guard(mutex_);
  snapshots_.push_back(std::move(snapshot));
}

}  // namespace hub::matrix
