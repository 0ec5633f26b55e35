#include "projection/document_server.hpp"

#include <future>
#include <utility>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::projection {
namespace {

constexpr std::size_t kNameMax = 64;
// Rotation is the projection's business and cheap; what it can't clear, a new author id does.
constexpr std::size_t kResidueMin = 6000, kResiduePerLiveItem = 10;
constexpr ydoc::Clock kClockRenewAt = ydoc::kClockMax / 2;

Instant now() { return std::chrono::steady_clock::now(); }

void add(RoomCounters& sum, const RoomCounters& one) {
  sum.messages += one.messages;
  sum.unknown_messages += one.unknown_messages;
  sum.refused_messages += one.refused_messages;
  sum.forgeries += one.forgeries;
  sum.updates_sent += one.updates_sent;
  sum.resyncs += one.resyncs;
  sum.closed_slow += one.closed_slow;
}

}  // namespace

Result<std::string> webspace_name(const std::string& text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  if (text.empty() || text.size() > kNameMax || !std::all_of(text.begin(), text.end(), allowed)) {
    return fail(ErrorCode::invalid, "cannot open webspace: its id is not a name", "bad_webspace",
                "Use 1 to 64 letters, digits, '_', '.' and '-'.");
  }
  return text == "default" ? std::string("desktop") : text;
}

DocumentServer::DocumentServer(DocumentServerOptions options, const Clock& clock)
    : options_(std::move(options)), ystore_(options_.folder, clock) {
  disk_thread_ = std::thread([this] { run_disk(); });
  thread_ = std::thread([this] { run(); });
}

DocumentServer::~DocumentServer() { stop(); }

void DocumentServer::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  tasks_.push_back(std::move(task));
  wake_.notify_one();
}

// Also when the server stops meanwhile: a task that never ran breaks its promise.
void DocumentServer::run_and_wait(const std::function<void()>& task) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> waiting = done->get_future();
  post([&task, done = std::move(done)] {
    task();
    done->set_value();
  });
  waiting.wait();
}

void DocumentServer::on_load(Load load) {
  run_and_wait([&] { load_ = std::move(load); });
}

Result<SessionId> DocumentServer::open(const std::string& webspace, std::shared_ptr<Peer> peer) {
  HUB_TRY(name, webspace_name(webspace));
  const std::lock_guard lock(mutex_);
  if (stopping_) {
    return fail(ErrorCode::unavailable, "cannot open webspace " + name + ": the hub is stopping",
                "stopped", "Try again in a moment.");
  }
  const SessionId id = ++last_session_;
  inbound_bytes_[id] = 0;
  tasks_.push_back(
      [this, id, name = std::move(name), peer = std::move(peer)] { join(id, name, peer); });
  wake_.notify_one();
  return id;
}

void DocumentServer::message(SessionId id, std::string bytes) {
  const std::lock_guard lock(mutex_);
  const auto waiting = inbound_bytes_.find(id);
  if (stopping_ || waiting == inbound_bytes_.end()) return;
  waiting->second += bytes.size();
  if (waiting->second > options_.inbound_bytes_max) {
    inbound_bytes_.erase(waiting);  // nothing more is taken from it
    tasks_.push_back([this, id] {
      if (WebspaceRoom* room = room_of(id)) {
        room->close(id, kClosePolicy, "sends faster than the hub reads", now());
      }
    });
  } else {
    tasks_.push_back([this, id, bytes = std::move(bytes)] {
      if (WebspaceRoom* room = room_of(id)) room->message(id, bytes, now());
      const std::lock_guard again(mutex_);
      const auto left = inbound_bytes_.find(id);
      if (left != inbound_bytes_.end()) left->second -= bytes.size();
    });
  }
  wake_.notify_one();
}

void DocumentServer::closed(SessionId id) {
  post([this, id] {
    if (WebspaceRoom* room = room_of(id)) room->leave(id, now());
    webspace_of_.erase(id);
    const std::lock_guard lock(mutex_);
    inbound_bytes_.erase(id);
  });
}

