#pragma once
// The judge's own book of what the feed said. Every event is checked as it comes; what a driver was
// told, what the other consumer got and what the database holds is compared with the book at the
// end.

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "records.hpp"

namespace hub::feed_test {

struct Wrong {
  std::int64_t lost = 0;  // missing in the feed, or from a consumer
  std::int64_t reordered = 0;
  std::int64_t duplicated = 0;  // an event or a notification
  std::int64_t forbidden = 0;   // a transition that may not be, or a revision that does not follow
  std::int64_t other = 0;       // the database contradicts the feed, or itself
  std::vector<std::string> examples;  // the first few, in words

  std::int64_t total() const { return lost + reordered + duplicated + forbidden + other; }
};

class Ledger {
 public:
  // The next event of the consumer whose cursor is kept outside.
  void take(const EventRecord&);
  std::int64_t last_seq() const { return static_cast<std::int64_t>(events_.size()); }
  std::size_t operations() const { return operations_.size(); }
  std::size_t ended() const { return ended_; }

  // Each answer a driver got must be in the feed. How many there were.
  std::size_t compare_answers(const std::filesystem::path& file);

  struct Durable {
    std::size_t delivered = 0, again = 0;  // again: after a kill between delivery and move_cursor
  };
  // The durable consumer: from its cursor on after each start, the same events as everybody.
  Durable compare_durable(const std::filesystem::path& file);

  // At rest, with everything ended: rows, notifications, locks, the file itself.
  void compare_database(const std::filesystem::path& file);

  const Wrong& wrong() const { return wrong_; }

 private:
  struct Operation {
    std::vector<OperationStatus> by_revision;  // [0] is revision 1
  };

  void note(std::int64_t& count, const std::string& example);
  void check_transition(const EventRecord&, Operation&);
  void compare_operations(sql::Connection&);
  void compare_notifications(sql::Connection&);
  void replay_locks(sql::Connection&);

  std::vector<EventRecord> events_;  // [0] is seq 1
  std::unordered_map<std::string, Operation> operations_;
  std::size_t ended_ = 0;
  Wrong wrong_;
};

}  // namespace hub::feed_test
