#include "sandbox/view.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace hub::sandbox {
namespace {

// What programs need of the system: code, certificates, time zones, names. Nothing of anybody's.
constexpr std::array system_paths{
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pip.conf",
    "/etc/pki",
    "/etc/protocols",
    "/etc/python3",
    "/etc/python3.11",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
    "/etc/timezone",
};
constexpr std::array devices{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

class Builder {
 public:
  enum class Access { readable, writable };

  // A symbolic link stays one, and what it points at is shown as well.
  void show(const fs::path& path, Access access) {
    std::error_code ec;
    fs::path shown = path.lexically_normal();
    if (fs::is_symlink(shown, ec)) {
      const auto target = fs::canonical(shown, ec);
      if (ec) return;
      links_[shown.string()] = fs::read_symlink(shown, ec).string();
      shown = target;
    }
    if (!fs::exists(shown, ec)) return;
    auto& known = shown_.try_emplace(shown.string(), access).first->second;
    if (access == Access::writable) known = access;
  }

  View view(const fs::path& scratch) {
    leave_out_covered();
    for (const auto& [path, access] : shown_) add(path, access);
    for (const auto& [path, says] : links_) link(path, says);
    for (const char* device : devices) {
      place(device, ViewStep::Kind::file);
      view_.steps.push_back({ViewStep::Kind::bind_device, device, std::string(old_root) + device});
      view_.rules.push_back({device, ViewRule::Right::device, false});
    }
    link("/dev/fd", "/proc/self/fd");
    link("/dev/shm", scratch.string());  // semaphores of multiprocessing
    folder("/proc");
    view_.rules.push_back({"/proc", ViewRule::Right::read, true});
    return std::move(view_);
  }

 private:
  bool is_covered(const fs::path& path, Access access) const {
    for (auto above = path.parent_path(); above != above.root_path(); above = above.parent_path()) {
      const auto found = shown_.find(above.string());
      if (found != shown_.end()) return found->second == access;
    }
    return false;
  }
  void leave_out_covered() {
    std::erase_if(shown_, [this](const auto& each) { return is_covered(each.first, each.second); });
    std::erase_if(links_, [this](const auto& each) {
      return is_covered(each.first, Access::readable) || is_covered(each.first, Access::writable);
    });
  }

  void folder(const fs::path& path) {
    if (path == path.root_path() || is_covered(path, Access::readable) ||
        is_covered(path, Access::writable)) {
      return;
    }
    if (!made_.insert(path.string()).second) return;
    folder(path.parent_path());
    view_.steps.push_back({ViewStep::Kind::folder, path.string(), {}});
  }
  void place(const fs::path& path, ViewStep::Kind kind) {
    folder(path.parent_path());
    if (is_covered(path, Access::readable) || is_covered(path, Access::writable)) return;
    view_.steps.push_back({kind, path.string(), {}});
  }
  void link(const fs::path& path, const std::string& says) {
    folder(path.parent_path());
    view_.steps.push_back({ViewStep::Kind::link, path.string(), says});
  }
  void add(const std::string& path, Access access) {
    std::error_code ec;
    const bool is_folder = fs::is_directory(path, ec);
    if (is_folder) {
      folder(path);
    } else {
      place(path, ViewStep::Kind::file);
    }
    const bool writable = access == Access::writable;
    view_.steps.push_back({writable ? ViewStep::Kind::bind_writable : ViewStep::Kind::bind_readable,
                           path, old_root + path});
    view_.rules.push_back(
        {path, writable ? ViewRule::Right::write : ViewRule::Right::read, is_folder});
  }

  std::map<std::string, Access> shown_;
  std::map<std::string, std::string> links_;
  std::set<std::string> made_;
  View view_;
};

}  // namespace

View view_of(const std::vector<fs::path>& readable, const std::vector<fs::path>& writable,
             const fs::path& scratch) {
  Builder builder;
  for (const char* path : system_paths) builder.show(path, Builder::Access::readable);
  for (const auto& path : readable) builder.show(path, Builder::Access::readable);
  for (const auto& path : writable) builder.show(path, Builder::Access::writable);
  builder.show(scratch, Builder::Access::writable);
  return builder.view(scratch);
}

}  // namespace hub::sandbox
