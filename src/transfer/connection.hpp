#pragma once
// One request for a part of a file, on one connection of a libcurl multi. One thread.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "transfer/extents.hpp"

using CURL = void;
using CURLM = void;

namespace hub::transfer {

struct Ask {
  std::string url;
  std::string shown;
  int mirror = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;              // of what is wanted; ask_to_end: not known
  std::optional<std::int64_t> size;  // of the whole file, when it is known
  enum class Form { range, whole } form = Form::range;
};

// How it ended.
enum class Outcome {
  done,       // all that was asked for, or all that there is
  cut,        // later it may work
  told_wait,  // 429 or 503; `wait` says how long
  no_ranges,  // it sends the whole file when asked for a part
  refused,    // for good: 404, 403, a bad certificate, a redirect to another protocol
  lied,       // its sizes are not those of the file
  stopped     // our own side said so
};

struct Ended {
  Outcome outcome = Outcome::done;
  Error error = {};  // unless done
  std::optional<std::chrono::seconds> wait = {};
};

class Connection {
 public:
  static constexpr std::chrono::milliseconds connect_patience{15'000};
  static constexpr int redirects_max = 10;

  enum class Taken { yes, not_now, failed };
  // Bytes at an offset of the file.
  using OnBytes = std::function<Taken(std::int64_t offset, std::string_view)>;

  // Begins at once, on `multi`, which outlives it.
  Connection(CURLM* multi, Ask ask, OnBytes on_bytes, std::chrono::milliseconds now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Ask& ask() const { return ask_; }
  CURL* handle() const;
  std::int64_t at() const { return at_; }  // the next byte that it will give
  bool answered() const { return judged_; }
  bool sends_whole() const { return sends_whole_; }
  // Of the whole file, as its answer says.
  std::optional<std::int64_t> size_told() const { return size_told_; }

  bool is_paused() const { return paused_; }
  void go_on(std::chrono::milliseconds now);
  // Since when nothing came; a pause of ours does not count.
  std::chrono::milliseconds silent_since() const { return heard_at_; }
  void heard(std::chrono::milliseconds now) { heard_at_ = now; }
  std::int64_t received() const { return received_; }

  // After libcurl said that it is over, with its code.
  Ended end(int curl_code) const;

 private:
  struct Wires;
  static std::size_t write(char* bytes, std::size_t, std::size_t count, void* self);
  std::size_t take(std::string_view bytes);
  bool judge();  // the head of the answer
  bool judge_range();
  bool stop_with(Outcome, Error);
  Error problem(const std::string& why, const std::string& reason) const;
  Ended end_of_status(int status) const;

  Ask ask_;
  OnBytes on_bytes_;
  std::unique_ptr<Wires> wires_;
  std::int64_t at_ = 0;
  std::int64_t received_ = 0;
  bool judged_ = false, sends_whole_ = false, paused_ = false, full_ = false;
  std::optional<std::int64_t> size_told_;
  std::optional<Ended> ended_;
  std::chrono::milliseconds heard_at_;
};

}  // namespace hub::transfer
