#include "transfer/part_file.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault_point.hpp"
#include "base/json.hpp"
#include "base/thread_name.hpp"

namespace hub::transfer {
namespace {

constexpr std::size_t read_bytes = std::size_t{256} << 10U;
constexpr std::size_t checkpoint_bytes_max = std::size_t{1} << 20U;

struct Checkpoint {
  struct Piece {
    std::int64_t begin = 0, end = 0;
    std::string source;
  };
  std::string sha256;
  std::vector<Piece> pieces;
};
BOOST_DESCRIBE_STRUCT(Checkpoint::Piece, (), (begin, end, source))
BOOST_DESCRIBE_STRUCT(Checkpoint, (), (sha256, pieces))

// An address may hold a password, and the checkpoint outlives the operation.
std::string name_of(const std::string& source) { return to_hex(sha256(source)).substr(0, 16); }

Error disk_error(const std::string& doing, const fs::path& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT;
  return Error{full ? ErrorCode::exhausted : ErrorCode::unavailable,
               "cannot " + doing + " " + path.string() + ": " +
                   std::error_code(code, std::generic_category()).message(),
               full ? "disk_full" : "disk_failed",
               full ? "free some space; it goes on where it was" : ""};
}

}  // namespace

fs::path PartFile::checkpoint_of(const fs::path& part) { return part.string() + ".json"; }

Result<> PartFile::discard(const fs::path& part) {
  HUB_CHECK(remove_tree_durable(checkpoint_of(part)));
  return remove_tree_durable(part);
}

Result<> PartFile::take(const fs::path& part, const fs::path& target) {
  if (::link(part.c_str(), target.c_str()) != 0) {
    return tl::unexpected(disk_error("name", target, errno));
  }
  return sync_path(target.parent_path());
}

PartFile::PartFile(fs::path path, std::string sha256, std::vector<std::string> sources,
                   PartOptions options)
    : path_(std::move(path)),
      sha256_(std::move(sha256)),
      sources_(std::move(sources)),
      options_(std::move(options)) {}

Result<std::unique_ptr<PartFile>> PartFile::open(const fs::path& path, const std::string& sha256,
                                                 const std::vector<std::string>& sources,
                                                 PartOptions options) {
  HUB_CHECK(make_directories(path.parent_path()));
  std::unique_ptr<PartFile> part(new PartFile(path, sha256, sources, std::move(options)));
  HUB_CHECK(part->lock_and_read());
  part->keeper_ = std::thread([self = part.get()] { self->keep(); });
  part->reader_ = std::thread([self = part.get()] { self->read(); });
  return part;
}

PartFile::~PartFile() {
  {
    const std::lock_guard guard(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  if (reader_.joinable()) reader_.join();
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> PartFile::open_locked() {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) return tl::unexpected(disk_error("open", path_, errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::conflict, "cannot fetch " + path_.string() + ": it is being fetched",
                "part_busy");
  }
  return {};
}

Result<> PartFile::lock_and_read() {
  HUB_CHECK(open_locked());
  struct stat found{};
  if (::fstat(descriptor_, &found) != 0) {
    return tl::unexpected(disk_error("look at", path_, errno));
  }
  auto known = read_checkpoint(found.st_size);
  if (found.st_nlink > 1 && (!known || known->bytes() < found.st_size)) {
    // Somebody has it under another name: a new file, then.
    HUB_CHECK(discard(path_));
    ::close(descriptor_);
    HUB_CHECK(open_locked());
  } else if (known) {
    there_ = *std::move(known);
  } else {
    HUB_CHECK(remove_tree_durable(checkpoint_of(path_)));
    if (::ftruncate(descriptor_, 0) != 0) {
      return tl::unexpected(disk_error("empty", path_, errno));
    }
  }
  bytes_ = found_bytes_ = there_.bytes();
  return sync_path(path_.parent_path());
}

Result<Extents> PartFile::read_checkpoint(std::int64_t file_bytes) const {
  HUB_TRY(text, read_file(checkpoint_of(path_), checkpoint_bytes_max));
  boost::system::error_code ec;
  const auto value = boost::json::parse(text, ec);
  if (ec) return fail(ErrorCode::invalid, "not JSON");
  HUB_TRY(known, from_json<Checkpoint>(value, "checkpoint"));
  if (known.sha256 != sha256_) return fail(ErrorCode::invalid, "of other content");
  Extents extents;
  for (const auto& piece : known.pieces) {
    if (piece.begin < 0 || piece.end <= piece.begin || piece.end > file_bytes) {
      return fail(ErrorCode::invalid, "not what is there");
    }
    int source = elsewhere;
    for (std::size_t i = 0; i < sources_.size() && source == elsewhere; ++i) {
      if (name_of(sources_[i]) == piece.source) source = static_cast<int>(i);
    }
    extents.add({piece.begin, piece.end, source});
  }
  return extents;
}

Extents PartFile::there() const {
  const std::lock_guard guard(mutex_);
  return there_;
}

Result<> PartFile::trouble() const {
  const std::lock_guard guard(mutex_);
  if (trouble_) return tl::unexpected(*trouble_);
  return {};
}

void PartFile::fail_with(Error error) {
  {
    const std::lock_guard guard(mutex_);
    if (!trouble_) trouble_ = std::move(error);
  }
  settled_.notify_all();
  if (options_.on_room) options_.on_room();
}

Result<> PartFile::put(std::int64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto wrote = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return tl::unexpected(disk_error("write", path_, errno));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += wrote;
  }
  return {};
}

Result<std::int64_t> PartFile::write(std::int64_t offset, std::string_view bytes, int source) {
  const auto end = offset + static_cast<std::int64_t>(bytes.size());
  std::int64_t added = 0;
  // Only this thread adds to what is there.
  auto missing = there_.gap(offset, end, end - offset);
  for (; missing; missing = there_.gap(missing->end, end, end - missing->end)) {
    HUB_CHECK(put(missing->begin, bytes.substr(static_cast<std::size_t>(missing->begin - offset),
                                               static_cast<std::size_t>(missing->size()))));
    const std::lock_guard guard(mutex_);
    added += there_.add({missing->begin, missing->end, source});
    bytes_ = there_.bytes();
    unsafe_ += missing->size();
  }
  const bool wake = unsafe_ >= options_.checkpoint_bytes ||
                    there_.prefix() - read_ >= static_cast<std::int64_t>(read_bytes);
  if (wake) wake_.notify_all();
  return added;
}

Result<> PartFile::checkpoint(const Extents& extents) {
  if (::fdatasync(descriptor_) != 0) return tl::unexpected(disk_error("sync", path_, errno));
  fault_point("part:synced");
  Checkpoint known{sha256_, {}};
  for (const auto& extent : extents.all()) {
    const auto source = extent.source == elsewhere
                            ? std::string()
                            : name_of(sources_.at(static_cast<std::size_t>(extent.source)));
    known.pieces.push_back({extent.begin, extent.end, source});
  }
  HUB_CHECK(write_file_atomic(checkpoint_of(path_), boost::json::serialize(to_json(known))));
  fault_point("part:checkpoint");
  std::error_code ec;
  const auto space = fs::space(path_.parent_path(), ec);
  if (!ec && space.available < static_cast<std::uintmax_t>(options_.free_bytes_min)) {
    return tl::unexpected(disk_error("go on with", path_, ENOSPC));
  }
  return {};
}

void PartFile::keep() {
  name_this_thread("part keeper");
  std::unique_lock guard(mutex_);
  for (;;) {
    wake_.wait_for(guard, options_.checkpoint_interval, [this] {
      return ending_ || settle_asked_ || unsafe_ >= options_.checkpoint_bytes;
    });
    if (trouble_) return;
    if (unsafe_ == 0) {
      settle_asked_ = false;
      settled_.notify_all();
      if (ending_) return;
      continue;
    }
    const Extents safe = there_;
    guard.unlock();
    auto kept = checkpoint(safe);
    if (!kept) return fail_with(std::move(kept).error());
    guard.lock();
    unsafe_ = there_.bytes() - safe.bytes();
    if (options_.on_room) options_.on_room();
  }
}

Result<> PartFile::settle() {
  std::unique_lock guard(mutex_);
  settle_asked_ = true;
  wake_.notify_all();
  settled_.wait(guard, [this] { return trouble_ || !settle_asked_; });
  if (trouble_) return tl::unexpected(*trouble_);
  return {};
}

void PartFile::read() {
  name_this_thread("part reader");
  std::string chunk(read_bytes, '\0');
  std::unique_lock guard(mutex_);
  for (;;) {
    const auto can_read = [this] {
      const auto prefix = there_.prefix();
      return prefix - read_ >= static_cast<std::int64_t>(read_bytes) ||
             (prefix > read_ && prefix >= read_max_ && read_max_ > 0);
    };
    wake_.wait(guard, [&] { return ending_ || trouble_ || can_read(); });
    if (ending_ || trouble_) return;
    const auto wanted = std::min<std::int64_t>(there_.prefix() - read_, read_bytes);
    const std::int64_t at = read_;
    guard.unlock();
    const auto got = ::pread(descriptor_, chunk.data(), static_cast<std::size_t>(wanted), at);
    if (got <= 0) {
      if (got < 0 && errno == EINTR) {
        guard.lock();
        continue;
      }
      return fail_with(disk_error("read", path_, got < 0 ? errno : EIO));
    }
    hash_.update(std::string_view(chunk.data(), static_cast<std::size_t>(got)));
    guard.lock();
    read_ += got;
    if (read_ >= read_max_) settled_.notify_all();
  }
}

Result<std::string> PartFile::digest(std::int64_t size, const std::function<bool()>& stop) {
  std::unique_lock guard(mutex_);
  read_max_ = size;
  wake_.notify_all();
  while (!trouble_ && read_ < size) {
    settled_.wait_for(guard, std::chrono::milliseconds(100));
    if (stop && stop()) return fail(ErrorCode::cancelled, "stopped");
  }
  if (trouble_) return tl::unexpected(*trouble_);
  return to_hex(hash_.finish());
}

}  // namespace hub::transfer
