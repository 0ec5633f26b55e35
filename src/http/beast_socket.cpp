// One WebSocket: an outside that any thread may hold for as long as it likes (Outside), and an
// inside that belongs to the connection's strand and ends with it (Inside).
//
//   any thread          strand
//   Outside::send ──▶ queue ──wake──▶ Inside::pump ──▶ async_write, one at a time
//   Outside::close ─▶ farewell ─wake─▶       └──▶ async_close, once the queue is out

#include <array>
#include <deque>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "base/log.hpp"
#include "http/beast.hpp"

namespace hub::http {
namespace {

namespace websocket = beast::websocket;
using projection::Frame;

constexpr std::size_t kept_buffer_bytes_max = 16U << 10U;  // between two messages
constexpr std::size_t reason_bytes_max = 123;              // RFC 6455: a close frame has 125

// Beast's own way to hang up waits for the other side for ever. This one waits its time, so that
// the other side gets our close frame before a reset, and then forgets it.
class HangingUp : public Stream {
 public:
  HangingUp(Stream stream, std::chrono::milliseconds patience)
      : Stream(std::move(stream)), patience_(patience) {}

  template <class Handler>
  friend void async_teardown(beast::role_type, HangingUp& stream, Handler&& handler) {
    shut_down(stream.socket(), Tcp::shutdown_send);
    stream.expires_after(stream.patience_);
    Drain<std::decay_t<Handler>> drain{stream, std::forward<Handler>(handler)};
    drain({}, 0);
  }

 private:
  template <class Handler>
  struct Drain {
    HangingUp& stream;
    Handler handler;
    void operator()(const error_code& ec, std::size_t) {
      if (ec) return handler(error_code{});
      const auto room = asio::buffer(stream.dropped_);
      stream.async_read_some(room, std::move(*this));
    }
  };

  std::chrono::milliseconds patience_;
  std::array<char, 512> dropped_{};
};

const boost::system::error_category& websocket_category() {
  return websocket::make_error_code(websocket::error::closed).category();
}

struct Message {
  Frame bytes;
  SocketMessages kind = SocketMessages::binary;
};

struct Farewell {
  std::uint16_t code = close_code::normal;
  std::string reason;
};

class Inside;

class Outside final : public Socket {
 public:
  explicit Outside(Inside& inside) : inside_(&inside) {}

  void send(Frame frame) override { queue({std::move(frame), SocketMessages::binary}); }
  void send_text(Frame frame) override { queue({std::move(frame), SocketMessages::text}); }
  std::size_t queued_bytes() const override { return queued_bytes_.load(); }
  void close(std::uint16_t code, std::string reason) override;

  // For Inside.
  struct Work {
    std::deque<Message> messages;
    std::optional<Farewell> farewell;
  };
  Work take();
  void written(std::size_t bytes);
  void detach();  // from here on every call does nothing

 private:
  void queue(Message message);
  void wake();  // under mutex_

  std::atomic<std::size_t> queued_bytes_{0};
  std::mutex mutex_;  // all below
  Inside* inside_;    // null once detached
  std::deque<Message> waiting_;
  std::optional<Farewell> farewell_;
  enum class Woken { no, yes } woken_ = Woken::no;
};

class Inside final : public Live, public std::enable_shared_from_this<Inside> {
 public:
  Inside(Stream stream, const SocketRoute& route, ServerParts& parts)
      : socket_(HangingUp(std::move(stream), parts.options.limits.socket_close_timeout)),
        route_(route),
        parts_(parts),
        close_timer_(socket_.get_executor()),
        outside_(std::make_shared<Outside>(*this)) {}

  // Keeps the socket alive by its parameter.
  static Awaitable<> run(std::shared_ptr<Inside> self, WireRequest wire, Request request);