void DocumentServer::write(const std::string& webspace, const Work& work) {
  run_and_wait([&] {
    const auto found = rooms_.find(webspace);
    if (found == rooms_.end()) return;
    found->second.room->write(work, now());
    renew_when_worth_it(webspace, *found->second.room);
  });
}

std::vector<std::string> DocumentServer::webspaces() const {
  const std::lock_guard lock(mutex_);
  return names_;
}

DocumentServerStatus DocumentServer::status() {
  DocumentServerStatus out;
  run_and_wait([&] {
    out.webspaces = rooms_.size();
    out.counters = counters_of_unloaded_;
    for (const auto& [name, loaded] : rooms_) {
      out.sessions += loaded.room->sessions();
      add(out.counters, loaded.room->counters());
    }
    const std::lock_guard lock(disk_mutex_);
    out.unstored = unstored_.size();
  });
  return out;
}

void DocumentServer::stop() {
  const std::lock_guard one_at_a_time(stop_mutex_);
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
  {
    const std::lock_guard lock(disk_mutex_);
    disk_stopping_ = true;
    disk_wake_.notify_one();
  }
  disk_thread_.join();
}

void DocumentServer::run() {
  name_this_thread("documents");
  Instant due = now();
  for (;;) {
    std::deque<std::function<void()>> tasks;
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, due, [&] { return stopping_ || !tasks_.empty(); });
      tasks.swap(tasks_);
      stopping = stopping_;
    }
    due = work_through(std::move(tasks));
    if (stopping) break;
  }
  for (auto& [name, loaded] : rooms_) {
    loaded.room->close_all(kCloseRestart, "the hub is stopping", now());
    save(name, loaded);
  }
  rooms_.clear();
}

// Runs the tasks, then what is due; gives the time of the next duty.
Instant DocumentServer::work_through(std::deque<std::function<void()>> tasks) {
  for (const auto& task : tasks) {
    try {
      task();
    } catch (const std::exception& error) {
      log::error("projection", "task_failed", {{"error", error.what()}});
    }
  }
  tasks.clear();
  Instant at = now();
  if (at - looked_after_ >= options_.save_every) look_after_all(at);
  Instant due = looked_after_ + options_.save_every;
  for (auto& [name, loaded] : rooms_) {
    if (loaded.room->next_due(at) <= at) loaded.room->tick(at);
    due = std::min(due, loaded.room->next_due(at));
  }
  return due;
}

void DocumentServer::look_after_all(Instant at) {
  looked_after_ = at;
  for (auto room = rooms_.begin(); room != rooms_.end();) {
    const auto next = std::next(room);
    room->second.room->tick(at);
    save(room->first, room->second);
    const bool idle = room->second.room->sessions() == 0;
    if (idle && at - room->second.room->empty_since() >= options_.unload_after) unload(room);
    room = next;
  }
}

void DocumentServer::join(SessionId id, const std::string& webspace,
                          const std::shared_ptr<Peer>& peer) {
  if (!rooms_.contains(webspace)) {
    std::string problem;
    try {
      if (const auto loaded = load(webspace); !loaded) problem = loaded.error().message;
    } catch (const std::exception& error) {  // the store's; the next one to come tries again
      problem = error.what();
    }
    if (!problem.empty()) {
      log::error("projection", "webspace_not_loaded", {{"webspace", webspace}, {"error", problem}});
      return peer->close(kCloseTryLater, problem.substr(0, 120));
    }
  }
  webspace_of_[id] = webspace;
  rooms_.find(webspace)->second.room->join(id, peer, now());
}

