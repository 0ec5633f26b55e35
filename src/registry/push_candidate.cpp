#include "registry/push_candidate.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "registry/normalise.hpp"
#include "registry/semver.hpp"

namespace hub::registry {
namespace {

fs::path clean_source(const fs::path& source) {
  std::error_code ec;
  const fs::path real = fs::canonical(source, ec);
  return ec ? fs::absolute(source).lexically_normal() : real;
}

Error changed_meanwhile(const std::string& path) {
  return Error{ErrorCode::conflict,
               "cannot publish " + path + ": it changed while it was read",
               "source_changed",
               "push again when nothing writes to the directory",
               {{"file", path}}};
}

Result<> check_version_text(const Candidate& candidate) {
  const std::string& version = candidate.manifest.version;
  if (parse_semver(version)) return {};
  return fail(ErrorCode::invalid,
              "cannot publish " + candidate.name + ": " +
                  (version.empty() ? "the manifest has no version"
                                   : "version \"" + version + "\" is not semver"),
              "version_invalid", "write a version like 1.0.0 into the manifest, in quotes",
              {{"file", candidate.manifest_path().string()}, {"observed", version}});
}

std::string id_of(const Candidate& candidate) {
  const Manifest& manifest = candidate.manifest;
  if (!manifest.id.empty()) return manifest.id;
  if (candidate.kind == ArtifactKind::skill && !manifest.name.empty()) return manifest.name;
  return candidate.name;
}

Result<> check_id(const Candidate& candidate) {
  const std::string id = id_of(candidate);
  if (is_name(id)) return {};
  return fail(ErrorCode::invalid,
              "cannot publish " + candidate.name + ": the id \"" + id + "\" is not usable",
              "id_invalid", "want letters, digits, _ . -",
              {{"file", candidate.manifest_path().string()}, {"id", id}});
}

}  // namespace

Result<Candidate> read_candidate(ArtifactKind kind, const fs::path& source) {
  Candidate candidate;
  candidate.kind = kind;
  candidate.source = clean_source(source);
  candidate.name = candidate.source.filename().string();
  std::error_code ec;
  if (!fs::is_directory(candidate.source, ec)) {
    return fail(ErrorCode::not_found,
                "cannot publish " + candidate.source.string() + ": no such directory",
                "artifact_missing", "give the directory of the " + to_text(kind),
                {{"path", candidate.source.string()}});
  }
  HUB_CHECK(check_name(candidate.name));
  HUB_TRY(manifest, read_manifest(kind, candidate.source));
  candidate.manifest = std::move(manifest);
  HUB_CHECK(check_version_text(candidate));
  HUB_CHECK(check_id(candidate));
  HUB_TRY(tree, read_tree(candidate.source, candidate.manifest.secret_fixtures));
  candidate.tree = std::move(tree);
  HUB_TRY(bytes, read_file(candidate.manifest_path()));
  if ("sha256:" + to_hex(sha256(bytes)) != candidate.manifest.digest) {
    return tl::unexpected(changed_meanwhile(candidate.manifest_path().string()));
  }
  candidate.manifest_bytes = std::move(bytes);
  return candidate;
}

Result<Candidate> at_version(const Candidate& from, const std::string& version) {
  const std::string path = from.manifest_path().string();
  HUB_TRY(bytes, with_version(from.kind, from.manifest_bytes, version, path));
  Candidate candidate = from;
  candidate.manifest_bytes = std::move(bytes);
  HUB_TRY(manifest, parse_manifest(from.kind, candidate.manifest_bytes, path));
  candidate.manifest = std::move(manifest);
  auto& files = candidate.tree.files;
  const auto file = std::ranges::find(files, manifest_file_of(from.kind), &ArtifactFile::path);
  if (file == files.end()) return tl::unexpected(changed_meanwhile(path));
  candidate.tree.size_bytes += std::ssize(candidate.manifest_bytes) - file->size_bytes;
  file->size_bytes = std::ssize(candidate.manifest_bytes);
  file->content = sha256(candidate.manifest_bytes);
  candidate.tree.digest = tree_digest(files);
  return candidate;
}

Result<std::string> write_objects(const Candidate& candidate, git::Repository& repository) {
  const std::string manifest_file = manifest_file_of(candidate.kind);
  std::vector<git::TreeFile> files;
  for (const auto& file : candidate.tree.files) {
    std::string bytes = candidate.manifest_bytes;
    if (file.path != manifest_file) {
      HUB_TRY(read, read_file(candidate.source / file.path));
      bytes = std::move(read);
    }
    if (sha256(bytes) != file.content) return tl::unexpected(changed_meanwhile(file.path));
    HUB_TRY(blob, repository.write_blob(bytes));
    files.push_back({file.path, file.mode, blob, file.size_bytes});
  }
  return repository.write_tree(files);
}

Offer offer_of(const Candidate& candidate, const PushRequest& request, const std::string& git_tree,
               Time now) {
  const JsonNode entry =
      normalise(candidate.name, candidate.manifest, candidate.tree, to_seconds_text(now));
  Offer offer;
  offer.kind = candidate.kind;
  offer.name = candidate.name;
  offer.id = *entry.find_string("id");
  offer.version = candidate.manifest.version;
  offer.tree = candidate.tree.digest;
  offer.git_tree = git_tree;
  offer.entry = to_json_text(entry);
  offer.own_date = !candidate.manifest.updated_at.empty();
  offer.message = request.message;
  offer.publisher = request.publisher;
  offer.size_bytes = candidate.tree.size_bytes;
  return offer;
}

}  // namespace hub::registry