  void wake() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->pump(); });
  }

  void stop() override { outside_->close(close_code::going_away, "the hub stops"); }
  void cut() override {
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->drop(); });
  }

 private:
  struct AtEnd {
    explicit AtEnd(Inside& one) : inside(one) {}
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() { inside.finish(); }
    Inside& inside;
  };

  void configure();
  Awaitable<> read_all();
  void pump();
  void write_front();
  void say_farewell();
  void fail(std::exception_ptr error);
  void drop();
  void finish() noexcept;

  websocket::stream<HangingUp, false> socket_;  // false: no permessage-deflate
  const SocketRoute& route_;
  ServerParts& parts_;
  Timer close_timer_;
  const std::shared_ptr<Outside> outside_;  // shared with the handler
  SocketEvents events_;
  std::deque<Message> outgoing_;
  std::optional<Farewell> farewell_;
  std::uint16_t end_code_ = close_code::abnormal;
  enum class Phase { opening, open, ended } phase_ = Phase::opening;
  enum class Writing { idle, busy } writing_ = Writing::idle;
  enum class Closing { no, asked, started } closing_ = Closing::no;
};

void Outside::wake() {
  if (woken_ == Woken::yes) return;
  woken_ = Woken::yes;
  inside_->wake();
}

void Outside::queue(Message message) {
  if (!message.bytes) return;
  const std::size_t size = message.bytes->size();
  const std::lock_guard lock(mutex_);
  if (!inside_ || farewell_) return;
  const std::size_t before = queued_bytes_.load();
  if (before > 0 && before + size > queue_bytes_max) {
    for (const auto& dropped : waiting_) queued_bytes_.fetch_sub(dropped.bytes->size());
    waiting_.clear();
    farewell_ = Farewell{close_code::try_again_later, "too slow"};
  } else {
    queued_bytes_.fetch_add(size);
    waiting_.push_back(std::move(message));
  }
  wake();
}

void Outside::close(std::uint16_t code, std::string reason) {
  const std::lock_guard lock(mutex_);
  if (!inside_ || farewell_) return;
  if (reason.size() > reason_bytes_max) reason.resize(reason_bytes_max);
  farewell_ = Farewell{code, std::move(reason)};
  wake();
}

Outside::Work Outside::take() {
  const std::lock_guard lock(mutex_);
  woken_ = Woken::no;
  return {std::exchange(waiting_, {}), farewell_};
}

void Outside::written(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (inside_) queued_bytes_.fetch_sub(bytes);  // detach() has counted it already
}

void Outside::detach() {
  const std::lock_guard lock(mutex_);
  inside_ = nullptr;
  waiting_.clear();
  queued_bytes_ = 0;
}

void Inside::configure() {
  const auto& limits = parts_.options.limits;
  beast::get_lowest_layer(socket_).expires_never();
  websocket::stream_base::timeout timeouts{};
  timeouts.handshake_timeout = limits.socket_close_timeout;  // the closing one, in effect
  timeouts.idle_timeout = limits.socket_idle_timeout;
  timeouts.keep_alive_pings = true;
  socket_.set_option(timeouts);
  socket_.auto_fragment(false);
  socket_.read_message_max(route_.message_bytes_max);
}

Awaitable<> Inside::run(std::shared_ptr<Inside> self, WireRequest wire, Request request) {
  const LiveSet::Membership membership(self->parts_.sockets, *self);
  const AtEnd at_end(*self);
  self->configure();
  const auto [ec] = co_await self->socket_.async_accept(wire, as_result);
  if (ec) co_return;
  self->phase_ = Phase::open;
  try {
    self->events_ = self->route_.open(self->outside_, request);
  } catch (...) {
    self->fail(std::current_exception());
  }
  self->pump();
  co_await self->read_all();
}

