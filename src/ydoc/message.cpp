#include "ydoc/message.hpp"

#include "ydoc/lib0.hpp"
#include "ydoc/update.hpp"

namespace hub::ydoc {
namespace {

constexpr std::uint8_t kSync = 0, kAwareness = 1, kAuth = 2, kQueryAwareness = 3;
constexpr std::uint8_t kStep1 = 0, kStep2 = 1, kUpdate = 2, kDenied = 0;

Frame framed(std::initializer_list<std::uint8_t> kind, std::string_view payload) {
  Writer out;
  for (const std::uint8_t byte : kind) out.byte(byte);
  out.var_bytes(payload);
  return std::make_shared<const std::string>(out.take());
}

Message read_message(Reader& in) {
  const auto payload = [&](MessageKind kind) { return Message{kind, in.var_bytes()}; };
  switch (in.var_uint()) {
    case kSync:
      switch (in.var_uint()) {
        case kStep1: return payload(MessageKind::step1);
        case kStep2: return payload(MessageKind::step2);
        case kUpdate: return payload(MessageKind::update);
        default: in.refuse("the sync step is unknown"); return {};
      }
    case kAwareness: return payload(MessageKind::awareness);
    case kAuth: in.var_uint(); return Message{MessageKind::auth, in.var_string()};
    case kQueryAwareness: return {MessageKind::query_awareness, {}};
    default: return {};
  }
}

}  // namespace

Result<Message> decode_message(std::string_view frame) {
  Reader in(frame);
  const Message out = read_message(in);
  const bool open_end = out.kind == MessageKind::unknown;
  if (in.ok() && !open_end && in.remaining() > 0) in.refuse("something follows its end");
  if (in.ok()) return out;
  return fail(ErrorCode::invalid, std::string("cannot read sync message: ") + in.problem(),
              "malformed_message", "Send one message of y-websocket a frame.");
}

Frame step1_frame(const StateVector& vector) {
  return framed({kSync, kStep1}, encode_state_vector(vector));
}
Frame step2_frame(std::string_view update) { return framed({kSync, kStep2}, update); }
Frame update_frame(std::string_view update) { return framed({kSync, kUpdate}, update); }
Frame awareness_frame(std::string_view awareness) { return framed({kAwareness}, awareness); }
Frame denied_frame(std::string_view reason) { return framed({kAuth, kDenied}, valid_utf8(reason)); }
Frame keep_alive_frame() { return awareness_frame(encode_awareness({})); }

Result<std::vector<AwarenessEntry>> decode_awareness(std::string_view payload) {
  Reader in(payload);
  std::vector<AwarenessEntry> out;
  for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    AwarenessEntry entry;
    entry.client = in.var_uint();
    entry.clock = in.var_uint();
    const std::size_t start = in.position();
    in.skip_json_text();
    if (!in.ok()) break;
    entry.state = Reader(in.since(start)).var_string();
    out.push_back(entry);
  }
  if (in.ok() && in.remaining() > 0) in.refuse("something follows its end");
  if (in.ok()) return out;
  return fail(ErrorCode::invalid, std::string("cannot read awareness: ") + in.problem(),
              "malformed_awareness", "Send what y-protocols' awareness encodes.");
}

std::string encode_awareness(const std::vector<AwarenessEntry>& entries) {
  Writer out;
  out.var_uint(entries.size());
  for (const AwarenessEntry& entry : entries) {
    out.var_uint(entry.client);
    out.var_uint(entry.clock);
    out.var_string(entry.state);
  }
  return out.take();
}

}  // namespace hub::ydoc
