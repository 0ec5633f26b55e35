#pragma once
// For the room's tests: a folder of the hub's beside those of a program, and the settings that each
// promise is tried in.

#include <fstream>

#include "sandbox/confined_process.hpp"
#include "sandbox/means.hpp"

namespace hub::sandbox {

inline constexpr const char* python = "/usr/bin/python3";

struct Setting {
  std::string name;
  Means means;
};

// All there is, and each step down from it that this machine can show.
inline std::vector<Setting> settings() {
  const auto& all = means();
  std::vector<Setting> found{{"everything", all}};
  if (all.root && all.landlock > 0) {
    auto less = all;
    less.landlock = 0;
    found.push_back({"no Landlock", less});
    less = all;
    less.root = less.proc = false;
    found.push_back({"no root of its own", less});
  }
  if (all.namespaces) {
    auto less = all;
    less.user_namespace = less.namespaces = less.root = less.proc = false;
    found.push_back({"no namespaces", less});
    less.group_kill = less.group_memory = less.group_processes = false;
    found.push_back({"no namespaces and no cgroup", less});
  }
  if (all.group_kill) {
    auto less = all;
    less.group_kill = less.group_memory = less.group_processes = false;
    found.push_back({"no cgroup", less});
  }
  return found;
}

inline bool guards_files(const Means& means) { return means.root || means.landlock > 0; }

// A folder of the hub's beside those of the program.
struct Place {
  TemporaryDirectory directory;
  fs::path readable = directory.path() / "source";
  fs::path writable = directory.path() / "data";
  fs::path secret = directory.path() / "state";

  Place() {
    for (const auto& folder : {readable, writable, secret}) fs::create_directory(folder);
    std::ofstream(readable / "code.txt") << "code";
    std::ofstream(secret / "token") << "let me in";
  }
  ConfinedProcess shell(const std::string& script) const {
    return {.arguments = {"/bin/sh", "-c", script},
            .directory = readable,
            .readable = {readable},
            .writable = {writable}};
  }
  // The folders, for a shell's environment.
  std::vector<std::string> names() const {
    return {"SOURCE=" + readable.string(), "DATA=" + writable.string(), "STATE=" + secret.string()};
  }
  ConfinedProcess script(const std::string& text) const {
    auto wanted = shell("");
    wanted.arguments = {python, "-I", "-S", "-c", text};
    return wanted;
  }
};

inline std::string written(const fs::path& path) { return read_file(path).value_or(""); }

// A zombie that nobody has reaped yet has ended, too.
inline std::size_t processes_named(const std::string& mark) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto line = read_file(entry.path() / "cmdline").value_or("");
    if (line.find(mark) != std::string::npos) ++count;
  }
  return count;
}

}  // namespace hub::sandbox
