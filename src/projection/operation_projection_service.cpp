#include "projection/operation_projection_service.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace hub::projection {
namespace {

Instant now() { return std::chrono::steady_clock::now(); }

std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

OperationProjectionService::OperationProjectionService(DocumentServer& documents, Read read)
    : documents_(documents), read_(std::move(read)) {
  documents_.on_load([this](const std::string& webspace, ydoc::AuthoredDocument& document) {
    fill(webspace, document);
  });
  thread_ = std::thread([this] { run(); });
}

OperationProjectionService::~OperationProjectionService() { stop(); }

void OperationProjectionService::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
  documents_.on_load(nullptr);
}

void OperationProjectionService::changed() {
  const std::lock_guard lock(mutex_);
  changed_ = true;
  wake_.notify_one();
}

// On the server's thread, before anybody sees the document. Known before the store is read: what
// changes from then on is for a pass, although the server does not name the webspace yet.
void OperationProjectionService::fill(const std::string& webspace,
                                      ydoc::AuthoredDocument& document) {
  {
    const std::lock_guard lock(documents_mutex_);
    ++documents_by_name_[webspace].loads;
  }
  TickTimes ticks;
  project(read_(webspace), document, ticks, now());
  const std::lock_guard lock(documents_mutex_);
  documents_by_name_[webspace].ticks = std::move(ticks);
}

void OperationProjectionService::run() {
  name_this_thread("projection");
  Instant last_pass{};
  std::optional<Instant> again;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto woken = [&] { return stopping_ || changed_; };
      if (again) {
        wake_.wait_until(lock, *again, woken);
      } else {
        wake_.wait(lock, woken);
      }
      // What changes within the gap is one frame with what rang first.
      wake_.wait_until(lock, last_pass + kFrameGap, [&] { return stopping_; });
      if (stopping_) return;
      changed_ = false;
    }
    last_pass = now();
    again = pass();
  }
}

std::optional<Instant> OperationProjectionService::pass() {
  std::optional<Instant> again;
  std::vector<std::string> known;  // loaded, or about to be
  {
    const std::lock_guard lock(documents_mutex_);
    for (const auto& [webspace, document] : documents_by_name_) known.push_back(webspace);
  }
  for (const std::string& webspace : known) {
    try {
      again = earlier(again, pass(webspace));
    } catch (const std::exception& error) {
      log::error("projection", "pass_failed", {{"webspace", webspace}, {"error", error.what()}});
      again = earlier(again, now() + kRetryGap);
    }
  }
  return again;
}

std::optional<Instant> OperationProjectionService::pass(const std::string& webspace) {
  const auto loads = [&] {
    const std::lock_guard lock(documents_mutex_);
    return documents_by_name_[webspace].loads;
  };
  const std::uint64_t loads_before = loads();
  const ProjectionInput input = read_(webspace);
  std::optional<Instant> again;
  bool loaded = false;
  // After a load that is under way.
  documents_.write(webspace, [&](ydoc::AuthoredDocument& document) {
    const std::lock_guard lock(documents_mutex_);
    loaded = true;
    Document& mine = documents_by_name_[webspace];
    if (mine.loads != loads_before) {
      again = now();  // loaded meanwhile, from newer state than ours
      return;
    }
    again = project(input, document, mine.ticks, now());
  });
  if (loaded) return again;
  const std::lock_guard lock(documents_mutex_);
  const auto gone = documents_by_name_.find(webspace);
  if (gone != documents_by_name_.end() && gone->second.loads == loads_before) {
    documents_by_name_.erase(gone);
  }
  return again;
}

}  // namespace hub::projection
