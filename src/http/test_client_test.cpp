// The client of test_client.hpp. No tests of its own: what uses it shows whether it works.

#include "http/test_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hub::http {
namespace {

constexpr int patience_s = 10;

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = (out << 8U) | static_cast<std::uint8_t>(c);
  return out;
}

std::string big_endian(std::uint64_t number, unsigned bytes) {
  std::string out;
  for (unsigned at = bytes; at-- > 0;)
    out.push_back(static_cast<char>((number >> (8 * at)) & 0xFF));
  return out;
}

}  // namespace

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Json Answer::json() const {
  boost::json::error_code ec;
  auto value = boost::json::parse(body, ec);
  return ec ? Json(nullptr) : value;
}

TestClient::TestClient(std::uint16_t port) : port_(port) {
  descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = patience_s, .tv_usec = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  static_assert(sizeof generic == sizeof address);
  std::copy_n(reinterpret_cast<const char*>(&address), sizeof address,
              reinterpret_cast<char*>(&generic));
  if (::connect(descriptor_, &generic, sizeof generic) != 0) {
    ::close(descriptor_);
    throw std::runtime_error("nobody listens on " + std::to_string(port));
  }
}

TestClient::~TestClient() { ::close(descriptor_); }

void TestClient::shrink_receive_buffer(int bytes) {
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool TestClient::read_some() {
  std::array<char, 65536> chunk{};
  const auto got = ::recv(descriptor_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

bool TestClient::read_up_to(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    if (!read_some()) return false;
  }
  return true;
}

void TestClient::hang_up() { ::shutdown(descriptor_, SHUT_RDWR); }

bool TestClient::is_closed() {
  char byte = 0;
  for (;;) {
    const auto got = ::recv(descriptor_, &byte, 1, 0);
    if (got == 0) return true;
    if (got < 0) return errno == ECONNRESET;
  }
}

Answer TestClient::read_answer(std::string_view method) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_some()) return {};
  }
  Answer answer;
  std::string_view head(buffer_.data(), end + 2);
  answer.status = std::stoi(std::string(head.substr(head.find(' ') + 1, 3)));
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    const auto colon = line.find(": ");
    answer.headers.emplace_back(lower_case(line.substr(0, colon)), line.substr(colon + 2));
  }
  buffer_.erase(0, end + 4);
  if (answer.status == 100) return read_answer(method);
  const auto length = answer.header("content-length");
  if (method == "HEAD" || length.empty()) return answer;
  const auto size = std::stoul(length);
  if (!read_up_to(size)) return {};
  answer.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return answer;
}

std::optional<std::string> TestClient::read_chunk() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!read_some()) return std::nullopt;
  }
  const auto size = std::stoul(buffer_.substr(0, end), nullptr, 16);
  if (!read_up_to(end + size + 4)) return std::nullopt;
  auto chunk = buffer_.substr(end + 2, size);
  buffer_.erase(0, end + size + 4);
  return chunk;
}

std::string TestClient::read_chunks_until(std::string_view text) {
  std::string out;
  while (out.find(text) == std::string::npos) {
    const auto chunk = read_chunk();
    if (!chunk || chunk->empty()) {
      throw std::runtime_error("the stream ended before \"" + std::string(text) + "\": " + out);
    }
    out += *chunk;
  }
  return out;
}

std::string TestClient::read_to_end() {
  while (read_some()) continue;
  return std::exchange(buffer_, {});
}

Answer TestClient::ask(std::string_view method, std::string_view target, const std::string& headers,
                       const std::string& body) {
  std::string request = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  if (headers.find("Host:") == std::string::npos) {
    request += "Host: 127.0.0.1:" + std::to_string(port_) + "\r\n";
  }
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send(request + headers + "\r\n" + body);
  return read_answer(method);
}

Answer TestClient::upgrade(std::string_view target, const std::string& headers) {
  return ask("GET", target,
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                 headers);
}

int TestClient::Frame::close_code() const {
  return opcode == 8 && bytes.size() >= 2 ? static_cast<int>(big_endian(bytes.substr(0, 2))) : 0;
}

void TestClient::send_frame(int opcode, std::string_view bytes) {
  std::string out(1, static_cast<char>(0x80 | opcode));
  if (bytes.size() < 126) {
    out.push_back(static_cast<char>(0x80U | bytes.size()));
  } else if (bytes.size() < 65536) {
    out += '\xfe' + big_endian(bytes.size(), 2);
  } else {
    out += '\xff' + big_endian(bytes.size(), 8);
  }
  out += std::string(4, '\0');  // a mask of zeros leaves the bytes as they are
  send(out.append(bytes));
}

void TestClient::send_close(std::uint16_t code) { send_frame(8, big_endian(code, 2)); }

TestClient::Frame TestClient::read_frame() {
  if (!read_up_to(2)) return {};
  const int opcode = static_cast<std::uint8_t>(buffer_[0]) & 0x0F;
  std::uint64_t size = static_cast<std::uint8_t>(buffer_[1]) & 0x7FU;
  std::size_t head = 2;
  if (size >= 126) {
    head = size == 126 ? 4 : 10;
    if (!read_up_to(head)) return {};
    size = big_endian(std::string_view(buffer_).substr(2, head - 2));
  }
  if (!read_up_to(head + size)) return {};
  Frame frame{opcode, buffer_.substr(head, size)};
  buffer_.erase(0, head + size);
  return frame;
}

}  // namespace hub::http
