#pragma once
// FeedReader: one consumer's place in the feed. Every event once, in commit order; what was handed
// out but not done when the hub died comes again (a durable cursor), or the consumer lists afresh
// at its start anyway (one in memory). One thread at a time, but for lag() and gaps().
//
//   for (;;) { events = next(100); …; done(); }     and wait for Database::commits() when empty

#include <atomic>
#include <chrono>

#include "store/operation_store.hpp"

namespace hub::store {

enum class CursorKind {
  in_memory,  // begins at the end of the feed: list what is there first
  durable     // begins where done() left it, at the beginning when it is new
};

class FeedReader {
 public:
  FeedReader(OperationStore&, std::string consumer, CursorKind);
  ~FeedReader();  // saves a durable cursor
  FeedReader(const FeedReader&) = delete;
  FeedReader& operator=(const FeedReader&) = delete;

  // What comes next; empty: nothing yet. not_found: "feed_gone": call skip_to_end(), then list.
  Result<std::vector<OperationEvent>> next(std::int64_t limit);

  // Everything handed out is dealt with. A durable cursor is saved at most once a second, so that
  // reading costs few commits: after a crash the last second may come again.
  void done();

  // Goes on after the last event there is now. What is listed after this call is not older.
  void skip_to_end();

  const std::string& consumer() const { return consumer_; }
  std::int64_t position() const { return done_; }  // the last event that was dealt with
  std::int64_t lag();                              // events that were not
  std::int64_t gaps() const { return gaps_; }      // numbers that were missing: 0, or the feed lied

 private:
  void save();

  OperationStore& store_;
  const std::string consumer_;
  const CursorKind kind_;
  std::int64_t handed_out_ = 0;
  std::atomic<std::int64_t> done_{0};
  std::atomic<std::int64_t> gaps_{0};
  std::int64_t saved_ = 0;
  std::chrono::steady_clock::time_point saved_at_{};
};

}  // namespace hub::store
