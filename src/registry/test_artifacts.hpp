#pragma once
// What the tests of this room and of those above share: small artifacts, a registry, a push.

#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "registry/init_registry.hpp"
#include "registry/push.hpp"

namespace hub::registry::testing {

inline void write_file(const fs::path& path, std::string_view bytes, unsigned mode = 0644) {
  static_cast<void>(make_directories(path.parent_path()));
  static_cast<void>(write_file_atomic(path, bytes, mode));
}

// A directory `name` below `root` with a manifest and a handler.
inline fs::path write_skill(const fs::path& root, const std::string& name,
                            const std::string& version, const std::string& more = {}) {
  const fs::path directory = root / name;
  write_file(directory / "skill.yaml", "name: " + name + "\nversion: \"" + version +
                                           "\"\nentry: handlers/main.py\n"
                                           "runtime:\n  python: '3.11'\n" +
                                           more);
  write_file(directory / "handlers/main.py", "def run():\n    return {\"ok\": True}\n");
  return directory;
}

inline fs::path write_scenario(const fs::path& root, const std::string& name,
                               const std::string& version, const std::string& more = {}) {
  const fs::path directory = root / name;
  write_file(directory / "scenario.yaml",
             "id: " + name + "\nversion: \"" + version + "\"\n" + more);
  return directory;
}

// A bare registry and one cache directory in a temporary folder.
struct Bench {
  TemporaryDirectory directory;
  SystemClock clock;
  fs::path registry = directory.path() / "registry.git";
  fs::path sources = directory.path() / "sources";
  std::string first;

  Bench() {
    log::set_level(log::Level::warning);
    first = init_registry(registry, clock).value();
  }

  PushRequest request(const fs::path& source, ArtifactKind kind = ArtifactKind::skill) const {
    PushRequest request;
    request.kind = kind;
    request.source = source;
    request.registry_url = registry.string();
    request.cache_directory = directory.path() / "cache";
    return request;
  }
  Result<PushReport> push_skill(const std::string& name, const std::string& version,
                                const std::string& more = {}) const {
    return push(request(write_skill(sources, name, version, more)), clock);
  }
  // What git itself says about the registry.
  std::string git(std::vector<std::string> arguments) const {
    std::vector<std::string> all{"git", "--git-dir=" + registry.string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto ran = run_process({.arguments = std::move(all)});
    return ran && ran->exit_code == 0 ? ran->output : "git failed: " + (ran ? ran->errors : "");
  }
  std::string registry_json() const { return git({"show", "main:registry.json"}); }
  int commits() const { return std::stoi(git({"rev-list", "--count", "main"})); }
};

// Real published data, or an empty path where it is absent.
inline fs::path real_data() {
  const fs::path path = fs::path(HUB_SOURCE_DIR).parent_path() / "shared/data";
  return fs::exists(path) ? path : fs::path();
}

inline bool has_python() {
  const auto ran = run_process({.arguments = {"python3", "--version"}});
  return ran && ran->exit_code == 0;
}

}  // namespace hub::registry::testing
