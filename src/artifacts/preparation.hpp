#pragma once
// Makes a fetched skill ready to run: its manifest is read, its handlers must be there, its pip
// packages are installed beside it, its own tests are run when that is asked for, and last it is
// tried (smoke.hpp). What runs, runs confined. Blocking, for worker threads.

#include <functional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "contracts/artifact.hpp"

namespace hub::artifacts {

enum class SkillTests { leave_out, run };
enum class SkillPackages { install, are_there };  // are_there: in `vendor`, brought from elsewhere

struct PreparationRequest {
  ArtifactKind kind = ArtifactKind::skill;
  fs::path source;          // the fetched tree
  fs::path vendor;          // where pip packages go; made when there are any
  fs::path downloads = {};  // of pip, shared by all skills; empty: nothing is kept
  SkillTests tests = SkillTests::leave_out;
  SkillPackages packages = SkillPackages::install;
  std::function<void(const std::string& line)> on_line = {};  // "pip: …", "tests: …"
  // Bytes of the downloads that pip has named so far.
  std::function<void(std::int64_t done, std::int64_t total)> on_bytes = {};
  std::function<bool()> stop = {};
};

struct Preparation {
  std::vector<std::string> dependencies;  // as the manifest lists them: pip's own arguments
  std::vector<std::string> warnings;      // sentences for whoever installs it
};

// Errors of registry/manifest.hpp, packages.hpp, skill_tests.hpp and smoke.hpp; cancelled.
Result<Preparation> prepare(const PreparationRequest&);

}  // namespace hub::artifacts
