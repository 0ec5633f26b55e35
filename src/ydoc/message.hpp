#pragma once
// The messages of y-websocket: one a WebSocket frame (its version 3.1 silently loses a second).
//
//   00 00 varBytes(state vector)   step 1: what I have; the other answers step 2
//   00 01 varBytes(update)         step 2: what you lack; only now a client counts as synced
//   00 02 varBytes(update)         update
//   01 varBytes(awareness)         who is here
//   02 00 varString(reason)        auth: permission denied (hub to browser)
//   03                             query awareness
//
// awareness = clients, { client, clock, varString(JSON or "null" when it left) }...

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ydoc/ranges.hpp"

namespace hub::ydoc {

// Shared, because a broadcast hands the same bytes to every browser.
using Frame = std::shared_ptr<const std::string>;

enum class MessageKind : std::uint8_t {
  step1,
  step2,
  update,
  awareness,
  auth,
  query_awareness,
  unknown
};

struct Message {
  MessageKind kind = MessageKind::unknown;
  std::string_view payload;  // into the frame; for auth the reason or token
};

// invalid "malformed_message". A kind that we don't know is no error: ignore and count it.
Result<Message> decode_message(std::string_view frame);

Frame step1_frame(const StateVector&);
Frame step2_frame(std::string_view update);
Frame update_frame(std::string_view update);
Frame awareness_frame(std::string_view awareness);
Frame denied_frame(std::string_view reason);
// No data message for 30 s, and y-websocket drops the connection; pings don't count.
Frame keep_alive_frame();

struct AwarenessEntry {
  ClientId client = 0;
  std::uint64_t clock = 0;
  std::string_view state;  // JSON text; "null": gone
};

// invalid "malformed_awareness": also when a state is not JSON, which would throw in each browser.
Result<std::vector<AwarenessEntry>> decode_awareness(std::string_view payload);
std::string encode_awareness(const std::vector<AwarenessEntry>&);

}  // namespace hub::ydoc
