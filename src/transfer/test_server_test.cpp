#include "transfer/test_server.hpp"

#include <bit>
#include <charconv>
#include <random>
#include <stdexcept>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hub::transfer {
namespace {

sockaddr* as_address(sockaddr_in& address) { return std::bit_cast<sockaddr*>(&address); }

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string range_of(const std::string& head) {
  const auto at = head.find("Range: bytes=");
  if (at == std::string::npos) return {};
  const auto from = at + 13;
  return head.substr(from, head.find("\r\n", from) - from);
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string made_content(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string content(bytes, '\0');
  for (auto& byte : content) byte = static_cast<char>(random());
  return content;
}

TestServer::TestServer() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0) throw std::runtime_error("cannot make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(listener_, as_address(address), length) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, as_address(address), &length) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TestServer::~TestServer() {
  ending_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard guard(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (auto& talk : talks_) talk.join();
  ::close(listener_);
}

std::string TestServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

void TestServer::serve(const std::string& path, Served served) {
  const std::lock_guard guard(mutex_);
  served_[path] = std::move(served);
}

std::vector<std::string> TestServer::requests() const {
  const std::lock_guard guard(mutex_);
  return requests_;
}

void TestServer::accept_all() {
  while (!ending_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const std::lock_guard guard(mutex_);
    sockets_.push_back(socket);
    talks_.emplace_back([this, socket] { talk(socket); });
  }
}

void TestServer::talk(int socket) {
  std::string head;
  std::string chunk(4096, '\0');
  for (bool more = true; more && !ending_;) {
    const auto end = head.find("\r\n\r\n");
    if (end != std::string::npos) {
      more = answer(socket, head.substr(0, end + 2));
      head.erase(0, end + 4);
      continue;
    }
    const auto got = ::recv(socket, chunk.data(), chunk.size(), 0);
    if (got <= 0) break;
    head.append(chunk.data(), static_cast<std::size_t>(got));
  }
  const std::lock_guard guard(mutex_);
  std::erase(sockets_, socket);
  ::close(socket);
}

// Whether the connection goes on.
bool TestServer::answer(int socket, const std::string& head) {
  const auto path = head.substr(4, head.find(' ', 4) - 4);
  const auto range = range_of(head);
  Served served;
  {
    const std::lock_guard guard(mutex_);
    requests_.push_back(path + " " + range);
    const auto known = served_.find(path);
    if (known == served_.end()) {
      served.status = 404;
    } else {
      served = known->second;
      if (served.status != 0 && known->second.status_times-- <= 0) served.status = 0;
    }
  }
  if (served.status != 0) {
    std::string text = "HTTP/1.1 " + std::to_string(served.status) + " So\r\nContent-Length: 2\r\n";
    if (served.retry_after_s >= 0) {
      text += "Retry-After: " + std::to_string(served.retry_after_s) + "\r\n";
    }
    if (!served.location.empty()) text += "Location: " + served.location + "\r\n";
    return send_all(socket, text + "\r\nno");
  }
  std::string_view body = served.content;
  if (served.length == Served::Length::chunked) {
    if (!send_all(socket, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")) return false;
    send_body(socket, served, body);
    return false;
  }
  std::string text = "HTTP/1.1 200 OK\r\n";
  if (!range.empty() && served.parts == Served::Parts::yes) {
    const auto dash = range.find('-');
    const auto begin = number(range);
    const auto last = std::min(number(std::string_view(range).substr(dash + 1)), body.size() - 1);
    if (begin > last) {
      return send_all(socket, "HTTP/1.1 416 So\r\nContent-Length: 0\r\n\r\n");
    }
    text = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(begin) + "-" +
           std::to_string(last) + "/" + std::to_string(body.size()) + "\r\n";
    body = body.substr(begin, last - begin + 1);
  }
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return send_all(socket, text) && send_body(socket, served, body);
}

bool TestServer::send_body(int socket, const Served& served, std::string_view body) {
  const bool cut = served.cut_after > 0 && served.cut_after < body.size();
  if (cut) body = body.substr(0, served.cut_after);
  const bool stalls = served.stall_after > 0 && served.stall_after < body.size();
  if (stalls) body = body.substr(0, served.stall_after);
  if (!send_all(socket, body)) return false;
  sent_ += static_cast<std::int64_t>(body.size());
  if (stalls) {
    char byte = 0;
    ::recv(socket, &byte, 1, 0);  // until the other side has enough of it
    return false;
  }
  return !cut;
}

}  // namespace hub::transfer