Result<> DocumentServer::load(const std::string& webspace) {
  if (rooms_.size() >= options_.webspaces_max) {
    return fail(ErrorCode::exhausted, "cannot open webspace: too many are open",
                "too_many_webspaces", "Close pages of other webspaces and try again.");
  }
  {
    // What a former opening still has in hand must be in the file before it is read.
    std::unique_lock lock(disk_mutex_);
    disk_wake_.wait(lock, [&] {
      return std::none_of(saves_.begin(), saves_.end(),
                          [&](const Save& save) { return save.webspace == webspace; });
    });
  }
  HUB_TRY(opened, ystore_.open(webspace));
  ydoc::ForeignStore foreign(options_.foreign);
  std::size_t bytes = 0;
  for (const std::string& update : opened.updates) {
    bytes += update.size();
    if (const auto taken = foreign.merge(update); !taken) {
      log::error("projection", "stored_update_refused",
                 {{"webspace", webspace}, {"error", taken.error().message}});
    }
  }
  ydoc::SharedDocument document(opened.author, opened.first_claimed, std::move(foreign));
  if (load_) load_(webspace, document.authored());
  document.commit();
  auto room = std::make_unique<WebspaceRoom>(webspace, std::move(document), options_.room);
  rooms_.emplace(webspace, Loaded{std::move(room), bytes, 0});
  publish_names();
  return {};
}

void DocumentServer::unload(Rooms::iterator room) {
  add(counters_of_unloaded_, room->second.room->counters());
  rooms_.erase(room);
  publish_names();
}

void DocumentServer::renew_when_worth_it(const std::string& webspace, WebspaceRoom& room) {
  const ydoc::AuthoredDocument& authored = room.document().authored();
  if (authored.structs() < kResidueMin + kResiduePerLiveItem * authored.live_items() &&
      authored.next_clock() < kClockRenewAt) {
    return;
  }
  const auto author = ystore_.next_author(webspace);
  if (author) return room.renew(*author, now());
  log::error("projection", "author_not_renewed",
             {{"webspace", webspace}, {"error", author.error().message}});
}

void DocumentServer::save(const std::string& webspace, Loaded& loaded) {
  Save save{webspace, loaded.room->take_unsaved(), {}};
  bool whole = false;
  {
    const std::lock_guard lock(disk_mutex_);
    whole = saves_.empty() && unstored_.contains(webspace);
  }
  if (save.updates.empty() && !whole) return;
  for (const std::string& update : save.updates) loaded.log_bytes += update.size();
  if (whole || loaded.log_bytes > 2 * loaded.snapshot_bytes + options_.compact_slack_bytes) {
    save.snapshot = loaded.room->document().foreign().encode();
    loaded.snapshot_bytes = save.snapshot.size();
    loaded.log_bytes = 0;
  }
  const std::lock_guard lock(disk_mutex_);
  saves_.push_back(std::move(save));
  disk_wake_.notify_all();
}

WebspaceRoom* DocumentServer::room_of(SessionId id) {
  const auto found = webspace_of_.find(id);
  if (found == webspace_of_.end()) return nullptr;
  const auto room = rooms_.find(found->second);
  return room == rooms_.end() ? nullptr : room->second.room.get();
}

void DocumentServer::publish_names() {
  const std::lock_guard lock(mutex_);
  names_.clear();
  for (const auto& [name, loaded] : rooms_) names_.push_back(name);
}

void DocumentServer::run_disk() {
  name_this_thread("ystores");
  std::unique_lock lock(disk_mutex_);
  for (;;) {
    disk_wake_.wait(lock, [&] { return disk_stopping_ || !saves_.empty(); });
    if (saves_.empty()) return;
    const Save& first = saves_.front();  // stays in the queue until it is stored: see load()
    lock.unlock();
    store(first);
    lock.lock();
    saves_.pop_front();
    disk_wake_.notify_all();
  }
}

void DocumentServer::store(const Save& save) {
  const auto stored = save.snapshot.empty() ? ystore_.append(save.webspace, save.updates)
                                            : ystore_.compact(save.webspace, save.snapshot);
  const std::lock_guard lock(disk_mutex_);
  if (stored) {
    if (!save.snapshot.empty()) unstored_.erase(save.webspace);
    return;
  }
  // Said once; look_after_all() comes back with a whole one until it is on disk.
  if (unstored_.insert(save.webspace).second) {
    log::error("projection", "ystore_not_written",
               {{"webspace", save.webspace}, {"error", stored.error().message}});
  }
}

}  // namespace hub::projection
