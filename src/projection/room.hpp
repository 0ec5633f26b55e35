#pragma once
// WebspaceRoom: one webspace's document and the browsers connected to it: the y-websocket protocol
// with its limits and timers, without threads, sockets or a clock of its own. DocumentServer owns
// the rooms and calls them from its thread; tests turn time by hand.
//
// A session's life:
//
//   join -> greeted --step 1--> synced <-> behind (its socket is slow: no updates, later one diff)
//              |                  |          |
//              +------------------+----------+--> gone (left, or closed by us with a reason)
//
// Nobody gets document updates before his step 1 is answered: they could build on something that
// the answer no longer has.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "projection/awareness.hpp"
#include "projection/peer.hpp"
#include "ydoc/shared_document.hpp"

namespace hub::projection {

struct RoomLimits {
  std::size_t message_bytes_max = std::size_t{1} << 20U;
  // More than this in a socket's queue: the browser is behind. It is asked to take one diff when
  // the queue is down to a quarter, and let go when that takes too long.
  std::size_t queue_bytes_max = std::size_t{512} << 10U;
  std::chrono::seconds behind_max{30};
  int forgeries_max = 8;  // of one connection, then it is closed
  std::chrono::seconds keep_alive{15};
  std::chrono::milliseconds awareness_gap_min{50};  // between frames of news
  std::chrono::microseconds awareness_gap_per_peer{1000};
  std::chrono::seconds renewals_gap{5};
  std::chrono::milliseconds behind_poll{50};
  AwarenessLimits awareness;
};

// WebSocket close codes. y-websocket comes back after any but 4400-4499.
inline constexpr std::uint16_t kCloseMalformed = 1007, kClosePolicy = 1008, kCloseTooLarge = 1009,
                               kCloseRestart = 1012, kCloseTryLater = 1013,
                               kCloseDocumentFull = 4413;

struct RoomCounters {
  std::uint64_t messages = 0, unknown_messages = 0, refused_messages = 0, forgeries = 0,
                updates_sent = 0, resyncs = 0, closed_slow = 0;
};

class WebspaceRoom {
 public:
  WebspaceRoom(std::string webspace, ydoc::SharedDocument document, RoomLimits limits = {});

  void join(SessionId, std::shared_ptr<Peer>, Instant now);
  void message(SessionId, std::string_view frame, Instant now);
  void leave(SessionId, Instant now);
  void close(SessionId, std::uint16_t code, const std::string& reason, Instant now);
  void close_all(std::uint16_t code, const std::string& reason, Instant now);

  // The hub's own writes: one transaction, one small update to everybody.
  void write(const std::function<void(ydoc::AuthoredDocument&)>& work, Instant now);
  void renew(ydoc::ClientId author, Instant now);

  // Does what is due.
  void tick(Instant now);
  // When tick() wants to be called at the latest; far away when nothing is pending.
  Instant next_due(Instant now) const;

  // Updates of browsers that nobody has stored yet.
  std::vector<std::string> take_unsaved() { return std::exchange(unsaved_, {}); }

  const ydoc::SharedDocument& document() const { return document_; }
  std::size_t sessions() const { return sessions_.size(); }
  Instant empty_since() const { return empty_since_; }
  const RoomCounters& counters() const { return counters_; }

 private:
  struct Session {
    std::shared_ptr<Peer> peer;
    bool synced = false;
    bool behind = false;
    Instant behind_since;
    ydoc::StateVector had;  // when it fell behind: everything up to here is in its queue
    int forgeries = 0;
    Instant last_sent;
  };

  void send(Session&, const Frame&, Instant now);
  void broadcast(const Frame&, SessionId except, Instant now);
  void take_sync(SessionId, const ydoc::Message&, Instant now);
  void take_awareness(SessionId, const ydoc::Message&, Instant now);
  void refuse(SessionId, const Error&, Instant now);
  bool warn_of_forgery(SessionId, Session&, Instant now);
  Instant awareness_due() const;
  void send_awareness(Instant now);
  void catch_up(Instant now);
  void keep_alive(Instant now);

  std::string webspace_;
  ydoc::SharedDocument document_;
  RoomLimits limits_;
  std::map<SessionId, Session> sessions_;
  AwarenessTable awareness_;
  Instant awareness_sent_, renewals_sent_;
  Instant empty_since_;
  std::size_t behind_ = 0;
  std::vector<std::string> unsaved_;
  RoomCounters counters_;
};

}  // namespace hub::projection
