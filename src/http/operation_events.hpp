#pragma once
// The feed of operations as Server-Sent Events (contracts.md §5), for any number of readers.
//
//   store ──commit──▶ one thread reads what is new ──▶ the last few thousand events, as text
//                                                        │ memory only
//                       readers that keep up ◀───────────┘
//   store ──a page──▶ readers that are behind, one page each in turn
//
// A reader is a cursor: it holds no events, so a slow one costs nothing and loses nothing until
// what it needs is pruned, which ends its stream; it then lists again (410). Numbers are the feed's
// own: no event comes twice or is left out, whether it was read from memory or from the store.
//
// Thread-safe. While nobody reads, the thread sleeps. Outlives the server that serves its streams.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/doorbell.hpp"
#include "http/body_source.hpp"
#include "store/operation_store.hpp"
#include "store/progress_board.hpp"

namespace hub::http {

struct EventLimits {
  std::size_t readers_max = 1000;
  std::size_t kept_bytes_max = std::size_t{4} << 20U;  // of text in memory
  std::int64_t page = 256;                             // new events read from the store at once
  std::int64_t behind_page = 24;  // the same for one reader that is behind: about a piece
};

class OperationEvents {
 public:
  OperationEvents(store::OperationStore&, store::ProgressBoard&, EventLimits = {});
  ~OperationEvents();
  OperationEvents(const OperationEvents&) = delete;
  OperationEvents& operator=(const OperationEvents&) = delete;

  // A stream of what comes after `after`; absent: after the present end, with a first event `hello`
  // {feed_id, seq}. Reads the store. not_found, "feed_gone", details {first_seq, last_seq}: the
  // events after that are pruned, or the feed has never come so far (its database was replaced);
  // exhausted, "too_many_streams".
  Result<std::shared_ptr<BodySource>> open(std::optional<std::int64_t> after);

  // How many events there are that the readers' thread has not read yet; 0 while nobody reads.
  std::int64_t lag();

 private:
  class Reader;
  struct Kept {
    std::int64_t seq;
    std::string text;
  };

  void run();
  bool read_or_log(bool rung, const std::shared_ptr<Reader>& behind);
  void read_new();
  void serve(const std::shared_ptr<Reader>& behind);
  std::vector<Kept> texts_of(const std::vector<store::OperationEvent>&);
  void keep(std::vector<Kept> events);  // under mutex_
  void pull(const std::shared_ptr<Reader>&, BodySource::Give);
  // Gives what is kept to a reader that waits for it, or puts it where it has to wait.
  std::optional<std::string> take_or_queue(const std::shared_ptr<Reader>&);  // under mutex_
  void leave(Reader&);

  store::OperationStore& store_;
  store::ProgressBoard& board_;
  const EventLimits limits_;

  std::mutex mutex_;  // all below, and what the readers have
  std::condition_variable wake_;
  bool stopping_ = false;
  bool rung_ = false;  // something was committed
  std::size_t readers_ = 0;
  std::int64_t last_ = 0;  // the last event that was read
  std::deque<Kept> kept_;  // the newest, up to last_, without holes
  std::size_t kept_bytes_ = 0;
  std::vector<std::shared_ptr<Reader>> waiting_;  // have all there is; shared with the server
  std::deque<std::shared_ptr<Reader>> behind_;    // want a page from the store

  Doorbell::Subscription commits_;
  std::thread thread_;
};

}  // namespace hub::http
