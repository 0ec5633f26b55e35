#pragma once
// OperationProjectionService: keeps the document of every loaded webspace equal to the store, one
// way. changed() is a doorbell, not a message: it says that something may differ, and a pass makes
// it equal, whatever was missed. The first change after a quiet time goes out at once, then at most
// one frame per webspace each 50 ms, the last state always.
//
//   OperationProjectionService projection(documents, [&](const std::string& webspace) {
//     return ProjectionInput{...};      // read from the store, on our thread or the server's
//   });
//   store.on_commit([&] { projection.changed(); });
//
// Wire it before the first browser connects: it fills each document as it is loaded, so that a
// browser's first answer has everything. `read` must be thread-safe; when it throws, the pass is
// tried again a second later. `documents` outlives the service.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "projection/document_server.hpp"
#include "projection/project.hpp"

namespace hub::projection {

inline constexpr std::chrono::milliseconds kFrameGap{50};
inline constexpr std::chrono::milliseconds kRetryGap{1000};

class OperationProjectionService {
 public:
  using Read = std::function<ProjectionInput(const std::string& webspace)>;

  OperationProjectionService(DocumentServer& documents, Read read);
  ~OperationProjectionService();  // stop()

  void changed();
  void stop();  // idempotent; changed() does nothing afterwards

 private:
  struct Document {
    std::uint64_t loads = 0;  // to drop what was read before the latest load
    TickTimes ticks;
  };

  void fill(const std::string& webspace, ydoc::AuthoredDocument&);
  void run();
  // When to come again on our own; nothing when all is written.
  std::optional<Instant> pass();
  std::optional<Instant> pass(const std::string& webspace);

  DocumentServer& documents_;
  Read read_;
  std::mutex documents_mutex_;
  std::map<std::string, Document> documents_by_name_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool changed_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hub::projection
