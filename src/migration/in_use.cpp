#include "migration/in_use.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace hub::migration {
namespace {

constexpr std::array writers_lock{"workspace/.adaos/.registry-writer.lock"};

std::optional<std::int64_t> number_of(const std::string& text, int base) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The value of a line such as "flags:\t0100002".
std::string field_of(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  if (at == std::string::npos) return {};
  const auto from = text.find_first_not_of(" \t", at + name.size());
  if (from == std::string::npos) return {};
  return text.substr(from, text.find('\n', from) - from);
}

bool is_open_for_writing(const fs::path& process, const std::string& descriptor) {
  const auto text = read_file(process / "fdinfo" / descriptor, 65'536);
  const auto flags = text ? number_of(field_of(*text, "flags:"), 8) : std::nullopt;
  return flags && (*flags & O_ACCMODE) != O_RDONLY;
}

std::string program_of(const fs::path& process) {
  auto name = read_file(process / "comm", 4'096).value_or("?");
  name.erase(std::ranges::find(name, '\n'), name.end());
  return name;
}

std::optional<std::string> file_written_by(const fs::path& process, const fs::path& root) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(process / "fd", ec)) {
    std::error_code gone;
    const auto target = fs::read_symlink(entry.path(), gone).string();
    for (const char* part : {"state", "workspace"}) {
      const auto below = (root / part).string() + "/";
      if (gone || !target.starts_with(below)) continue;
      if (is_open_for_writing(process, entry.path().filename().string())) {
        return target.substr(root.string().size() + 1);
      }
    }
  }
  return std::nullopt;
}

bool is_locked(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool taken = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  struct flock record{};
  record.l_type = F_RDLCK;
  const bool recorded = ::fcntl(descriptor, F_GETLK, &record) == 0 && record.l_type != F_UNLCK;
  ::close(descriptor);
  return taken || recorded;
}

}  // namespace

std::optional<Occupant> find_occupant(const fs::path& root) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator("/proc", ec)) {
    const auto pid = number_of(entry.path().filename().string(), 10);
    if (!pid || *pid == ::getpid()) continue;
    if (const auto file = file_written_by(entry.path(), root)) {
      return Occupant{*pid, program_of(entry.path()), *file};
    }
  }
  for (const char* lock : writers_lock) {
    if (is_locked(root / lock)) return Occupant{0, "", lock};
  }
  return std::nullopt;
}

}  // namespace hub::migration
