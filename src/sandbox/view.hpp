#pragma once
// Internal to the room: what a confined process sees of the files, as lists that its child follows
// with system calls only.

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/confined_process.hpp"

namespace hub::sandbox {

// One entry of the new root. Every path is absolute; folders come before what is in them.
struct ViewStep {
  enum class Kind { folder, file, link, bind_readable, bind_writable, bind_device };
  Kind kind = Kind::folder;
  std::string path;
  std::string source;  // of a bind: in the old root ("/old/usr"); of a link: what it says
};

// For Landlock, which rules on what is there, wherever it is mounted.
struct ViewRule {
  std::string path;
  enum class Right { read, write, device } right = Right::read;
  bool is_folder = true;
};

struct View {
  std::vector<ViewStep> steps;
  std::vector<ViewRule> rules;
};

// Where the old root is while the new one is built.
inline constexpr const char* old_root = "/.old";

// Paths whose folders are named without symbolic links.
View view_of(const std::vector<fs::path>& readable, const std::vector<fs::path>& writable,
             const fs::path& scratch);

}  // namespace hub::sandbox
