// One HTTP connection: read a head, judge it, read the body, call the handler, write the answer,
// again. A coroutine on the connection's strand.

#include <cctype>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "http/answer.hpp"
#include "http/beast.hpp"

namespace hub::http {
namespace {

namespace wire = beast::http;
using Parser = wire::request_parser<wire::string_body>;
using Body = wire::span_body<char const>;

// After an answer that leaves unread bytes behind, closing at once would reset the connection and
// could destroy the answer on its way; so what comes is read and dropped for a moment.
constexpr std::chrono::milliseconds linger_max{2'000};
constexpr std::size_t kept_buffer_bytes_max = 16U << 10U;  // between two requests

// What follows an answer. linger: the rest of the request is still to come, and must not be taken
// for the next one.
enum class After { keep_alive, close, linger };

After after_refusal(const Parser& parser) {
  if (!parser.is_done()) return After::linger;
  return parser.get().keep_alive() ? After::keep_alive : After::close;
}

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

Request head_of(const WireRequest& from, const std::string& peer_address) {
  Request request;
  request.method = std::string(from.method_string());
  for (const auto& field : from) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  request.peer_address = peer_address;
  request.request_id = random_hex(8);
  return request;
}

// Where a Reply finds the coroutine that waits for it. The gate outlives the connection, shut.
struct Gate {
  std::mutex mutex;
  std::function<void(Response)> to;  // empty once the connection no longer waits
};

struct GateKeeper {
  explicit GateKeeper(std::shared_ptr<Gate> one) : gate(std::move(one)) {}
  GateKeeper(const GateKeeper&) = delete;
  GateKeeper& operator=(const GateKeeper&) = delete;
  ~GateKeeper() {
    std::function<void(Response)> last;
    const std::lock_guard lock(gate->mutex);
    last.swap(gate->to);
  }
  std::shared_ptr<Gate> gate;
};

struct Slot {
  explicit Slot(const Executor& executor) : filled(executor, Timer::time_point::max()) {}
  std::optional<Response> response;
  Timer filled;  // never fires; cancelled to wake the coroutine
};

class Connection final : public Live, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Tcp socket, ServerParts& parts)
      : stream_(std::move(socket)), parts_(parts), limits_(parts.options.limits) {
    error_code ec;
    const auto peer = stream_.socket().remote_endpoint(ec);
    if (!ec) peer_address_ = peer.address().to_string();
  }

  Executor executor() { return stream_.get_executor(); }

  void stop() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->phase_ == Phase::idle) self->stream_.cancel();
    });
  }

  void cut() override {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      self->cut_ = true;
      if (self->slot_) self->slot_->filled.cancel();
      if (self->phase_ != Phase::upgraded) self->stream_.close();
    });
  }

  // Keeps the connection alive by its parameter.
  static Awaitable<> run(std::shared_ptr<Connection> self) {
    const LiveSet::Membership membership(self->parts_.connections, *self);
    try {
      co_await self->serve();
    } catch (const std::exception& error) {
      log::error("http", "connection_failed", {{"error", error.what()}});
    }
  }

 private:
  enum class Phase { idle, busy, upgraded };
  enum class Step { next, end, linger };

  Awaitable<> serve();
  Awaitable<Step> serve_one();
  Awaitable<error_code> wait_for_request();
  Awaitable<error_code> read_body(Parser& parser);
  Awaitable<Response> call(const Route& route, Request request);
  Awaitable<Step> write(const Request& request, Response response, After wanted);
  Awaitable<> linger();

  Stream stream_;
  ServerParts& parts_;
  const ServerLimits& limits_;
  beast::flat_buffer buffer_;
  std::string peer_address_;
  std::shared_ptr<Slot> slot_;  // of the running handler; shared with the Reply that fills it
  unsigned version_ = 11;
  Phase phase_ = Phase::idle;
  bool cut_ = false;
};

Awaitable<> Connection::serve() {
  auto step = Step::next;
  while (step == Step::next && !parts_.stopping && !cut_) step = co_await serve_one();
  if (phase_ == Phase::upgraded) co_return;
  if (step == Step::linger) co_await linger();
  shut_down(stream_.socket(), Tcp::shutdown_both);
  stream_.close();
}

Awaitable<error_code> Connection::wait_for_request() {
  phase_ = Phase::idle;
  if (buffer_.size() == 0) {
    if (buffer_.capacity() > kept_buffer_bytes_max) buffer_ = {};
    stream_.expires_after(limits_.idle_timeout);
    const auto room = buffer_.prepare(4096);
    const auto [ec, count] = co_await stream_.async_read_some(room, as_result);
    if (ec) co_return ec;
    buffer_.commit(count);
  }
  phase_ = Phase::busy;
  co_return error_code{};
}

