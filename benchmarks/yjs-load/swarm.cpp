#include "swarm.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "../tcp_socket.hpp"

namespace hub::benchmarks {
namespace {

constexpr std::int64_t renew_every_us = 15'000'000;  // as y-protocols does
constexpr std::uint64_t first_awareness_id = 1'000'000;
constexpr std::size_t buffer_bytes = std::size_t{256} << 10U;
constexpr int poll_ms = 20;

std::int64_t after(double seconds) { return now_us() + static_cast<std::int64_t>(seconds * 1e6); }

}  // namespace

Swarm::Swarm(SwarmOptions options)
    : options_(std::move(options)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      browsers_(options_.browsers),
      buffer_(buffer_bytes) {}

void Swarm::watch(std::size_t index, std::uint32_t events, int how) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = index;
  ::epoll_ctl(epoll_.get(), how, browsers_[index].socket.get(), &event);
}

void Swarm::connect(std::size_t index) {
  Browser& browser = browsers_[index];
  browser.socket = tcp_socket(SOCK_NONBLOCK);
  const sockaddr_in address = ipv4_address(options_.place.address, options_.place.port);
  browser.began_us = now_us();
  if (::connect(browser.socket.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0 &&
      errno != EINPROGRESS) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
  browser.phase = Phase::connecting;
  ++on_their_way_;
  watch(index, EPOLLOUT, EPOLL_CTL_ADD);
}

bool Swarm::join_all(double seconds) {
  const auto deadline = after(seconds);
  std::size_t next = 0;
  while (next < browsers_.size() || on_their_way_ > 0) {
    if (now_us() > deadline) return false;
    while (next < browsers_.size() && on_their_way_ < options_.at_once) connect(next++);
    poll(poll_ms);
  }
  return true;
}

void Swarm::stall(std::size_t first, std::size_t end) {
  for (std::size_t index = first; index < end; ++index) {
    browsers_[index].stalled = true;
    watch(index, 0, EPOLL_CTL_DEL);
  }
}

void Swarm::resume(std::size_t first, std::size_t end) {
  for (std::size_t index = first; index < end; ++index) {
    browsers_[index].stalled = false;
    watch(index, EPOLLIN, EPOLL_CTL_ADD);
  }
}

void Swarm::measure() {
  counts_.markers = {};
  counts_.frames = counts_.awareness_frames = counts_.bytes = 0;
  measuring_ = true;
}

void Swarm::read_for(double seconds) {
  for (const auto deadline = after(seconds); now_us() < deadline;) poll(poll_ms);
}

void Swarm::read_until_quiet(double quiet_seconds, double seconds_max) {
  const auto quiet = static_cast<std::int64_t>(quiet_seconds * 1e6);
  last_marker_us_ = now_us();
  for (const auto deadline = after(seconds_max); now_us() < deadline;) {
    poll(poll_ms);
    if (now_us() - last_marker_us_ > quiet) return;
  }
}

void Swarm::poll(int timeout_ms) {
  std::array<epoll_event, 1024> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), timeout_ms);
  for (int at = 0; at < count; ++at) {
    const auto& event = events[static_cast<std::size_t>(at)];
    ready(event.data.u64, event.events);
  }
  if (options_.awareness == Awareness::none) return;
  const auto now = now_us();
  for (std::size_t index = 0; index < browsers_.size(); ++index) renew(index, now);
}

void Swarm::renew(std::size_t index, std::int64_t now) {
  Browser& browser = browsers_[index];
  if (browser.phase != Phase::open || browser.stalled || now < browser.renew_at_us) return;
  browser.renew_at_us = now + renew_every_us;
  send(browser, framed(options_.place,
                       awareness_message(first_awareness_id + index, ++browser.awareness_clock)));
}

