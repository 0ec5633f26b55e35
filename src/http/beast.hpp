#pragma once
// Internal to the server: the types that its Beast files share. Included by server.cpp,
// connection.cpp and beast_socket.cpp only, for it costs seconds a file.
//
// g++ 12 destroys lambdas and braced temporaries inside a co_await expression twice: name them
// first.

#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/server_parts.hpp"

namespace hub::http {

namespace asio = boost::asio;
namespace beast = boost::beast;

using boost::system::error_code;
using Executor = asio::strand<asio::io_context::executor_type>;
using Tcp = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Stream = beast::basic_stream<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using WireRequest = beast::http::request<beast::http::string_body>;
template <class T = void>
using Awaitable = asio::awaitable<T, Executor>;

inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>{});

// For a socket that may be closed already.
inline void shut_down(Tcp& socket, Tcp::shutdown_type which) {
  error_code ec;
  ec = socket.shutdown(which, ec);
}

// Serves one connection until it ends. Runs on the socket's strand.
void start_connection(Tcp socket, ServerParts& parts);

// Upgrades and serves one WebSocket until it ends.
Awaitable<> serve_socket(Stream stream, WireRequest wire, Request request, const SocketRoute& route,
                         ServerParts& parts);

}  // namespace hub::http
