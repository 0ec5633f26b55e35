#include "load.hpp"

#include <array>
#include <random>
#include <stdexcept>
#include <system_error>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace hub::benchmarks {
namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds silence_max{30};

Instant now() { return std::chrono::steady_clock::now(); }

// When each request falls due.
class Arrivals {
 public:
  Arrivals(const LoadOptions& options, Instant start)
      : random_(options.seed), gap_s_(options.per_second.value_or(1)), next_(start) {
    closed_ = !options.per_second;
  }

  bool closed() const { return closed_; }
  Instant next() const { return next_; }
  void advance() {
    next_ +=
        std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(gap_s_(random_)));
  }

 private:
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_s_;
  Instant next_;
  bool closed_ = true;
};

class Load {
 public:
  Load(const LoadOptions& options, const std::function<std::string_view(std::size_t)>& request,
       const std::function<void(const HttpAnswer&)>& answered)
      : options_(options),
        request_(request),
        answered_(answered),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        due_(options.connections) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    // Sleep as precisely as the kernel can; the default is off by 50 microseconds.
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    for (std::size_t i = 0; i < options.connections; ++i) {
      connections_.emplace_back(options.address, options.port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back().descriptor(), &event);
      free_.push_back(i);
    }
    result_.times.reserve(options.requests);
    result_.waits.reserve(options.requests);
  }
  ~Load() { ::close(epoll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  LoadResult run() {
    const Instant start = now();
    Arrivals arrivals(options_, start);
    while (result_.times.size() < options_.requests) {
      send_what_is_due(arrivals);
      receive_some(arrivals);
    }
    result_.took = now() - start;
    return std::move(result_);
  }

 private:
  void send_what_is_due(Arrivals& arrivals) {
    while (sent_ < options_.requests && !free_.empty()) {
      const Instant at = now();
      if (!arrivals.closed() && arrivals.next() > at) return;
      const auto chosen = free_.back();
      free_.pop_back();
      due_[chosen] = arrivals.closed() ? at : arrivals.next();
      result_.waits.push_back(at - due_[chosen]);
      connections_[chosen].send(request_(sent_++));
      arrivals.advance();
    }
  }

  void receive_some(const Arrivals& arrivals) {
    std::array<epoll_event, 64> events{};
    Nanoseconds patience = silence_max;
    const bool waits_for_time = !arrivals.closed() && sent_ < options_.requests && !free_.empty();
    if (waits_for_time) patience = std::max(Nanoseconds{0}, arrivals.next() - now());
    const timespec timeout{patience.count() / 1'000'000'000, patience.count() % 1'000'000'000};
    const int count = ::epoll_pwait2(epoll_, events.data(), events.size(), &timeout, nullptr);
    if (count < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
    }
    if (count == 0 && !waits_for_time) throw std::runtime_error("the hub has been silent for 30 s");
    for (int i = 0; i < count; ++i) {
      const auto which = static_cast<std::size_t>(events.at(static_cast<std::size_t>(i)).data.u64);
      const auto answer = connections_[which].receive();
      if (!answer) continue;
      result_.times.push_back(now() - due_[which]);
      ++result_.statuses[answer->status];
      answered_(*answer);
      free_.push_back(which);
    }
  }

  const LoadOptions& options_;
  const std::function<std::string_view(std::size_t)>& request_;
  const std::function<void(const HttpAnswer&)>& answered_;
  int epoll_;
  std::vector<HttpConnection> connections_;
  std::vector<Instant> due_;  // of the request each connection carries
  std::vector<std::size_t> free_;
  std::size_t sent_ = 0;
  LoadResult result_;
};

}  // namespace

LoadResult run_load(const LoadOptions& options,
                    const std::function<std::string_view(std::size_t)>& request,
                    const std::function<void(const HttpAnswer&)>& answered) {
  return Load(options, request, answered).run();
}

}  // namespace hub::benchmarks
