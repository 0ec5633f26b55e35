#pragma once
// For the room's tests: a skill written into a fresh folder.

#include <fstream>

#include "base/files.hpp"

namespace hub::artifacts {

struct TestSkill {
  TemporaryDirectory directory;
  fs::path source = directory.path() / "lamp";
  fs::path packages = directory.path() / "packages";

  explicit TestSkill(const std::string& handlers, const std::string& manifest = "") {
    write("skill.yaml", "name: lamp\nversion: 1.0.0\n" + manifest);
    write("handlers/main.py", handlers);
  }
  void write(const fs::path& name, const std::string& text) const {
    fs::create_directories((source / name).parent_path());
    std::ofstream(source / name) << text;
  }
};

}  // namespace hub::artifacts
