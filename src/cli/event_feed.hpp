#pragma once
// The hub's event stream, read as a list of operations that have changed. Resumes where it was
// after the hub went away, so no change is missed; without it a watch still works, by asking.

#include <chrono>
#include <set>
#include <string>

#include "cli/http_session.hpp"
#include "contracts/operation_state.hpp"

namespace hub::cli {

// Server-sent events from pieces of bytes. A value.
class EventReader {
 public:
  void read(std::string_view bytes);
  std::set<OperationId> take();  // of the events read since
  const std::string& last_id() const { return last_id_; }
  void forget() { *this = EventReader(); }

 private:
  void read_line(std::string_view line);
  std::string rest_;  // an unfinished line
  std::string id_, data_;
  std::string last_id_;
  std::set<OperationId> changed_;
};

class EventFeed {
 public:
  explicit EventFeed(HttpSession& session) : session_(session) {}
  ~EventFeed() { session_.close_stream(); }
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  // Opens the stream, or opens it again when it has ended: at most once a second.
  void keep_open();
  std::set<OperationId> take() { return reader_.take(); }

 private:
  HttpSession& session_;
  EventReader reader_;
  bool opened_ = false;
  bool refused_ = false;  // this hub has none
  std::chrono::steady_clock::time_point tried_at_{};
};

}  // namespace hub::cli