Awaitable<> Inside::read_all() {
  beast::flat_buffer buffer;
  for (;;) {
    const auto [ec, count] = co_await socket_.async_read(buffer, as_result);
    if (ec == websocket::error::message_too_big || ec == websocket::error::buffer_overflow) {
      end_code_ = close_code::too_big;
    } else if (ec == websocket::error::closed && end_code_ == close_code::abnormal) {
      end_code_ = socket_.reason().code;
    } else if (ec && ec.category() == websocket_category() && end_code_ == close_code::abnormal) {
      end_code_ = close_code::protocol_error;
    }
    if (ec) co_return;
    if (closing_ != Closing::no) {
      buffer.clear();
      continue;
    }
    const bool expected = socket_.got_text() == (route_.messages == SocketMessages::text);
    if (!expected) {
      outside_->close(close_code::unsupported, "the wrong kind of message");
    } else if (events_.on_message) {
      try {
        events_.on_message({static_cast<const char*>(buffer.data().data()), buffer.size()});
      } catch (...) {
        fail(std::current_exception());
      }
    }
    buffer.clear();
    if (buffer.capacity() > kept_buffer_bytes_max) buffer = {};
  }
}

void Inside::pump() {
  if (phase_ != Phase::open) return;
  auto work = outside_->take();
  for (auto& message : work.messages) outgoing_.push_back(std::move(message));
  if (work.farewell && closing_ == Closing::no) {
    closing_ = Closing::asked;
    farewell_ = std::move(work.farewell);
    end_code_ = farewell_->code;
    if (farewell_->code == close_code::try_again_later) {
      // It cannot take what it has: only the message on its way, if any, stays.
      while (outgoing_.size() > (writing_ == Writing::busy ? 1U : 0U)) {
        outside_->written(outgoing_.back().bytes->size());
        outgoing_.pop_back();
      }
    }
    close_timer_.expires_after(parts_.options.limits.socket_close_timeout);
    close_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
      if (!ec) self->drop();
    });
  }
  if (writing_ == Writing::busy) return;
  if (!outgoing_.empty()) {
    write_front();
  } else if (closing_ == Closing::asked) {
    say_farewell();
  }
}

void Inside::write_front() {
  writing_ = Writing::busy;
  const auto& message = outgoing_.front();
  socket_.binary(message.kind == SocketMessages::binary);
  socket_.async_write(asio::buffer(*message.bytes),
                      [self = shared_from_this()](const error_code& ec, std::size_t) {
                        self->writing_ = Writing::idle;
                        self->outside_->written(self->outgoing_.front().bytes->size());
                        self->outgoing_.pop_front();
                        if (!ec) self->pump();  // on an error the reader ends it all
                      });
}

void Inside::say_farewell() {
  closing_ = Closing::started;
  const websocket::close_reason reason(static_cast<websocket::close_code>(farewell_->code),
                                       farewell_->reason);
  socket_.async_close(reason, [self = shared_from_this()](const error_code&) {
    self->close_timer_.cancel();
    self->drop();
  });
}

void Inside::fail(std::exception_ptr error) {
  std::string what = "something that is no std::exception";
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& known) {
    what = known.what();
  } catch (...) {  // NOLINT(bugprone-empty-catch): `what` says it
  }
  log::error("http", "socket_handler_failed", {{"pattern", route_.pattern}, {"error", what}});
  outside_->close(close_code::internal_error, "an error inside the hub");
}

void Inside::drop() { beast::get_lowest_layer(socket_).close(); }

void Inside::finish() noexcept {
  try {
    phase_ = Phase::ended;
    outside_->detach();
    close_timer_.cancel();
    drop();
    // Emptied before it is called: what it holds may hold the Socket in turn.
    const auto events = std::exchange(events_, {});
    if (events.on_close) events.on_close(end_code_);
  } catch (const std::exception& error) {
    log::error("http", "socket_close_failed", {{"error", error.what()}});
  }
}

}  // namespace

Awaitable<> serve_socket(Stream stream, WireRequest wire, Request request, const SocketRoute& route,
                         ServerParts& parts) {
  auto inside = std::make_shared<Inside>(std::move(stream), route, parts);
  auto running = Inside::run(std::move(inside), std::move(wire), std::move(request));
  co_await std::move(running);
}

}  // namespace hub::http
