#pragma once
// HTTP with one server, on one thread, by libcurl: requests that are awaited, one stream beside
// them, and descriptors (signals, keys) that are looked after meanwhile. libcurl stays in one file.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace hub::cli {

struct HttpRequest {
  std::string method = "GET";
  std::string path;  // begins with '/', with its query
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::milliseconds timeout{30'000};  // of the whole; 0: none (a stream)
};

struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string next_offset;  // X-Next-Offset
  std::string body;
};

enum class GoOn { yes, no };

// Not thread-safe; a resource.
class HttpSession {
 public:
  static constexpr std::size_t body_bytes_max = std::size_t{64} << 20U;

  HttpSession(std::string url, std::string token);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  // The server is elsewhere now. The stream, if open, stays with the former one.
  void move_to(std::string url, std::string token);

  // unavailable, "hub_unreachable": no answer, and details.sent says whether the request may have
  // arrived; cancelled, "interrupted": a descriptor's listener said no. Any status is an answer.
  Result<HttpAnswer> ask(const HttpRequest&);

  // Calls back while bytes of a 200 answer come: false when the stream ends. The error is why it
  // ended: as ask(), or unavailable "refused" with details.status and details.body.
  using OnBytes = std::function<void(std::string_view)>;
  void open_stream(const HttpRequest&, OnBytes);
  bool stream_is_open() const;
  Result<> stream_end() const;  // once it is not open
  void close_stream();

  // Lets the stream and the descriptors go on for at most so long. cancelled, "interrupted": as
  // ask(). Returns early after something has come in.
  Result<> wait(std::chrono::milliseconds);

  // Called whenever the descriptor can be read, while we wait for anything.
  using OnReadable = std::function<GoOn()>;
  void listen_to(int descriptor, OnReadable);
  void ignore(int descriptor);

 private:
  struct Wires;
  struct Transfer;
  Result<> step(std::chrono::milliseconds);
  std::unique_ptr<Transfer> begin(const HttpRequest&, OnBytes);

  std::string url_, token_;
  std::vector<std::pair<int, OnReadable>> listeners_;
  std::unique_ptr<Wires> wires_;
  std::unique_ptr<Transfer> stream_;
};

}  // namespace hub::cli
