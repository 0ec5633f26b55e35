#pragma once
// Makes a fetched skill ready to run: its manifest is read, its handlers must be there, and its pip
// packages are installed beside it. Blocking, for worker threads.

#include <functional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "contracts/artifact.hpp"

namespace hub::artifacts {

struct PreparationRequest {
  ArtifactKind kind = ArtifactKind::skill;
  fs::path source;  // the fetched tree
  fs::path vendor;  // where pip packages go; made when there are any
  std::function<void(const std::string& line)> on_line = {};
  std::function<bool()> stop = {};
};

struct Preparation {
  std::vector<std::string> dependencies;  // as the manifest lists them: pip's own arguments
};

// invalid: manifest errors (registry/manifest.hpp), "handlers_missing"; unavailable:
// "dependencies_failed" with pip's last lines in details.output, "program_missing"; cancelled.
Result<Preparation> prepare(const PreparationRequest&);

}  // namespace hub::artifacts
