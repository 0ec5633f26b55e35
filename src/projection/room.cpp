#include "projection/room.hpp"

#include <utility>

#include "base/log.hpp"

namespace hub::projection {
namespace {

constexpr SessionId kNobody = 0;
constexpr std::size_t kReasonBytesMax = 120;  // a close frame holds 123

// Shared by all rooms: nobody needs a second copy.
const Frame& keep_alive_bytes() {
  static const Frame one = ydoc::keep_alive_frame();
  return one;
}

}  // namespace

WebspaceRoom::WebspaceRoom(std::string webspace, ydoc::SharedDocument document, RoomLimits limits)
    : webspace_(std::move(webspace)),
      document_(std::move(document)),
      limits_(limits),
      awareness_(limits.awareness) {}

void WebspaceRoom::send(Session& session, const Frame& frame, Instant now) {
  session.peer->send(frame);
  session.last_sent = now;
}

void WebspaceRoom::join(SessionId id, std::shared_ptr<Peer> peer, Instant now) {
  Session& session = sessions_[id];
  session.peer = std::move(peer);
  send(session, document_.greeting(), now);
  if (!awareness_.empty()) send(session, ydoc::awareness_frame(awareness_.everything()), now);
}

void WebspaceRoom::leave(SessionId id, Instant now) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  if (found->second.behind) --behind_;
  sessions_.erase(found);
  awareness_.leave(id);
  if (sessions_.empty()) empty_since_ = now;
}

void WebspaceRoom::close(SessionId id, std::uint16_t code, const std::string& reason, Instant now) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const std::shared_ptr<Peer> peer = found->second.peer;
  leave(id, now);
  peer->close(code, reason.substr(0, kReasonBytesMax));
}

void WebspaceRoom::close_all(std::uint16_t code, const std::string& reason, Instant now) {
  while (!sessions_.empty()) close(sessions_.begin()->first, code, reason, now);
}

void WebspaceRoom::broadcast(const Frame& frame, SessionId except, Instant now) {
  if (!frame) return;
  for (auto& [id, session] : sessions_) {
    if (id == except || !session.synced || session.behind) continue;
    send(session, frame, now);
    ++counters_.updates_sent;
    if (session.peer->queued_bytes() <= limits_.queue_bytes_max) continue;
    session.behind = true;
    session.behind_since = now;
    session.had = document_.state_vector();
    ++behind_;
  }
}

void WebspaceRoom::message(SessionId id, std::string_view frame, Instant now) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  ++counters_.messages;
  if (frame.size() > limits_.message_bytes_max) {
    ++counters_.refused_messages;
    return close(id, kCloseTooLarge, "message is larger than 1 MiB", now);
  }
  const auto message = ydoc::decode_message(frame);
  if (!message) return refuse(id, message.error(), now);
  switch (message->kind) {
    case ydoc::MessageKind::step1:
    case ydoc::MessageKind::step2:
    case ydoc::MessageKind::update: return take_sync(id, *message, now);
    case ydoc::MessageKind::awareness: return take_awareness(id, *message, now);
    case ydoc::MessageKind::query_awareness:
      return send(found->second, ydoc::awareness_frame(awareness_.everything()), now);
    case ydoc::MessageKind::auth: return;  // checked before the session was opened
    case ydoc::MessageKind::unknown: ++counters_.unknown_messages; return;
  }
}

void WebspaceRoom::refuse(SessionId id, const Error& error, Instant now) {
  ++counters_.refused_messages;
  log::warning("projection", "message_refused",
               {{"webspace", webspace_}, {"session", id}, {"reason", error.reason}});
  const std::uint16_t code = error.reason == "document_full" ? kCloseDocumentFull
                             : error.reason == "too_large"   ? kCloseTooLarge
                                                             : kCloseMalformed;
  close(id, code, error.message, now);
}