void Swarm::ready(std::size_t index, std::uint32_t events) {
  Browser& browser = browsers_[index];
  if (browser.phase == Phase::closed || browser.stalled) return;
  if (browser.phase == Phase::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(browser.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      if (counts_.refusal.empty()) counts_.refusal = std::strerror(error);
      return lose(browser);
    }
    browser.phase = Phase::upgrading;
    Place place = options_.place;
    if (options_.path_of) place.path = options_.path_of(index);
    send(browser, upgrade_request(place));
    return watch(index, EPOLLIN, EPOLL_CTL_MOD);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(index);
}

void Swarm::read(std::size_t index) {
  Browser& browser = browsers_[index];
  const std::size_t kept = browser.unread.size();
  if (buffer_.size() < kept + buffer_bytes) buffer_.resize(kept + buffer_bytes);
  std::copy(browser.unread.begin(), browser.unread.end(), buffer_.begin());
  const auto count = ::recv(browser.socket.get(), buffer_.data() + kept, buffer_.size() - kept, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return lose(browser);
  const std::string_view all(buffer_.data(), kept + static_cast<std::size_t>(count));
  const std::size_t used = take(index, all);
  if (browser.phase != Phase::closed) browser.unread.assign(all.substr(used));
}

std::size_t Swarm::take(std::size_t index, std::string_view bytes) {
  Browser& browser = browsers_[index];
  std::size_t used = 0;
  if (browser.phase == Phase::upgrading) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    if (!bytes.starts_with("HTTP/1.1 101")) {
      if (counts_.refusal.empty()) counts_.refusal = bytes.substr(0, 200);
      lose(browser);
      return 0;
    }
    used = end + 4;
    browser.phase = Phase::open;
    send(browser, hello(options_.place));
    // Spread over the period, as browsers that came at different times are.
    browser.renew_at_us = now_us() + renew_every_us * static_cast<std::int64_t>(index) /
                                         static_cast<std::int64_t>(browsers_.size());
  }
  while (browser.phase == Phase::open) {
    const auto frame = first_frame(bytes.substr(used));
    if (!frame) break;
    used += frame->size;
    take_frame(index, *frame);
  }
  return used;
}

void Swarm::take_frame(std::size_t index, const ServerFrame& frame) {
  Browser& browser = browsers_[index];
  if (frame.opcode == 9) return send(browser, client_frame(10, frame.payload));
  if (frame.opcode == 8) return lose(browser);
  if (frame.opcode == 10) return;
  if (frame.last && frame.opcode != 0) return take_message(browser, frame.payload);
  browser.message.append(frame.payload);
  if (!frame.last) return;
  const std::string whole = std::exchange(browser.message, {});
  take_message(browser, whole);
}

void Swarm::take_message(Browser& browser, std::string_view frame) {
  const auto message = unwrapped(options_.place, frame);
  if (message.size() < 2) return;
  const bool sync = message[0] == 0 || message[0] == 4;  // 4: hocuspocus' answer to a step 1
  if (sync && message[1] == 0) send(browser, framed(options_.place, empty_step2()));
  if (sync && message[1] == 1 && !browser.joined) {
    browser.joined = true;
    --on_their_way_;
    ++counts_.joined;
    counts_.join_bytes += frame.size();
    counts_.joins.add(now_us() - browser.began_us);
  }
  std::string_view rest = frame;
  bool marked = false;
  const auto now = now_us(), newest = browser.last_number;
  while (const auto marker = next_marker(rest)) {
    marked = true;
    browser.last_number = std::max(browser.last_number, marker->number);
    if (measuring_ && marker->number > newest) counts_.markers.add(now - marker->due_us);
  }
  if (marked) last_marker_us_ = now;
  if (!measuring_) return;
  ++counts_.frames;
  counts_.bytes += frame.size();
  counts_.awareness_frames += message[0] == 1 ? 1U : 0U;
}

// What a browser says is small: a socket that does not take it at once is of a server that is gone.
void Swarm::send(Browser& browser, std::string_view bytes) {
  const auto count = ::send(browser.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count != static_cast<ssize_t>(bytes.size())) lose(browser);
}

void Swarm::lose(Browser& browser) {
  if (browser.phase == Phase::closed) return;
  if (!browser.joined) --on_their_way_;
  browser.phase = Phase::closed;
  browser.socket = Descriptor();
  ++counts_.closed;
}

std::int64_t Swarm::last_number() const {
  std::int64_t out = -1;
  for (const Browser& browser : browsers_) out = std::max(out, browser.last_number);
  return out;
}

std::size_t Swarm::with_number(std::int64_t number, std::size_t first, std::size_t end) const {
  std::size_t out = 0;
  for (std::size_t index = first; index < end; ++index) {
    out += browsers_[index].last_number >= number ? 1U : 0U;
  }
  return out;
}

std::size_t Swarm::connected(std::size_t first, std::size_t end) const {
  std::size_t out = 0;
  for (std::size_t index = first; index < end; ++index) {
    out += browsers_[index].phase == Phase::open ? 1U : 0U;
  }
  return out;
}

}  // namespace hub::benchmarks
