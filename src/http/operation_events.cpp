#include "http/operation_events.hpp"

#include <algorithm>
#include <map>

#include "base/described_text.hpp"
#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::http {
namespace {

constexpr std::chrono::seconds pause_after_failure{1};

std::string hello_text(const std::string& feed_id, std::int64_t seq) {
  const auto number = std::to_string(seq);
  std::string text = "retry: 2000\nid: " + number + "\nevent: hello\ndata: {\"feed_id\":";
  append_quoted(text, feed_id);
  return text + ",\"seq\":" + number + "}\n\n";
}

std::string event_text(const store::OperationEvent& event,
                       const std::optional<OperationState>& state) {
  std::string text = "id: " + std::to_string(event.seq) + "\nevent: operation\ndata: {\"seq\":";
  append_json(text, event.seq);
  text += ",\"operation_id\":";
  append_json(text, event.operation_id);
  text += ",\"kind\":";
  append_json(text, event.kind);
  text += ",\"revision\":";
  append_json(text, event.revision);
  text += ",\"from\":";
  if (event.from) {
    append_json(text, *event.from);
  } else {
    text += "null";
  }
  text += ",\"status\":";
  append_json(text, event.status);
  text += ",\"at\":";
  append_json(text, event.at);
  if (state) {
    text += ",\"operation\":";
    append_json(text, *state);
  }
  return text += "}\n\n";
}

// What was still to come is gone: the reader has to list again.
std::string gone_text(const Error& error) {
  return "event: gone\ndata: " + boost::json::serialize(error.details) + "\n\n";
}

}  // namespace

class OperationEvents::Reader final : public BodySource,
                                      public std::enable_shared_from_this<Reader> {
 public:
  Reader(OperationEvents& owner, std::int64_t after, std::string first)
      : events(owner), cursor(after), greeting(std::move(first)) {}

  void pull(Give given) override { events.pull(shared_from_this(), std::move(given)); }
  void close() override { events.leave(*this); }
  std::string_view heartbeat() const override { return ":\n\n"; }

  OperationEvents& events;
  // Under the mutex of `events`:
  std::int64_t cursor;  // the last event that was given
  std::string greeting;
  Give give;  // owed a piece; empty: not asked, or being served
};

