#pragma once
// What an AdaOS's SQLite registry says of its skills and scenarios: tables skills and scenarios
// with (name, active_version, installed), and a pin where a later one keeps it (AdaOS:
// adapters/db/sqlite_schema.py). SQLite writes beside a database that it only reads, so a copy is
// opened. Blocking; any thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "contracts/artifact.hpp"

namespace hub::migration {

struct RegisteredArtifact {
  std::string active_version;  // may be empty
  bool installed = true;
  std::optional<std::string> pin;
};

struct Registers {
  std::map<std::pair<ArtifactKind, std::string>, RegisteredArtifact> artifacts;
  std::vector<std::string> files;     // read, below the root
  std::vector<std::string> warnings;  // of those that could not be read
};

// Of every *.db, *.sqlite and *.sqlite3 in `root` and `root / state` that has such tables.
Registers read_registers(const fs::path& root);

}  // namespace hub::migration
