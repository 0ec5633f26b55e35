#include "cli/published_address.hpp"

#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace hub::cli {
namespace {

constexpr int lock_patience_ms = 5'000;  // readers hold it for an instant
constexpr std::size_t address_bytes_max = 1024;

// Whether somebody else holds an exclusive lock on the file.
bool is_held(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
  ::close(descriptor);
  return held;
}

}  // namespace

fs::path address_file_of(const fs::path& base_directory) {
  return base_directory / "state" / "address";
}

PublishedAddress::PublishedAddress(fs::path file, FileLock lock)
    : file_(std::move(file)), lock_(std::make_unique<FileLock>(std::move(lock))) {}

PublishedAddress::~PublishedAddress() {
  if (!lock_) return;
  std::error_code ec;
  fs::remove(file_, ec);  // before the lock goes
}

Result<PublishedAddress> PublishedAddress::publish(const fs::path& base_directory,
                                                   const std::string& url) {
  const auto file = address_file_of(base_directory);
  HUB_TRY(lock, FileLock::take(file, lock_patience_ms));
  // In place: a file written beside and renamed would not be the one we hold.
  std::ofstream out(file, std::ios::trunc);
  out << url << '\n' << std::flush;
  if (!out) {
    return fail(ErrorCode::unavailable, "cannot write " + file.string(), "address_not_written",
                "commands will need --url " + url);
  }
  return PublishedAddress(file, std::move(lock));
}

FoundAddress read_published_address(const fs::path& base_directory) {
  const auto file = address_file_of(base_directory);
  const auto text = read_file(file, address_bytes_max);
  if (!text) return {};
  std::string url = text->substr(0, text->find('\n'));
  if (url.empty()) return {};  // being written this very moment
  return {is_held(file) ? AddressState::live : AddressState::stale, std::move(url)};
}

}  // namespace hub::cli