Awaitable<Connection::Step> Connection::serve_one() {
  const error_code gone = co_await wait_for_request();
  if (gone) co_return Step::end;

  Parser parser;
  parser.header_limit(limits_.header_bytes_max);
  parser.body_limit(limits_.body_bytes_max);
  stream_.expires_after(limits_.header_timeout);
  const auto [ec, count] = co_await wire::async_read_header(stream_, buffer_, parser, as_result);
  Request request = head_of(parser.get(), peer_address_);
  version_ = parser.get().version();
  if (ec) {
    auto answer = answer_to(ec);
    if (!answer) co_return Step::end;
    version_ = 11;
    co_return co_await write(request, *std::move(answer), after_refusal(parser));
  }
  const std::string target(parser.get().target());

  if (beast::websocket::is_upgrade(parser.get())) {
    auto admission = admit_socket(parts_, target, request);
    if (auto* refused = std::get_if<Response>(&admission)) {
      co_return co_await write(request, std::move(*refused), after_refusal(parser));
    }
    const SocketRoute& route = *std::get<const SocketRoute*>(admission);
    phase_ = Phase::upgraded;
    co_await serve_socket(std::move(stream_), parser.release(), std::move(request), route, parts_);
    co_return Step::end;
  }

  auto admission = admit(parts_, target, request);
  if (auto* refused = std::get_if<Response>(&admission)) {
    co_return co_await write(request, std::move(*refused), after_refusal(parser));
  }
  const Route& route = *std::get<const Route*>(admission);
  const error_code unread = co_await read_body(parser);
  if (unread == beast::error::timeout) {
    // Beast closes the socket when time runs out, so there is nobody to tell.
    co_return Step::end;
  }
  if (unread) {
    auto answer = answer_to(unread);
    if (!answer) co_return Step::end;
    co_return co_await write(request, *std::move(answer), after_refusal(parser));
  }
  request.body = std::move(parser.get().body());
  const auto after = parser.get().keep_alive() ? After::keep_alive : After::close;
  Request head = request;
  head.body.clear();
  Response response = co_await call(route, std::move(request));
  if (cut_) co_return Step::end;
  co_return co_await write(head, std::move(response), after);
}

Awaitable<error_code> Connection::read_body(Parser& parser) {
  if (parser.is_done()) co_return error_code{};
  stream_.expires_after(limits_.body_timeout);
  if (beast::iequals(parser.get()[wire::field::expect], "100-continue")) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto bytes = asio::buffer(go_on);
    const auto [ec, count] = co_await asio::async_write(stream_, bytes, as_result);
    if (ec) co_return ec;
  }
  const auto [ec, count] = co_await wire::async_read(stream_, buffer_, parser, as_result);
  co_return ec;
}

Awaitable<Response> Connection::call(const Route& route, Request request) {
  const auto slot = std::make_shared<Slot>(executor());
  const GateKeeper keeper(std::make_shared<Gate>());
  keeper.gate->to = [slot, executor = executor()](Response response) {
    auto fill = [slot, response = std::move(response)]() mutable {
      slot->response = std::move(response);
      slot->filled.cancel();
    };
    asio::dispatch(executor, std::move(fill));
  };
  auto deliver = [gate = keeper.gate](Response response) {
    const std::lock_guard lock(gate->mutex);
    if (gate->to) gate->to(std::move(response));
  };
  slot_ = slot;
  stream_.expires_never();
  {
    const Reply reply(std::move(deliver));
    const auto run = [&](const Request&) {
      route.handler(std::move(request), reply);
      return Response{};
    };
    Request named;
    named.request_id = request.request_id;
    named.method = request.method;
    named.path = request.path;
    auto failed = guarded(named, run);
    if (failed.status == 500) reply(std::move(failed));
  }
  while (!slot->response && !cut_) {
    co_await slot->filled.async_wait(as_result);  // cancelled: filled, or cut
  }
  slot_.reset();
  co_return slot->response ? *std::move(slot->response) : Response{};
}

Awaitable<Connection::Step> Connection::write(const Request& request, Response response,
                                              After wanted) {
  response = finished(request, std::move(response), parts_.access);
  const auto bytes = response.bytes();
  wire::response<Body> message;
  message.version(version_);
  message.result(static_cast<unsigned>(response.status));
  message.reason(status_text(response.status));
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  const bool keep = wanted == After::keep_alive && !parts_.stopping;
  message.keep_alive(keep);
  if (response.status != 204 && response.status != 304) message.content_length(bytes.size());
  message.body() = {bytes.data(), bytes.size()};

  wire::response_serializer<Body> serializer(message);
  stream_.expires_after(limits_.write_timeout);
  error_code ec;
  if (request.method == "HEAD" || bytes.empty()) {
    const auto result = co_await wire::async_write_header(stream_, serializer, as_result);
    ec = std::get<0>(result);
  } else {
    const auto result = co_await wire::async_write(stream_, serializer, as_result);
    ec = std::get<0>(result);
  }
  if (ec) co_return Step::end;
  if (wanted == After::linger) co_return Step::linger;
  co_return keep ? Step::next : Step::end;
}

Awaitable<> Connection::linger() {
  error_code ec;
  shut_down(stream_.socket(), Tcp::shutdown_send);
  stream_.expires_after(linger_max);
  buffer_.clear();
  while (!ec) {
    const auto room = buffer_.prepare(kept_buffer_bytes_max);
    const auto result = co_await stream_.async_read_some(room, as_result);
    ec = std::get<0>(result);
  }
}

}  // namespace

void start_connection(Tcp socket, ServerParts& parts) {
  auto connection = std::make_shared<Connection>(std::move(socket), parts);
  const auto executor = connection->executor();
  auto running = Connection::run(std::move(connection));
  asio::co_spawn(executor, std::move(running), asio::detached);
}

}  // namespace hub::http
