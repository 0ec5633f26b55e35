#pragma once
// A file that arrives in pieces, and what of it will outlast a power cut.
//
//   write() ──► page cache ──► fdatasync ──► <path>.json: what is there   (one thread: the keeper)
//                    └───────► SHA-256 of the bytes without a gap          (another: the reader)
//
// The checkpoint is written after the bytes that it names are on the disk, so a later open() may
// trust it. Not more than Options::unsafe_bytes_max are ever in between: who writes asks has_room()
// first. write() and the questions are for one thread; errors of the other two come out of
// trouble(). Whoever opens a part has it alone: conflict, "part_busy", for others.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "transfer/extents.hpp"

namespace hub::transfer {

struct PartOptions {
  std::int64_t unsafe_bytes_max = std::int64_t{12} << 20U;
  std::int64_t checkpoint_bytes = std::int64_t{4} << 20U;  // a checkpoint begins after so many
  std::chrono::milliseconds checkpoint_interval{2'000};    // or after so long
  std::int64_t free_bytes_min = std::int64_t{64} << 20U;   // left on the disk
  std::function<void()> on_room = {};  // has_room() may have become true; from another thread
};

class PartFile {
 public:
  // `sources` are the addresses that numbers in extents stand for; what came from one that is not
  // asked any more has the number `elsewhere`. A part of other content, or of none, is begun anew.
  static Result<std::unique_ptr<PartFile>> open(const fs::path&, const std::string& sha256,
                                                const std::vector<std::string>& sources,
                                                PartOptions);
  ~PartFile();  // keeps what is there
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  Extents there() const;
  std::int64_t bytes() const { return bytes_; }
  std::int64_t found_bytes() const { return found_bytes_; }  // by open()
  bool has_room() const { return unsafe_ < options_.unsafe_bytes_max - in_hand; }
  // What is there already stays. How many of the bytes were missing.
  Result<std::int64_t> write(std::int64_t offset, std::string_view, int source);
  Result<> trouble() const;

  // All of it is on the disk.
  Result<> settle();
  // Of the first `size` bytes, once they are there and read.
  Result<std::string> digest(std::int64_t size, const std::function<bool()>& stop);

  static fs::path checkpoint_of(const fs::path& part);
  static Result<> discard(const fs::path& part);
  // The finished, verified file gets a second name, durably; the part stays for whoever asks again,
  // and is not written to any more. `target` is on the same file system.
  static Result<> take(const fs::path& part, const fs::path& target);

  static constexpr int elsewhere = -1;

 private:
  static constexpr std::int64_t in_hand = std::int64_t{1} << 20U;  // what one write() may bring

  PartFile(fs::path path, std::string sha256, std::vector<std::string> sources, PartOptions);
  Result<> open_locked();
  Result<> lock_and_read();
  Result<> put(std::int64_t offset, std::string_view) const;
  Result<Extents> read_checkpoint(std::int64_t file_bytes) const;
  void keep();  // the thread
  void read();  // the thread
  Result<> checkpoint(const Extents&);
  void fail_with(Error);

  const fs::path path_;
  const std::string sha256_;
  const std::vector<std::string> sources_;
  const PartOptions options_;
  int descriptor_ = -1;
  std::int64_t found_bytes_ = 0;
  std::atomic<std::int64_t> bytes_{0}, unsafe_{0};

  mutable std::mutex mutex_;
  std::condition_variable wake_, settled_;
  Extents there_;
  std::optional<Error> trouble_;
  bool ending_ = false, settle_asked_ = false;
  std::atomic<std::int64_t> read_{0};  // bytes in hash_
  std::int64_t read_max_ = 0;
  Sha256 hash_;
  std::thread keeper_, reader_;
};

}  // namespace hub::transfer
