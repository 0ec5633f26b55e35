#include "projection/ystore.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "ydoc/lib0.hpp"
#include "ydoc/ownership.hpp"

namespace hub::projection {
namespace {

constexpr std::string_view kMagic{"HUBYSTOR\x01\0\0\0", 12};
constexpr std::size_t kDigestBytes = 8;
constexpr std::size_t kHeadBytes = 4 + kDigestBytes + 1;
constexpr std::size_t kFileBytesMax = std::size_t{256} << 20U;
constexpr char kAuthorRecord = 1, kUpdateRecord = 2;

std::string digest_of(std::string_view kind_and_payload) {
  const Digest digest = sha256(kind_and_payload);
  std::string out;
  for (std::size_t i = 0; i < kDigestBytes; ++i) out.push_back(static_cast<char>(digest.at(i)));
  return out;
}

std::string record(char kind, std::string_view payload) {
  std::string body(1, kind);
  body.append(payload);
  std::string out;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((payload.size() >> shift) & 0xFFU));
  }
  return out + digest_of(body) + body;
}

std::string author_record(ydoc::ClientId author) {
  ydoc::Writer out;
  out.var_uint(author);
  return record(kAuthorRecord, out.take());
}

std::size_t length_at(std::string_view bytes) {
  std::size_t out = 0;
  for (unsigned i = 0; i < 4; ++i) {
    out |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return out;
}

tl::unexpected<Error> disk_error(const std::string& doing, const fs::path& path) {
  const int code = errno;
  return fail(code == ENOSPC ? ErrorCode::exhausted : ErrorCode::unavailable,
              "cannot " + doing + " " + path.string() + ": " +
                  std::error_code(code, std::generic_category()).message());
}

}  // namespace

YStore::YStore(fs::path folder, const Clock& clock) : folder_(std::move(folder)), clock_(clock) {
  if (auto made = make_directories(folder_, 0700); !made) {
    log::error("projection", "ystore_folder", {{"error", made.error().message}});
  }
  const auto highest = read_file(folder_ / "authors", 64);
  if (highest) highest_author_ = std::strtoull(highest->c_str(), nullptr, 10);
}

fs::path YStore::file_of(const std::string& webspace) const {
  return folder_ / (webspace + ".ystore");
}

YStore::Damage YStore::parse(std::string_view bytes, Contents& out) {
  if (!bytes.starts_with(kMagic)) {
    return kMagic.starts_with(bytes) ? Damage::torn : Damage::corrupt;
  }
  bytes.remove_prefix(kMagic.size());
  while (!bytes.empty()) {
    if (bytes.size() < kHeadBytes) return Damage::torn;
    const std::size_t length = length_at(bytes);
    if (bytes.size() - kHeadBytes < length) return Damage::torn;
    const std::string_view body = bytes.substr(kHeadBytes - 1, length + 1);
    const bool last = bytes.size() == kHeadBytes + length;
    if (digest_of(body) != bytes.substr(4, kDigestBytes)) {
      return last ? Damage::torn : Damage::corrupt;
    }
    if (body[0] == kUpdateRecord) out.updates.emplace_back(body.substr(1));
    if (body[0] == kAuthorRecord) {
      out.author = std::max(out.author, ydoc::Reader(body.substr(1)).var_uint());
    }
    bytes.remove_prefix(kHeadBytes + length);
  }
  return Damage::none;
}

Result<YStore::Contents> YStore::load(const std::string& webspace) {
  const fs::path path = file_of(webspace);
  Contents out;
  const auto bytes = read_file(path, kFileBytesMax);
  if (!bytes && bytes.error().code == ErrorCode::not_found) return out;
  if (!bytes && bytes.error().code != ErrorCode::invalid) return tl::unexpected(bytes.error());
  const Damage damage = bytes ? parse(*bytes, out) : Damage::corrupt;
  switch (damage) {
    case Damage::none: return out;
    case Damage::torn:
      log::warning("projection", "ystore_tail_cut", {{"webspace", webspace}});
      break;
    case Damage::corrupt: {
      const fs::path aside = path.string() + ".damaged-" + std::to_string(to_millis(clock_.now()));
      HUB_CHECK(rename_durable(path, aside));
      log::error(
          "projection", "ystore_set_aside",
          {{"webspace", webspace}, {"file", aside.string()}, {"updates_kept", out.updates.size()}});
      break;
    }
  }
  // Ids that the damage hides are at most the highest of all.
  out.author = std::max(out.author, highest_author_);
  authors_[webspace] = out.author;
  HUB_CHECK(write_whole(webspace, out.updates));
  return out;
}

Result<> YStore::append_bytes(const std::string& webspace, std::string_view bytes) {
  const fs::path path = file_of(webspace);
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return disk_error("open", path);
  Result<> out;
  for (std::string_view left = bytes; !left.empty() && out;) {
    const ssize_t wrote = ::write(file, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      out = disk_error("write", path);
    } else {
      left.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
  if (out && ::fdatasync(file) != 0) out = disk_error("sync", path);
  ::close(file);
  return out;
}

Result<> YStore::write_whole(const std::string& webspace, const std::vector<std::string>& updates) {
  std::string bytes(kMagic);
  bytes += author_record(authors_[webspace]);
  for (const std::string& update : updates) bytes += record(kUpdateRecord, update);
  return write_file_atomic(file_of(webspace), bytes, 0600);
}

Result<> YStore::claim(const std::string& webspace, ydoc::ClientId author) {
  if (author > ydoc::kAuthorMax) {
    return fail(ErrorCode::exhausted,
                "cannot open webspace " + webspace + ": all 65535 author ids are used",
                "authors_used_up",
                "Stop the hub, remove " + file_of(webspace).string() +
                    " and have browsers clear their stored copy.");
  }
  if (author > highest_author_) {
    HUB_CHECK(write_file_atomic(folder_ / "authors", std::to_string(author) + "\n", 0600));
    highest_author_ = author;
  }
  authors_[webspace] = author;
  std::error_code ec;
  if (!fs::exists(file_of(webspace), ec)) return write_whole(webspace, {});
  return append_bytes(webspace, author_record(author));
}

Result<YStore::Opened> YStore::open(const std::string& webspace) {
  const std::lock_guard lock(mutex_);
  HUB_TRY(contents, load(webspace));
  const ydoc::ClientId author = contents.author + 1;
  HUB_CHECK(claim(webspace, author));
  const ydoc::ClientId first = author > kClaimedMax ? author - kClaimedMax : ydoc::kAuthorMin;
  return Opened{author, first, std::move(contents.updates)};
}

Result<ydoc::ClientId> YStore::next_author(const std::string& webspace) {
  const std::lock_guard lock(mutex_);
  const ydoc::ClientId author = authors_[webspace] + 1;
  HUB_CHECK(claim(webspace, author));
  return author;
}

Result<> YStore::append(const std::string& webspace, const std::vector<std::string>& updates) {
  const std::lock_guard lock(mutex_);
  std::string bytes;
  for (const std::string& update : updates) bytes += record(kUpdateRecord, update);
  return append_bytes(webspace, bytes);
}

Result<> YStore::compact(const std::string& webspace, std::string_view snapshot) {
  const std::lock_guard lock(mutex_);
  return write_whole(webspace, {std::string(snapshot)});
}

}  // namespace hub::projection
