#pragma once
// What an author wants to publish, read and validated once, and what of it others need to know to
// put it into a commit. Blocking disk reads; any thread.

#include <string>

#include "git/repository.hpp"
#include "registry/manifest.hpp"
#include "registry/push.hpp"
#include "registry/tree.hpp"

namespace hub::registry {

struct Candidate {
  ArtifactKind kind = ArtifactKind::skill;
  std::string name;
  fs::path source;
  std::string manifest_bytes;  // as published: of another version than on disk after at_version()
  Manifest manifest;
  ArtifactTree tree;
  std::string label() const { return to_text(kind) + " " + name + " " + manifest.version; }
  fs::path manifest_path() const { return source / manifest_file_of(kind); }
};

// not_found: artifact_missing, manifest_missing; invalid: name_invalid, name_reserved,
// version_invalid, id_invalid, and those of manifest.hpp and tree.hpp.
Result<Candidate> read_candidate(ArtifactKind, const fs::path& source);

// The same files with another version in the manifest; nothing on disk changes.
Result<Candidate> at_version(const Candidate&, const std::string& version);

// Writes its files into a repository; the tree's object id. conflict with reason source_changed:
// the bytes are no longer those that were validated.
Result<std::string> write_objects(const Candidate&, git::Repository&);

// One artifact on its way into a commit, in a form that another process can take along.
struct Offer {
  int format = 1;
  ArtifactKind kind = ArtifactKind::skill;
  std::string name, id, version;
  std::string tree;       // "sha256:…"
  std::string git_tree;   // object id in the host's mirror; empty for a dry run
  std::string entry;      // JSON text of the catalogue entry, before it is merged
  bool own_date = false;  // updated_at of the entry comes from the manifest
  std::string message;    // what the author wrote; may be empty
  Publisher publisher;
  std::int64_t size_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(Offer, (),
                      (format, kind, name, id, version, tree, git_tree, entry, own_date, message,
                       publisher, size_bytes))

Offer offer_of(const Candidate&, const PushRequest&, const std::string& git_tree, Time now);

}  // namespace hub::registry
