#include <algorithm>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.hpp"
#include "diagnostics/checks.hpp"

namespace hub::diagnostics {
namespace {

constexpr std::uintmax_t free_least = std::uintmax_t{128} << 20U;  // the hub refuses work below
constexpr std::uintmax_t free_usual = std::uintmax_t{1} << 30U;
constexpr std::uint64_t names_usual = 10'000;
constexpr int syncs = 10;
constexpr double slow_ms = 30;
constexpr std::size_t named_max = 10;

struct Leftover {
  std::string path;
  std::uintmax_t bytes = 0;
};

std::uintmax_t bytes_below(const fs::path& path) {
  std::error_code ec;
  if (fs::is_regular_file(path, ec)) return fs::file_size(path, ec);
  std::uintmax_t bytes = 0;
  for (auto at = fs::recursive_directory_iterator(path, ec);
       !ec && at != fs::recursive_directory_iterator(); at.increment(ec)) {
    std::error_code of_file;
    if (at->is_regular_file(of_file)) bytes += at->file_size(of_file);
  }
  return bytes;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ec;
  for (auto at = fs::directory_iterator(folder, ec); !ec && at != fs::directory_iterator();
       at.increment(ec)) {
    found.push_back(at->path());
  }
  std::ranges::sort(found);
  return found;
}

// What somebody else than its owner may do, of the bits that are asked for.
std::optional<Finding> open_to_others(const fs::path& path, unsigned allowed) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return std::nullopt;
  const auto mode = found.st_mode & 0777U;
  const std::string wanted = allowed == 0600 ? "600" : "700";
  if (found.st_uid != ::geteuid() && ::geteuid() != 0) {
    return problem("permissions", path.string() + " belongs to another user",
                   "chown it to the user that the hub runs as", {{"path", path.string()}});
  }
  if ((mode & ~allowed) == 0) return std::nullopt;
  return problem("permissions", path.string() + " can be read by others than the hub's user",
                 "chmod " + wanted + " " + path.string(), {{"path", path.string()}});
}

}  // namespace

std::vector<Finding> look_at_disk(const Subject& subject) {
  struct statvfs found{};
  if (::statvfs(subject.base.c_str(), &found) != 0) {
    return {problem("disk", "the disk of " + subject.base.string() + " cannot be looked at",
                    "check that it is mounted")};
  }
  const std::uintmax_t free = std::uintmax_t{found.f_bavail} * found.f_frsize;
  const boost::json::object details{{"free_bytes", free}, {"free_names", found.f_favail}};
  const std::string told =
      size_text(static_cast<std::int64_t>(free)) + " are free on the hub's disk";
  std::vector<Finding> all;
  if (free < free_least) {
    all.push_back(problem("disk", told + ": it accepts nothing that needs room",
                          "free some space under " + subject.base.string(), details));
  } else if (free < free_usual) {
    all.push_back(warning("disk", told, "free some space under " + subject.base.string(), details));
  }
  if (found.f_files > 0 && found.f_favail < names_usual) {
    all.push_back(warning(
        "disk",
        "only " + std::to_string(found.f_favail) + " more files can be made on the hub's disk",
        "remove files that nobody needs: it has run out of inodes", details));
  }
  if (all.empty()) all.push_back(fine("disk", told, details));
  return all;
}

// How long a commit waits for the disk. Writes, so only of a running hub.
std::vector<Finding> look_at_disk_speed(const Subject& subject) {
  if (subject.scope == Scope::stopped) return {};
  const auto file = subject.base / "state" / "disk-probe.000000000000.tmp";
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return {problem("disk_speed", "no file can be made under " + file.parent_path().string(),
                    "check that the disk is not full or read-only")};
  }
  const std::string page(4096, 'x');
  std::vector<double> took_ms;
  bool failed = false;
  for (int i = 0; i < syncs && !failed; ++i) {
    const auto began = std::chrono::steady_clock::now();
    failed = ::pwrite(descriptor, page.data(), page.size(), 0) < 0 || ::fdatasync(descriptor) != 0;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    took_ms.push_back(took.count());
  }
  ::close(descriptor);
  ::unlink(file.c_str());
  if (failed) {
    return {problem("disk_speed", "what is written to the disk cannot be synced",
                    "look into the system's log: the disk may be failing")};
  }
  std::ranges::sort(took_ms);
  const double middle = took_ms[took_ms.size() / 2];
  const auto tenths = static_cast<std::int64_t>(middle * 10);
  const std::string told = "a write is safe on the disk after " + std::to_string(tenths / 10) +
                           "." + std::to_string(tenths % 10) + " ms";
  const boost::json::object details{{"p50_ms", middle}, {"max_ms", took_ms.back()}};
  if (middle <= slow_ms) return {fine("disk_speed", told, details)};
  return {warning("disk_speed", told + ": every step of every operation waits so long",
                  "move the hub's folder to a faster disk, or see who else keeps it busy",
                  details)};
}

std::vector<Finding> look_at_leftovers(const Subject& subject) {
  if (!subject.store) return {};
  std::set<std::string> known;
  for (const auto& id : subject.store->not_cleaned_up()) known.insert(id.text());
  std::vector<Leftover> all;
  for (const auto& folder :
       {subject.base / "state" / "staging", subject.base / "models" / ".work"}) {
    for (const auto& path : entries_of(folder)) {
      if (!known.contains(path.filename().string()))
        all.push_back({path.string(), bytes_below(path)});
    }
  }
  if (all.empty()) return {fine("leftovers", "no operation has left anything behind")};
  std::uintmax_t bytes = 0;
  boost::json::array named;
  for (const auto& one : all) {
    bytes += one.bytes;
    if (named.size() < named_max) named.emplace_back(one.path);
  }
  return {warning("leftovers",
                  "operations that are over have left " +
                      size_text(static_cast<std::int64_t>(bytes)) + " in " +
                      std::to_string(all.size()) + (all.size() == 1 ? " folder" : " folders"),
                  "restart the hub: it removes them at its start",
                  {{"paths", std::move(named)}, {"bytes", bytes}})};
}

std::vector<Finding> look_at_permissions(const Subject& subject) {
  const auto state = subject.base / "state";
  std::vector<Finding> all;
  const auto look = [&](const fs::path& path, unsigned allowed) {
    if (auto finding = open_to_others(path, allowed)) all.push_back(*std::move(finding));
  };
  look(state / "token", 0600);
  look(state / "sessions.json", 0600);
  look(state / "secrets", 0700);
  for (const auto& file : entries_of(state / "secrets")) look(file, 0600);
  if (all.empty())
    all.push_back(fine("permissions", "nobody but the hub's user reads its secrets"));
  return all;
}

}  // namespace hub::diagnostics
