#pragma once
// DocumentServer: the documents of all webspaces and who is connected to them, on one thread of
// its own, with a second one for the disk.
//
//   DocumentServer documents({.folder = state / "ystores"}, clock);
//   documents.on_load([](const std::string& webspace, ydoc::AuthoredDocument& document) {...});
//   auto session = documents.open("desktop", peer);   // greeting follows
//   documents.message(*session, bytes);               // each binary message of the socket
//   documents.closed(*session);                       // once, also after peer->close()
//
// A webspace is loaded with its first session: a fresh author id (durable), what browsers wrote
// before, and what on_load writes; so the first step 2 has the whole projection. It is unloaded
// when nobody was there for a while. What browsers write is on disk within a second.
//
// All public methods are thread-safe. Peers are called from the server's thread, and on_load and
// write's work run there: they may not call open, write or stop.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "projection/peer.hpp"
#include "projection/room.hpp"
#include "projection/ystore.hpp"

namespace hub::projection {

struct DocumentServerOptions {
  fs::path folder;  // of the YStore
  RoomLimits room = {};
  ydoc::ForeignLimits foreign = {};
  std::size_t webspaces_max = 1000;                       // loaded at once
  std::size_t inbound_bytes_max = std::size_t{8} << 20U;  // of one session, not yet looked at
  std::chrono::milliseconds save_every{500};
  std::chrono::milliseconds unload_after =
      std::chrono::minutes(10);                               // each opening uses up an author id
  std::size_t compact_slack_bytes = std::size_t{256} << 10U;  // of log beside the snapshot
};

struct DocumentServerStatus {
  std::size_t webspaces = 0, sessions = 0;
  std::size_t unstored = 0;  // webspaces whose file could not be written
  RoomCounters counters;     // of all webspaces since the start
};

class DocumentServer {
 public:
  using Work = std::function<void(ydoc::AuthoredDocument&)>;
  using Load = std::function<void(const std::string& webspace, ydoc::AuthoredDocument&)>;

  DocumentServer(DocumentServerOptions options, const Clock& clock);
  ~DocumentServer();  // stop()

  // Set it before the first open; replacing it waits until it is no longer running.
  void on_load(Load load);

  // invalid "bad_webspace"; unavailable "stopped". What fails later (the disk, a limit) closes the
  // peer with 1013. "default" means "desktop".
  Result<SessionId> open(const std::string& webspace, std::shared_ptr<Peer> peer);
  void message(SessionId, std::string bytes);
  void closed(SessionId);

  // Runs work on the server's thread and sends what it wrote as one update; returns when that is
  // done. Nothing happens when the webspace is not loaded.
  void write(const std::string& webspace, const Work& work);

  std::vector<std::string> webspaces() const;  // loaded ones
  DocumentServerStatus status();

  // Closes every peer with 1012 and puts what is left on disk. Idempotent.
  void stop();

 private:
  struct Loaded {
    std::unique_ptr<WebspaceRoom> room;
    std::size_t log_bytes = 0;  // appended since the snapshot
    std::size_t snapshot_bytes = 0;
  };
  struct Save {
    std::string webspace;
    std::vector<std::string> updates;
    std::string snapshot;  // when not empty: instead of all that was there
  };
  using Rooms = std::map<std::string, Loaded>;

  void post(std::function<void()> task);
  void run_and_wait(const std::function<void()>& task);
  void run();
  Instant work_through(std::deque<std::function<void()>> tasks);
  void look_after_all(Instant now);
  void join(SessionId, const std::string& webspace, const std::shared_ptr<Peer>&);
  Result<> load(const std::string& webspace);
  void unload(Rooms::iterator);
  void renew_when_worth_it(const std::string& webspace, WebspaceRoom&);
  void save(const std::string& webspace, Loaded&);
  WebspaceRoom* room_of(SessionId);
  void publish_names();

  void run_disk();
  void store(const Save&);

  DocumentServerOptions options_;
  YStore ystore_;

  mutable std::mutex mutex_;  // guards the block below
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::map<SessionId, std::size_t> inbound_bytes_;
  std::vector<std::string> names_;
  SessionId last_session_ = 0;
  bool stopping_ = false;

  std::mutex disk_mutex_;  // guards the block below
  std::condition_variable disk_wake_;
  std::deque<Save> saves_;
  std::set<std::string> unstored_;  // webspaces whose last save failed: they need a whole one
  bool disk_stopping_ = false;

  // Of the server's thread alone.
  Load load_;
  Rooms rooms_;
  std::map<SessionId, std::string> webspace_of_;
  RoomCounters counters_of_unloaded_;
  Instant looked_after_;

  std::mutex stop_mutex_;
  std::thread disk_thread_, thread_;
};

// The id of a webspace: ^[A-Za-z0-9_.-]{1,64}$, "default" turned into "desktop".
Result<std::string> webspace_name(const std::string& text);

}  // namespace hub::projection
