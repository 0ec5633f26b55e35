#include "http/connection.hpp"

#include <atomic>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "http/gate.hpp"

namespace hub::http {
namespace {

namespace wire = beast::http;

// After an answer that leaves unread bytes behind, closing at once would reset the connection and
// could destroy the answer on its way; so what comes is read and dropped for a moment.
constexpr std::chrono::milliseconds linger_max{2'000};
constexpr std::size_t kept_buffer_bytes_max = 16U << 10U;  // between two requests
constexpr std::size_t head_read_bytes = 4U << 10U;
constexpr std::size_t body_read_bytes = 64U << 10U;

Error refusal(std::string message, std::string reason) {
  return {.code = ErrorCode::invalid,
          .message = std::move(message),
          .reason = std::move(reason),
          .hint = {},
          .details = {}};
}

// Empty: nothing to say, the client is gone or too slow to be told.
std::optional<Response> answer_to(const error_code& ec) {
  if (ec == wire::error::header_limit) {
    return problem(431,
                   refusal("cannot read the request: its head is too large", "header_too_large"));
  }
  if (ec == wire::error::body_limit) {
    return problem(413,
                   refusal("cannot read the request: its body is too large", "body_too_large"));
  }
  if (ec == wire::error::end_of_stream || ec == wire::error::partial_message) return std::nullopt;
  static const auto& http_category = wire::make_error_code(wire::error::bad_method).category();
  if (ec.category() == http_category) {
    return problem(400, refusal("cannot read the request: " + ec.message(), "request_malformed"));
  }
  return std::nullopt;
}

// Names a request in the log and to its client; need not be hard to guess.
std::string next_request_id() {
  static const std::string start = random_hex(4);
  static std::atomic<std::uint32_t> count{0};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = start + "00000000";
  std::uint32_t number = count.fetch_add(1);
  for (std::size_t at = id.size(); number != 0; number >>= 4U) id[--at] = digits[number & 0xFU];
  return id;
}

Request head_of(const WireRequest& from, const std::string& peer_address) {
  Request request;
  request.method = std::string(from.method_string());
  request.headers.reserve(12);
  for (const auto& field : from) {
    std::string name(field.name_string());
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  request.peer_address = peer_address;
  request.request_id = next_request_id();
  return request;
}

}  // namespace

Connection::Connection(Tcp socket, ServerParts& parts)
    : socket_(std::move(socket)),
      parts_(parts),
      limits_(parts.options.limits),
      timer_(socket_.get_executor()) {
  error_code ec;
  const auto peer = socket_.remote_endpoint(ec);
  if (!ec) peer_address_ = peer.address().to_string();
  ec = socket_.non_blocking(true, ec);
}

void Connection::stop() {
  asio::post(executor(), [self = shared_from_this()] {
    error_code ignored;
    if (self->phase_ == Phase::idle) ignored = self->socket_.cancel(ignored);
    if (self->phase_ == Phase::streaming && self->sleeping_) self->sleeping_->cancel();
  });
}

void Connection::cut() {
  asio::post(executor(), [self = shared_from_this()] {
    self->cut_ = true;
    if (self->sleeping_) self->sleeping_->cancel();
    if (self->phase_ != Phase::upgraded) self->close();
  });
}

void Connection::close() {
  error_code ignored;
  ignored = socket_.close(ignored);
}

void Connection::end_within(std::chrono::milliseconds time) {
  due_ = Timer::clock_type::now() + time;
  if (due_ < armed_) arm();
}

void Connection::arm() {
  armed_ = due_;
  timer_.expires_at(armed_);
  timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (ec) return;
    self->armed_ = Timer::time_point::max();
    if (self->due_ == Timer::time_point::max()) return;
    if (Timer::clock_type::now() < self->due_) return self->arm();
    self->close();
  });
}

Awaitable<> Connection::run(std::shared_ptr<Connection> self) {
  const LiveSet::Membership membership(self->parts_.connections, *self);
  try {
    co_await self->serve();
  } catch (const std::exception& error) {
    log::error("http", "connection_failed", {{"error", error.what()}});
  }
  self->timer_.cancel();
}

Awaitable<> Connection::serve() {
  auto step = Step::next;
  while (step == Step::next && !parts_.stopping && !cut_) step = co_await serve_one();
  if (phase_ == Phase::upgraded) co_return;
  if (step == Step::linger) co_await linger();
  shut_down(socket_, Tcp::shutdown_both);
  close();
}

Awaitable<error_code> Connection::read_more(std::size_t bytes) {
  const auto room = buffer_.prepare(bytes);
  const auto [ec, count] = co_await socket_.async_read_some(room, as_result);
  buffer_.commit(count);
  co_return ec;
}

Awaitable<error_code> Connection::wait_for_request() {
  phase_ = Phase::idle;
  if (buffer_.size() == 0) {
    if (buffer_.capacity() > kept_buffer_bytes_max) buffer_ = {};
    end_within(limits_.idle_timeout);
    const error_code ec = co_await read_more(head_read_bytes);
    if (ec) co_return ec;
  }
  phase_ = Phase::busy;
  co_return error_code{};
}

// The head has its time from its first byte on, however the bytes come.
Awaitable<error_code> Connection::read_head(Parser& parser) {
  for (bool waited = false;; waited = true) {
    error_code ec;
    buffer_.consume(parser.put(buffer_.data(), ec));
    if (ec != wire::error::need_more) co_return ec;
    if (!waited) end_within(limits_.header_timeout);
    const error_code gone = co_await read_more(head_read_bytes);
    if (gone) co_return gone;
  }
}

Awaitable<error_code> Connection::read_body(Parser& parser) {
  parser.eager(true);
  for (bool waited = false; !parser.is_done(); waited = true) {
    error_code ec;
    if (buffer_.size() > 0) buffer_.consume(parser.put(buffer_.data(), ec));
    if (ec && ec != wire::error::need_more) co_return ec;
    if (parser.is_done()) break;
    if (!waited) {
      end_within(limits_.body_timeout);
      if (beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        const Buffers bytes{asio::buffer(go_on)};
        const error_code unsent = co_await send(bytes);
        if (unsent) co_return unsent;
        end_within(limits_.body_timeout);
      }
    }
    const error_code gone = co_await read_more(body_read_bytes);
    if (gone) co_return gone;
  }
  co_return error_code{};
}

Connection::After Connection::after_refusal(const Parser& parser) {
  if (!parser.is_done()) return After::linger;
  return parser.get().keep_alive() ? After::keep_alive : After::close;
}

Awaitable<Connection::Step> Connection::refuse(const Request& request, Response response,
                                               const Parser& parser) {
  const Asked asked = asked_of(request, parser.is_header_done() ? parser.get().version() : 11);
  co_return co_await write(asked, std::move(response), after_refusal(parser));
}

Awaitable<Connection::Step> Connection::serve_one() {
  const error_code gone = co_await wait_for_request();
  if (gone) co_return Step::end;
  Parser parser;
  parser.header_limit(limits_.header_bytes_max);
  // Lowered once it is known who asks for what.
  parser.body_limit(std::max(limits_.body_bytes_max, parts_.router.body_bytes_max()));
  const error_code ec = co_await read_head(parser);
  Request request = head_of(parser.get(), peer_address_);
  if (ec) {
    auto answer = answer_to(ec);
    if (!answer) co_return Step::end;
    co_return co_await refuse(request, *std::move(answer), parser);
  }
  if (beast::websocket::is_upgrade(parser.get())) {
    co_return co_await upgrade(parser, std::move(request));
  }
  co_return co_await serve_request(parser, std::move(request));
}

Awaitable<Connection::Step> Connection::upgrade(Parser& parser, Request request) {
  const std::string target(parser.get().target());
  auto admission = admit_socket(parts_, target, request);
  if (auto* refused = std::get_if<Response>(&admission)) {
    co_return co_await refuse(request, std::move(*refused), parser);
  }
  const SocketRoute& route = *std::get<const SocketRoute*>(admission);
  phase_ = Phase::upgraded;
  end_never();
  Stream stream(std::move(socket_));
  co_await serve_socket(std::move(stream), parser.release(), std::move(request), route, parts_);
  co_return Step::end;
}

Awaitable<Connection::Step> Connection::serve_request(Parser& parser, Request request) {
  const std::string target(parser.get().target());
  auto admission = admit(parts_, target, request);
  if (auto* refused = std::get_if<Response>(&admission)) {
    co_return co_await refuse(request, std::move(*refused), parser);
  }
  const Route& route = *std::get<const Route*>(admission);
  const auto body_bytes_max =
      route.body_bytes_max == 0 ? limits_.body_bytes_max : route.body_bytes_max;
  parser.body_limit(body_bytes_max);
  if (parser.content_length().value_or(0) > body_bytes_max) {
    co_return co_await refuse(request, *answer_to(wire::error::body_limit), parser);
  }
  const error_code unread = co_await read_body(parser);
  if (unread) {
    auto answer = answer_to(unread);
    if (!answer) co_return Step::end;
    co_return co_await refuse(request, *std::move(answer), parser);
  }
  request.body = std::move(parser.get().body());
  const auto after = parser.get().keep_alive() ? After::keep_alive : After::close;
  const Asked asked = asked_of(request, parser.get().version());
  Response response = co_await call(route, std::move(request));
  if (cut_) co_return Step::end;
  co_return co_await write(asked, std::move(response), after);
}

Awaitable<Response> Connection::call(const Route& route, Request request) {
  const auto slot = std::make_shared<Slot<Reply::Make>>(executor());
  const GateKeeper<Reply::Make> keeper([slot, executor = executor()](Reply::Make make) {
    auto fill = [slot, make = std::move(make)]() mutable {
      slot->thing = std::move(make);
      slot->wake.cancel();
    };
    asio::dispatch(executor, std::move(fill));
  });
  Request named;  // for what goes wrong once the handler has the request
  named.request_id = request.request_id;
  named.method = request.method;
  named.path = request.path;
  end_never();
  {
    const Reply reply([gate = keeper.gate()](Reply::Make make) { gate->pass(std::move(make)); });
    auto failed = guarded(named, [&](const Request&) {
      route.handler(std::move(request), reply);
      return Response{};
    });
    if (failed.status == 500) reply(std::move(failed));
  }
  sleeping_ = &slot->wake;
  while (!slot->thing && !cut_) {
    co_await slot->wake.async_wait(as_result);  // cancelled: filled, or cut
  }
  sleeping_ = nullptr;
  if (!slot->thing) co_return Response{};
  co_return guarded(named, [&](const Request&) { return (*slot->thing)(); });
}

Awaitable<Connection::Step> Connection::write(const Asked& asked, Response response, After wanted) {
  response = finished(asked, std::move(response), parts_.access);
  if (response.source) co_return co_await stream(asked, response, wanted);
  const bool keep = wanted == After::keep_alive && !parts_.stopping;
  const auto head =
      head_text(asked, response, Framing::length, keep ? Afterwards::keep : Afterwards::close,
                parts_.access.clock().now());
  const auto body = asked.method == "HEAD" ? std::string_view() : response.bytes();
  const Buffers buffers{asio::buffer(head), asio::buffer(body)};
  const error_code ec = co_await send(buffers);
  if (ec) co_return Step::end;
  if (wanted == After::linger) co_return Step::linger;
  co_return keep ? Step::next : Step::end;
}

// Most answers fit into the socket's buffer: then nothing waits.
Awaitable<error_code> Connection::send(Buffers buffers) {
  error_code ec;
  std::size_t sent = socket_.write_some(buffers, ec);
  if (ec == asio::error::would_block) ec = {};
  if (ec) co_return ec;
  for (auto& buffer : buffers) {
    const auto gone = std::min(sent, buffer.size());
    buffer += gone;
    sent -= gone;
  }
  if (asio::buffer_size(buffers) == 0) co_return ec;
  end_within(limits_.write_timeout);
  const auto result = co_await asio::async_write(socket_, buffers, as_result);
  co_return std::get<0>(result);
}

Awaitable<> Connection::linger() {
  error_code ec;
  shut_down(socket_, Tcp::shutdown_send);
  end_within(linger_max);
  while (!ec) {
    buffer_.clear();
    ec = co_await read_more(kept_buffer_bytes_max);
  }
}

void start_connection(Tcp socket, ServerParts& parts) {
  auto connection = std::make_shared<Connection>(std::move(socket), parts);
  const auto executor = connection->executor();
  auto running = Connection::run(std::move(connection));
  asio::co_spawn(executor, std::move(running), asio::detached);
}

}  // namespace hub::http
