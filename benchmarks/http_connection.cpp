#include "http_connection.hpp"

#include <charconv>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>

namespace hub::benchmarks {
namespace {

constexpr std::size_t answer_bytes_max = std::size_t{64} << 10U;

[[noreturn]] void fail(const char* doing) {
  throw std::system_error(errno, std::generic_category(), doing);
}

template <class Number>
Number number_at(std::string_view text, const char* what) {
  Number value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{}) throw std::runtime_error(std::string("cannot read an answer: no ") + what);
  return value;
}

}  // namespace

HttpConnection::HttpConnection(const std::string& ipv4_address, std::uint16_t port)
    : socket_(connected_socket(ipv4_address, port)), received_(answer_bytes_max, 0) {
  if (::fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
}

void HttpConnection::send(std::string_view request) {
  used_ = head_bytes_ = body_bytes_ = 0;
  if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    fail("send");
  }
}

std::optional<HttpAnswer> HttpConnection::receive() {
  const auto got = ::recv(socket_.get(), received_.data() + used_, received_.size() - used_, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (got < 0) fail("recv");
  if (got == 0) throw std::runtime_error("the hub closed the connection");
  used_ += static_cast<std::size_t>(got);
  if (head_bytes_ == 0 && !parse_head()) return std::nullopt;
  if (used_ < head_bytes_ + body_bytes_) return std::nullopt;
  return HttpAnswer{status_, std::string_view(received_).substr(head_bytes_, body_bytes_)};
}

bool HttpConnection::parse_head() {
  const std::string_view have(received_.data(), used_);
  const auto end = have.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  const auto head = have.substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 "))
    throw std::runtime_error("cannot read an answer: no HTTP/1.1");
  status_ = number_at<int>(head.substr(9), "status");
  constexpr std::string_view length = "\r\nContent-Length: ";
  const auto at = head.find(length);
  if (at == std::string_view::npos) {
    throw std::runtime_error("cannot read an answer: no Content-Length");
  }
  body_bytes_ = number_at<std::size_t>(head.substr(at + length.size()), "length");
  head_bytes_ = end + 4;
  if (head_bytes_ + body_bytes_ > received_.size()) {
    throw std::runtime_error("cannot read an answer: it is larger than 64 KiB");
  }
  return true;
}

}  // namespace hub::benchmarks
