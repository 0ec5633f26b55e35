// Bodies that come bit by bit: body_source.hpp says how they behave.

#include <array>
#include <cstdio>

#include <boost/asio/dispatch.hpp>
#include <netinet/tcp.h>

#include "base/log.hpp"
#include "http/connection.hpp"
#include "http/gate.hpp"

namespace hub::http {
namespace {

using Piece = BodySource::Piece;
using PieceGate = Gate<Piece>;

// What the kernel may hold for a reader that has stopped to read (Linux doubles it).
constexpr int send_buffer_bytes = 64 << 10;
constexpr std::string_view last_chunk = "0\r\n\r\n";

// A piece that somebody owes. Dropped, it breaks the stream rather than to leave it waiting.
class Owed {
 public:
  explicit Owed(std::shared_ptr<PieceGate> gate) : gate_(std::move(gate)) {}
  Owed(const Owed&) = delete;
  Owed& operator=(const Owed&) = delete;
  ~Owed() { give({.bytes = {}, .then = BodySource::Then::broken}); }
  void give(Piece piece) {
    if (!given_.exchange(true)) gate_->pass(std::move(piece));
  }

 private:
  const std::shared_ptr<PieceGate> gate_;
  std::atomic<bool> given_{false};
};

void pull(BodySource& source, const std::shared_ptr<PieceGate>& gate) {
  try {
    const auto owed = std::make_shared<Owed>(gate);  // shared by the copies of the function
    source.pull([owed](Piece piece) { owed->give(std::move(piece)); });
  } catch (const std::exception& error) {
    log::error("http", "stream_failed", {{"error", error.what()}});
  }
}

struct Closing {
  explicit Closing(BodySource& one) : source(one) {}
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;
  ~Closing() {
    try {
      source.close();
    } catch (const std::exception& error) {
      log::error("http", "stream_close_failed", {{"error", error.what()}});
    }
  }
  BodySource& source;
};

}  // namespace

// A reader whose machine has vanished says nothing: the kernel asks it after a minute of silence.
void Connection::configure_for_streaming() {
  using KeepAfter = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
  using KeepEvery = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
  using KeepCount = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
  error_code ignored;
  ignored = socket_.set_option(asio::socket_base::send_buffer_size(send_buffer_bytes), ignored);
  ignored = socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  ignored = socket_.set_option(KeepAfter(60), ignored);
  ignored = socket_.set_option(KeepEvery(15), ignored);
  ignored = socket_.set_option(KeepCount(4), ignored);
}

// Whoever sends a next request early is not watched any more; writing to it will tell.
void Connection::watch_for_hang_up() {
  hung_up_ = false;
  socket_.async_wait(Tcp::wait_read, [self = shared_from_this()](error_code ec) {
    if (ec) return;
    std::array<char, 1> byte{};
    self->socket_.receive(asio::buffer(byte), Tcp::message_peek, ec);
    if (!ec || ec == asio::error::would_block) return;
    self->hung_up_ = true;
    if (self->sleeping_) self->sleeping_->cancel();
  });
}

Awaitable<error_code> Connection::send_piece(std::string_view bytes, Framing framing) {
  if (bytes.empty()) co_return error_code{};  // an empty chunk would be the last
  std::array<char, 20> head{};
  Buffers buffers{asio::const_buffer(), asio::buffer(bytes), asio::const_buffer()};
  if (framing == Framing::chunks) {
    const int length = std::snprintf(head.data(), head.size(), "%zx\r\n", bytes.size());
    buffers[0] = asio::buffer(head.data(), static_cast<std::size_t>(length));
    buffers[2] = asio::buffer(last_chunk.substr(1, 2));
  }
  const error_code ec = co_await send(buffers);
  end_never();
  co_return ec;
}

// Until there is a piece, the reader has gone, or the server stops.
Awaitable<error_code> Connection::await_piece(const BodySource& source, PieceSlot& slot,
                                              Framing framing) {
  const auto heartbeat = source.heartbeat();
  while (!slot.thing && !has_lost_its_reader() && !parts_.stopping) {
    if (heartbeat.empty()) {
      slot.wake.expires_at(Timer::time_point::max());
    } else {
      slot.wake.expires_after(limits_.stream_heartbeat);
    }
    const auto [woken] = co_await slot.wake.async_wait(as_result);
    if (woken) continue;  // cancelled: something has changed
    const error_code ec = co_await send_piece(heartbeat, framing);
    if (ec) co_return ec;
  }
  co_return error_code{};
}

// Whether the body came to its end.
Awaitable<bool> Connection::drain(BodySource& source, Framing framing) {
  const auto slot = std::make_shared<PieceSlot>(executor());
  const GateKeeper<Piece> keeper([slot, executor = executor()](Piece piece) {
    auto fill = [slot, piece = std::move(piece)]() mutable {
      slot->thing = std::move(piece);
      slot->wake.cancel();
    };
    asio::dispatch(executor, std::move(fill));
  });
  struct Sleeping {
    Connection& connection;
    ~Sleeping() { connection.sleeping_ = nullptr; }
  };
  const Sleeping sleeping{*this};
  sleeping_ = &slot->wake;
  for (;;) {
    slot->thing.reset();
    pull(source, keeper.gate());
    const error_code lost = co_await await_piece(source, *slot, framing);
    if (lost || has_lost_its_reader()) co_return false;
    if (!slot->thing) co_return true;  // the server stops
    const error_code ec = co_await send_piece(slot->thing->bytes, framing);
    if (ec || slot->thing->then == BodySource::Then::broken) co_return false;
    if (slot->thing->then == BodySource::Then::end) co_return true;
  }
}

Awaitable<Connection::Step> Connection::stream(const Asked& asked, const Response& response,
                                               After wanted) {
  const auto source = response.source;  // shared with whoever gives the pieces
  const Closing closing(*source);
  const auto framing = asked.version >= 11 ? Framing::chunks : Framing::until_close;
  const bool keep = wanted == After::keep_alive && framing == Framing::chunks && !parts_.stopping;
  const auto head = head_text(asked, response, framing, keep ? Afterwards::keep : Afterwards::close,
                              parts_.access.clock().now());
  const Buffers buffers{asio::buffer(head)};
  const error_code unsent = co_await send(buffers);
  if (unsent) co_return Step::end;
  if (asked.method == "HEAD") co_return keep ? Step::next : Step::end;

  phase_ = Phase::streaming;
  end_never();
  configure_for_streaming();
  watch_for_hang_up();
  const bool whole = co_await drain(*source, framing);
  phase_ = Phase::busy;
  if (!whole) co_return Step::end;
  error_code ec;
  ec = socket_.cancel(ec);  // the watch
  if (framing == Framing::chunks) {
    const Buffers end{asio::buffer(last_chunk)};
    ec = co_await send(end);
  }
  co_return keep && !ec ? Step::next : Step::end;
}

}  // namespace hub::http
