#pragma once
// Where the code and the pip packages of an installed skill lie: what to put before a Python that
// runs it. Asked anew for each run; a switch in between gives the next run the other one.

#include "artifacts/shelf.hpp"

namespace hub::artifacts {

struct ActiveSkill {
  std::string name, version;
  std::string slot;   // "A" or "B"; empty where a skill has one place only
  fs::path source;    // its directory: skill.yaml, handlers/
  fs::path packages;  // of pip; need not exist: a skill without dependencies has none
  fs::path data;      // what it keeps, whatever its version; made when a tool is first called
};

// invalid: a scenario has nothing to run. not_found: "skill_files_missing", the database knows it
// and its files are gone.
Result<ActiveSkill> active_skill(const Shelf&, const InstalledArtifact&);

}  // namespace hub::artifacts