OperationEvents::OperationEvents(store::OperationStore& store, store::ProgressBoard& board,
                                 EventLimits limits)
    : store_(store), board_(board), limits_(limits) {
  commits_ = store.database().commits().subscribe([this] {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    if (readers_ > 0) wake_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

OperationEvents::~OperationEvents() {
  commits_ = {};
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<std::shared_ptr<BodySource>> OperationEvents::open(std::optional<std::int64_t> after) {
  const auto end = store_.last_seq();
  if (after) HUB_CHECK(store_.events_after(*after, 1));
  const auto reader = std::make_shared<Reader>(
      *this, after.value_or(end),
      after ? "retry: 2000\n\n" : hello_text(store_.database().feed_id(), end));
  const std::lock_guard lock(mutex_);
  if (readers_ >= limits_.readers_max) {
    return fail(ErrorCode::exhausted,
                "cannot open one more stream of events: " + std::to_string(readers_) + " are open",
                "too_many_streams", "close streams that nobody reads, or try again later",
                {{"streams", readers_}, {"retry_after_s", 10}});
  }
  if (readers_++ == 0) {
    last_ = end;
    rung_ = true;
    wake_.notify_one();
  }
  return std::shared_ptr<BodySource>(reader);
}

void OperationEvents::leave(Reader& reader) {
  BodySource::Give unanswered;  // dies outside the lock
  const std::lock_guard lock(mutex_);
  unanswered.swap(reader.give);
  const auto is_this = [&](const std::shared_ptr<Reader>& one) { return one.get() == &reader; };
  std::erase_if(waiting_, is_this);
  std::erase_if(behind_, is_this);
  if (--readers_ == 0) {
    kept_.clear();
    kept_bytes_ = 0;
  }
}

void OperationEvents::pull(const std::shared_ptr<Reader>& reader, BodySource::Give give) {
  std::optional<std::string> text;
  {
    const std::lock_guard lock(mutex_);
    reader->give = std::move(give);
    text = reader->greeting.empty() ? take_or_queue(reader)
                                    : std::optional(std::exchange(reader->greeting, {}));
    if (!text) return;
    give = std::exchange(reader->give, {});
  }
  give({*std::move(text), BodySource::Then::more});
}

std::optional<std::string> OperationEvents::take_or_queue(const std::shared_ptr<Reader>& reader) {
  if (reader->cursor >= last_) {
    waiting_.push_back(reader);
    return std::nullopt;
  }
  if (kept_.empty() || kept_.front().seq > reader->cursor + 1) {
    behind_.push_back(reader);
    wake_.notify_one();
    return std::nullopt;
  }
  std::string text;
  for (auto at = static_cast<std::size_t>(reader->cursor + 1 - kept_.front().seq);
       at < kept_.size() && text.size() < BodySource::piece_bytes_max; ++at) {
    text += kept_[at].text;
    reader->cursor = kept_[at].seq;
  }
  return text;
}

void OperationEvents::run() {
  name_this_thread("events");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || (readers_ > 0 && rung_) || !behind_.empty(); });
    if (stopping_) return;
    std::shared_ptr<Reader> behind;
    if (!behind_.empty()) {
      behind = std::move(behind_.front());
      behind_.pop_front();
    }
    const bool rung = std::exchange(rung_, false);
    lock.unlock();
    const bool well = read_or_log(rung, behind);
    behind.reset();
    lock.lock();
    if (well) continue;
    rung_ = true;
    wake_.wait_for(lock, pause_after_failure, [this] { return stopping_; });
  }
}

bool OperationEvents::read_or_log(bool rung, const std::shared_ptr<Reader>& behind) {
  try {
    if (rung) read_new();
    if (behind) serve(behind);
    return true;
  } catch (const std::exception& error) {
    log::error("http", "events_not_read", {{"error", error.what()}});
  }
  if (!behind) return false;
  BodySource::Give unanswered;  // breaks the stream: its reader comes again
  const std::lock_guard lock(mutex_);
  unanswered.swap(behind->give);
  return false;
}

void OperationEvents::read_new() {
  std::int64_t from = 0;
  {
    const std::lock_guard lock(mutex_);
    from = last_;
  }
  auto events = store_.events_after(from, limits_.page);
  std::vector<std::pair<BodySource::Give, std::string>> given;
  auto texts = events ? texts_of(*events) : std::vector<Kept>();
  const auto end = events ? from : store_.last_seq();
  {
    const std::lock_guard lock(mutex_);
    if (!events) {  // whoever needs them will hear it from a page of its own
      kept_.clear();
      kept_bytes_ = 0;
      last_ = end;
    }
    if (std::ssize(texts) == limits_.page) rung_ = true;  // there may be more
    keep(std::move(texts));
    for (const auto& reader : std::exchange(waiting_, {})) {
      if (auto text = take_or_queue(reader)) {
        given.emplace_back(std::exchange(reader->give, {}), *std::move(text));
      }
    }
  }
  for (auto& [give, text] : given) give({std::move(text), BodySource::Then::more});
}

void OperationEvents::keep(std::vector<Kept> events) {
  for (auto& event : events) {
    last_ = event.seq;
    kept_bytes_ += event.text.size();
    kept_.push_back(std::move(event));
  }
  while (kept_bytes_ > limits_.kept_bytes_max) {
    kept_bytes_ -= kept_.front().text.size();
    kept_.pop_front();
  }
}

void OperationEvents::serve(const std::shared_ptr<Reader>& behind) {
  std::int64_t from = 0;
  {
    const std::lock_guard lock(mutex_);
    from = behind->cursor;
  }
  const auto events = store_.events_after(from, limits_.behind_page);
  BodySource::Piece piece;
  std::int64_t cursor = from;
  if (events) {
    for (auto& one : texts_of(*events)) {
      piece.bytes += one.text;
      cursor = one.seq;
    }
  } else {
    piece = {gone_text(events.error()), BodySource::Then::end};
  }
  BodySource::Give give;
  {
    const std::lock_guard lock(mutex_);
    behind->cursor = cursor;
    give.swap(behind->give);
  }
  if (give) give(std::move(piece));
}

// With the state of each operation, where it is still the one that the event is about.
std::vector<OperationEvents::Kept> OperationEvents::texts_of(
    const std::vector<store::OperationEvent>& events) {
  std::map<std::string_view, std::int64_t> newest;
  for (const auto& event : events) newest[event.operation_id.text()] = event.revision;
  std::vector<Kept> texts;
  texts.reserve(events.size());
  for (const auto& event : events) {
    std::optional<OperationState> state;
    if (newest[event.operation_id.text()] == event.revision) {
      state = store_.find(event.operation_id);
      if (state && state->revision != event.revision) state.reset();
      if (state) board_.overlay(*state);
    }
    texts.push_back({event.seq, event_text(event, state)});
  }
  return texts;
}

std::int64_t OperationEvents::lag() {
  {
    const std::lock_guard lock(mutex_);
    if (readers_ == 0) return 0;
  }
  const auto end = store_.last_seq();
  const std::lock_guard lock(mutex_);
  return std::max<std::int64_t>(0, end - last_);
}

}  // namespace hub::http
