#pragma once
// Internal to the server: one HTTP connection. Reads a head, judges it, reads the body, calls the
// handler, writes the answer, again. A coroutine on the connection's strand; connection.cpp has the
// requests and answers, connection_stream.cpp the bodies that come bit by bit.

#include <array>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "http/answer.hpp"
#include "http/beast.hpp"

namespace hub::http {

class Connection final : public Live, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Tcp socket, ServerParts& parts);

  Executor executor() { return socket_.get_executor(); }
  void stop() override;
  void cut() override;

  // Keeps the connection alive by its parameter.
  static Awaitable<> run(std::shared_ptr<Connection> self);

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;
  using Buffers = std::array<asio::const_buffer, 3>;
  enum class Phase { idle, busy, streaming, upgraded };
  // What follows an answer. linger: the rest of the request is still to come, and must not be taken
  // for the next one.
  enum class After { keep_alive, close, linger };
  enum class Step { next, end, linger };

  // An answer, or a piece of one, on its way to the coroutine. Shared with the function that fills
  // it, which may run after the coroutine has gone.
  template <class Thing>
  struct Slot {
    explicit Slot(const Executor& executor) : wake(executor, Timer::time_point::max()) {}
    std::optional<Thing> thing;
    Timer wake;  // cancelled to wake the coroutine
  };
  using PieceSlot = Slot<BodySource::Piece>;

  Awaitable<> serve();
  Awaitable<Step> serve_one();
  Awaitable<Step> serve_request(Parser& parser, Request request);
  Awaitable<Step> upgrade(Parser& parser, Request request);
  Awaitable<error_code> wait_for_request();
  Awaitable<error_code> read_more(std::size_t bytes);
  Awaitable<error_code> read_head(Parser& parser);
  Awaitable<error_code> read_body(Parser& parser);
  Awaitable<Response> call(const Route& route, Request request);
  Awaitable<Step> refuse(const Request& request, Response response, const Parser& parser);
  Awaitable<Step> write(const Asked& asked, Response response, After wanted);
  Awaitable<error_code> send(Buffers buffers);
  Awaitable<> linger();
  static After after_refusal(const Parser& parser);

  // connection_stream.cpp
  Awaitable<Step> stream(const Asked& asked, const Response& response, After wanted);
  Awaitable<bool> drain(BodySource& source, Framing framing);
  Awaitable<error_code> await_piece(const BodySource& source, PieceSlot& slot, Framing framing);
  Awaitable<error_code> send_piece(std::string_view bytes, Framing framing);
  void configure_for_streaming();
  void watch_for_hang_up();
  bool has_lost_its_reader() const { return cut_ || hung_up_; }

  // The connection closes when its time is over. Moving the end later costs no timer operation:
  // the timer looks again when it fires.
  void end_within(std::chrono::milliseconds time);
  void end_never() { due_ = Timer::time_point::max(); }
  void arm();
  void close();

  Tcp socket_;
  ServerParts& parts_;
  const ServerLimits& limits_;
  beast::flat_buffer buffer_;
  std::string peer_address_;
  Timer timer_;
  Timer::time_point due_ = Timer::time_point::max();    // when to close
  Timer::time_point armed_ = Timer::time_point::max();  // when the timer looks
  Timer* sleeping_ = nullptr;  // what the coroutine waits on for a handler or a source
  Phase phase_ = Phase::idle;
  bool cut_ = false;
  bool hung_up_ = false;  // the reader of a stream
};

}  // namespace hub::http