void WebspaceRoom::take_sync(SessionId id, const ydoc::Message& message, Instant now) {
  Session& session = sessions_.find(id)->second;
  const bool asks = message.kind == ydoc::MessageKind::step1;
  if (asks && session.peer->queued_bytes() > limits_.queue_bytes_max) {
    ++counters_.closed_slow;
    return close(id, kCloseTryLater, "asks for more than it reads", now);
  }
  auto reaction = document_.handle(message);
  if (!reaction) return refuse(id, reaction.error(), now);
  for (const Frame& answer : reaction->answers) send(session, answer, now);
  session.synced |= asks;
  if (!reaction->persist.empty()) unsaved_.push_back(std::move(reaction->persist));
  if (reaction->forged && !warn_of_forgery(id, session, now)) {
    close(id, kClosePolicy, "goes on writing what the hub owns", now);
  }
  broadcast(reaction->broadcast, id, now);
}

// Whether it may go on.
bool WebspaceRoom::warn_of_forgery(SessionId id, Session& session, Instant now) {
  ++counters_.forgeries;
  ++session.forgeries;
  log::warning("projection", "forgery_dropped",
               {{"webspace", webspace_}, {"session", id}, {"times", session.forgeries}});
  send(session,
       ydoc::denied_frame(
           "runtime, registry, data.infrastate and data.desktop.toasts "
           "are written by the hub only, and subdocuments are not taken; this write was "
           "dropped"),
       now);
  return session.forgeries < limits_.forgeries_max;
}

void WebspaceRoom::take_awareness(SessionId id, const ydoc::Message& message, Instant now) {
  const auto entries = ydoc::decode_awareness(message.payload);
  if (!entries) return refuse(id, entries.error(), now);
  awareness_.take(id, *entries, now);
}

void WebspaceRoom::write(const std::function<void(ydoc::AuthoredDocument&)>& work, Instant now) {
  work(document_.authored());
  broadcast(document_.commit(), kNobody, now);
}

void WebspaceRoom::renew(ydoc::ClientId author, Instant now) {
  broadcast(document_.renew(author), kNobody, now);
}

Instant WebspaceRoom::awareness_due() const {
  if (awareness_.has_changes()) {
    const auto gap = std::max<std::chrono::microseconds>(
        limits_.awareness_gap_min,
        limits_.awareness_gap_per_peer * static_cast<std::int64_t>(sessions_.size()));
    return awareness_sent_ + gap;
  }
  return awareness_.has_renewals() ? renewals_sent_ + limits_.renewals_gap : Instant::max();
}

void WebspaceRoom::send_awareness(Instant now) {
  if (now < awareness_due()) return;
  awareness_sent_ = renewals_sent_ = now;
  const Frame frame = ydoc::awareness_frame(awareness_.take_news());
  for (auto& [id, session] : sessions_) {
    if (!session.behind) send(session, frame, now);  // its sender too: it wants to hear something
  }
}

// Who was slow and has caught up gets all he missed as one diff; who doesn't is let go.
void WebspaceRoom::catch_up(Instant now) {
  std::vector<SessionId> too_slow;
  for (auto& [id, session] : sessions_) {
    if (!session.behind) continue;
    if (session.peer->queued_bytes() <= limits_.queue_bytes_max / 4) {
      session.behind = false;
      --behind_;
      ++counters_.resyncs;
      send(session, ydoc::update_frame(document_.encode_diff(session.had)), now);
      if (!awareness_.empty()) send(session, ydoc::awareness_frame(awareness_.everything()), now);
      session.had.clear();
    } else if (now - session.behind_since >= limits_.behind_max) {
      too_slow.push_back(id);
    }
  }
  counters_.closed_slow += too_slow.size();
  for (const SessionId id : too_slow) close(id, kCloseTryLater, "reads too slowly", now);
}

void WebspaceRoom::keep_alive(Instant now) {
  for (auto& [id, session] : sessions_) {
    if (!session.behind && now - session.last_sent >= limits_.keep_alive) {
      send(session, keep_alive_bytes(), now);
    }
  }
}

void WebspaceRoom::tick(Instant now) {
  if (behind_ > 0) catch_up(now);
  awareness_.expire(now);
  send_awareness(now);
  keep_alive(now);
}

Instant WebspaceRoom::next_due(Instant now) const {
  const Instant behind = behind_ > 0 ? now + limits_.behind_poll : Instant::max();
  return std::min(behind, awareness_due());
}

}  // namespace hub::projection
