#include "http/operation_log_stream.hpp"

#include "base/log.hpp"

namespace hub::http {
namespace {

using Then = BodySource::Then;

constexpr std::size_t whole_log_bytes_max = std::size_t{4} << 20U;  // more than a log can have
constexpr std::chrono::seconds wait_for_end{60};                    // then asked again

// What the callbacks of a stream share; they may come after it has gone.
//
//   idle ──pull──▶ asked ──work──▶ reading ──text or end──▶ idle
//                    ▲                └──nothing yet──▶ asked, until something is heard
class Following : public std::enable_shared_from_this<Following> {
 public:
  Following(operations::OperationManager& manager, Workers& workers, OperationId id,
            std::int64_t offset)
      : manager_(manager), workers_(workers), id_(std::move(id)), offset_(offset) {}

  void pull(BodySource::Give give) {
    std::unique_lock lock(mutex_);
    give_ = std::move(give);
    heard_ = true;  // there may be lines already
    go_on(lock);
  }

  // Lines were added (to this log or another), or the operation has ended.
  void hear() {
    std::unique_lock lock(mutex_);
    heard_ = true;
    go_on(lock);
  }

  void await_end() {
    const auto asked_at = std::chrono::steady_clock::now();
    manager_.wait(id_, std::nullopt, wait_for_end,
                  [weak = weak_from_this(), asked_at](const std::optional<OperationState>& state) {
                    const auto self = weak.lock();
                    if (!self || self->is_closed()) return;
                    const auto waited = std::chrono::steady_clock::now() - asked_at;
                    const bool early = waited < wait_for_end / 2;  // then the hub stops
                    if (!state || is_terminal(state->status) || early) return self->end();
                    self->await_end();
                  });
  }

  void close() {
    BodySource::Give unanswered;  // dies outside the lock
    const std::lock_guard lock(mutex_);
    closed_ = true;
    unanswered.swap(give_);
  }

 private:
  bool is_closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    hear();
  }

  void go_on(std::unique_lock<std::mutex>& lock) {
    if (!give_ || reading_ || !heard_) return;
    reading_ = true;
    heard_ = false;
    lock.unlock();
    const auto posted = workers_.post([self = shared_from_this()] { self->read(); });
    if (posted == Workers::Posted::too_many) answer({.bytes = {}, .then = Then::broken});
  }

  void read() {
    bool ended = false;
    {
      const std::lock_guard lock(mutex_);
      ended = ended_;  // before reading: what was written before the end is in the log
    }
    try {
      auto log = manager_.logs().read(id_, offset_, BodySource::piece_bytes_max);
      offset_ = log.next_offset;
      if (!log.text.empty()) return answer({std::move(log.text), Then::more});
      if (ended) return answer({.bytes = {}, .then = Then::end});
    } catch (const std::exception& error) {
      log::error("http", "log_not_read", {{"operation_id", id_.text()}, {"error", error.what()}});
      return answer({.bytes = {}, .then = Then::broken});
    }
    std::unique_lock lock(mutex_);
    reading_ = false;
    go_on(lock);  // something was heard meanwhile
  }

  void answer(BodySource::Piece piece) {
    BodySource::Give give;
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
      give.swap(give_);
    }
    if (give) give(std::move(piece));
  }

  operations::OperationManager& manager_;
  Workers& workers_;
  const OperationId id_;
  std::int64_t offset_;  // of the one that reads
  std::mutex mutex_;     // all below
  BodySource::Give give_;
  bool heard_ = false, reading_ = false, ended_ = false, closed_ = false;
};

class LogStream final : public BodySource {
 public:
  LogStream(operations::OperationManager& manager, std::shared_ptr<Following> following)
      : following_(std::move(following)) {
    lines_ = manager.logs().lines().subscribe([weak = std::weak_ptr(following_)] {
      if (const auto one = weak.lock()) one->hear();
    });
    following_->await_end();
  }
  void pull(Give give) override { following_->pull(std::move(give)); }
  void close() override {
    lines_ = {};
    following_->close();
  }

 private:
  const std::shared_ptr<Following> following_;  // shared with callbacks under way
  Doorbell::Subscription lines_;
};

}  // namespace

operations::LogText read_log(const operations::OperationLogs& logs, const OperationId& id,
                             std::int64_t offset) {
  operations::LogText whole{.text = {}, .next_offset = offset};
  while (whole.text.size() < whole_log_bytes_max) {
    const auto part = logs.read(id, whole.next_offset);
    if (part.text.empty()) break;
    whole.text += part.text;
    whole.next_offset = part.next_offset;
  }
  return whole;
}

std::shared_ptr<BodySource> follow_log(operations::OperationManager& manager, Workers& workers,
                                       const OperationId& id, std::int64_t offset) {
  return std::make_shared<LogStream>(manager,
                                     std::make_shared<Following>(manager, workers, id, offset));
}

}  // namespace hub::http
