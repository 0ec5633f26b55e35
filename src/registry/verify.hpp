#pragma once
// Whether what a registry holds is what its catalogue says: every artifact's files against the
// digest, size and count of its entry. Blocking; reads every published file of one commit.

#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "base/json.hpp"
#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "git/repository.hpp"

namespace hub::registry {

enum class VerifyStatus {
  good,
  without_digest,  // published by an older writer: nothing to compare with
  changed,         // the files are not those of the entry
  files_missing,
  refused,      // a file breaks a rule of tree.hpp or the manifest cannot be read
  quarantined,  // the entry cannot be used
  not_listed    // files without an entry
};
BOOST_DESCRIBE_ENUM(VerifyStatus, good, without_digest, changed, files_missing, refused,
                    quarantined, not_listed)

struct VerifiedArtifact {
  std::string path;  // "skills/x"; of a quarantined entry also "skills[3]"
  std::string version;
  VerifyStatus status = VerifyStatus::good;
  std::string reason;   // empty when good; stable code
  std::string message;  // the same for people
  std::string hint;
};
BOOST_DESCRIBE_STRUCT(VerifiedArtifact, (), (path, version, status, reason, message, hint))

struct VerifyReport {
  std::string commit;
  std::int64_t entries = 0, good = 0, without_digest = 0, bad = 0;
  std::vector<VerifiedArtifact> artifacts;  // those that are not good, by path
};
BOOST_DESCRIBE_STRUCT(VerifyReport, (), (commit, entries, good, without_digest, bad, artifacts))

// Fails only when the registry or its catalogue cannot be read as a whole.
Result<VerifyReport> verify_registry(const git::Repository&, const std::string& commit);

}  // namespace hub::registry
