#pragma once
// registry.json made anew from what a commit of a registry holds: every artifact's files and
// manifest, and the history for the times. What a manifest does not say (publisher, channels, keys
// of others) is taken from the registry.json of that commit, or from the last one in its history
// that can be read. Blocking; the repository is used by one thread at a time.
//
// What push wrote, this writes again, byte for byte.

#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "base/json.hpp"
#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "git/repository.hpp"

namespace hub::registry {

// An artifact whose files cannot be published as they are; its entry stays as it was, if it has
// one.
struct RebuildProblem {
  std::string path;  // "skills/x"
  std::string reason;
  std::string message;
  std::string hint;
};
BOOST_DESCRIBE_STRUCT(RebuildProblem, (), (path, reason, message, hint))

// How the published file differs from the rebuilt one.
struct RebuildDifference {
  std::string path;    // "skills/x", or empty: the file itself
  std::string what;    // "missing", "without files", "differs", "top level", "layout"
  std::string fields;  // of one that differs: "version, integrity.tree"
};
BOOST_DESCRIBE_STRUCT(RebuildDifference, (), (path, what, fields))

struct Rebuilt {
  std::string bytes;      // of registry.json
  std::string published;  // as the commit has it; empty when it has none
  std::int64_t skills = 0, scenarios = 0;
  std::vector<RebuildDifference> differences;  // none: published is equal to bytes
  std::vector<RebuildProblem> problems;
  std::vector<std::string> warnings;
};

Result<Rebuilt> rebuild_catalog(const git::Repository&, const std::string& commit);

}  // namespace hub::registry
