#include "store/feed_reader.hpp"

#include "base/log.hpp"

namespace hub::store {
namespace {

constexpr std::chrono::seconds save_interval_min{1};

}  // namespace

FeedReader::FeedReader(OperationStore& store, std::string consumer, CursorKind kind)
    : store_(store), consumer_(std::move(consumer)), kind_(kind) {
  handed_out_ = kind_ == CursorKind::durable ? store_.cursor(consumer_) : store_.last_seq();
  saved_ = handed_out_;
  done_ = handed_out_;
}

FeedReader::~FeedReader() {
  try {
    save();
  } catch (const sql::Failure& failure) {  // then the last second comes again
    log::warning("store", "cursor_not_saved", {{"consumer", consumer_}, {"error", failure.what()}});
  }
}

Result<std::vector<OperationEvent>> FeedReader::next(std::int64_t limit) {
  HUB_TRY(events, store_.events_after(handed_out_, limit));
  for (const auto& event : events) {
    if (event.seq != handed_out_ + 1) {
      ++gaps_;
      log::error("store", "feed_gap",
                 {{"consumer", consumer_}, {"after", handed_out_}, {"found", event.seq}});
    }
    handed_out_ = event.seq;
  }
  return events;
}

void FeedReader::done() {
  done_ = handed_out_;
  const auto now = std::chrono::steady_clock::now();
  if (now - saved_at_ < save_interval_min) return;
  save();
  saved_at_ = now;
}

void FeedReader::skip_to_end() {
  handed_out_ = store_.last_seq();
  done();
}

std::int64_t FeedReader::lag() { return store_.last_seq() - done_; }

void FeedReader::save() {
  if (kind_ != CursorKind::durable || saved_ == done_) return;
  store_.move_cursor(consumer_, done_);
  saved_ = done_;
}

}  // namespace hub::store
