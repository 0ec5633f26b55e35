#pragma once
// What a driver process leaves for its judge: on a socket, and in files that are only appended to.
// Their sizes divide a page, so that a process killed in the middle of a write leaves whole ones.

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "store/operation_store.hpp"

namespace hub::feed_test {

using IdText = std::array<char, 40>;  // "op_" and a UUID, padded with zeros

inline IdText id_text(const OperationId& id) {
  IdText text{};
  std::memcpy(text.data(), id.text().data(), std::min(text.size(), id.text().size()));
  return text;
}

inline std::string to_string(const IdText& text) {
  return std::string(text.data(), ::strnlen(text.data(), text.size()));
}

// One event of the feed, as a consumer got it.
struct EventRecord {
  std::int64_t seq = 0;
  std::int64_t revision = 0;
  std::int64_t at_ms = 0;
  std::int32_t from = -1;  // -1: accepted by this
  std::int32_t status = 0;
  IdText id{};
  std::array<char, 56> unused{};

  friend bool operator==(const EventRecord&, const EventRecord&) = default;
};
static_assert(sizeof(EventRecord) == 128 && std::is_trivially_copyable_v<EventRecord>);

inline EventRecord record_of(const store::OperationEvent& event) {
  EventRecord record;
  record.seq = event.seq;
  record.revision = event.revision;
  record.at_ms = to_millis(event.at);
  record.from = event.from ? static_cast<std::int32_t>(*event.from) : -1;
  record.status = static_cast<std::int32_t>(event.status);
  record.id = id_text(event.operation_id);
  return record;
}

// The store told a caller that an operation is at this revision: that must never be untrue again.
struct AnswerRecord {
  std::int64_t revision = 0;
  std::int32_t status = 0;
  std::int32_t unused = 0;
  IdText id{};
  std::array<char, 8> more_unused{};
};
static_assert(sizeof(AnswerRecord) == 64 && std::is_trivially_copyable_v<AnswerRecord>);

// In the file of the durable consumer: a start, with the cursor it found, has seq 0 and the cursor
// as its revision.
inline EventRecord start_marker(std::int64_t cursor) {
  EventRecord record;
  record.revision = cursor;
  return record;
}
inline bool is_start_marker(const EventRecord& record) { return record.seq == 0; }

// From the judge to the driver, on the socket: events after that one, please. The answer is a
// std::int64_t count and as many records; none when nothing happened for a while.
struct Ask {
  std::int64_t after = 0;
  std::int64_t finish = 0;  // 1: accept nothing more, end what lives, then end
};

inline constexpr std::int64_t events_per_answer_max = 1000;
inline constexpr const char* durable_consumer = "feed_test";

}  // namespace hub::feed_test
