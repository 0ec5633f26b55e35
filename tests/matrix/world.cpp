#include "matrix/world.hpp"

#include <algorithm>
#include <set>

#include "base/hash.hpp"
#include "models/model_store.hpp"
#include "registry/manifest.hpp"
#include "registry/tree.hpp"

namespace hub::matrix {
namespace {

struct Standing {
  std::string row = "none";                     // what the store says: a version
  std::string tree = "none";                    // and the digest of its files
  std::string files = "none";                   // the digest of what is there
  std::map<std::string, std::string> packages;  // by bucket: "v1.0" -> digest
};

std::string digest_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto path = entry.path().lexically_relative(folder).string();
    if (path.find("__pycache__") != std::string::npos || !entry.is_regular_file()) continue;
    files[path] = to_hex(sha256(read_file(entry.path()).value_or("unreadable")));
  }
  std::string all;
  for (const auto& [path, digest] : files) all.append(path).append(" ").append(digest) += '\n';
  return to_hex(sha256(all)).substr(0, 12);
}

// As the registry names it, when the manifest can be read; else of our own.
std::string tree_of(ArtifactKind kind, const fs::path& folder) {
  const auto manifest = registry::read_manifest(kind, folder);
  if (!manifest) return "broken: " + manifest.error().message;
  const auto tree = registry::read_tree(folder, manifest->secret_fixtures);
  return tree ? tree->digest : "broken: " + tree.error().message;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) found.push_back(entry.path());
  return found;
}

// Of its files as model.json names them; "broken" when one of them is something else.
std::string digest_of_model(const fs::path& base, const models::Model& model) {
  const auto folder = models::ModelStore(base).folder(model.name);
  std::string all;
  for (const auto& file : model.files) {
    const auto digest = models::digest_of(folder / file.path, {});
    if (!digest || *digest != file.sha256) return "broken";
    all.append(file.path).append(" ").append(*digest) += '\n';
  }
  return model.broken ? "broken" : to_hex(sha256(all)).substr(0, 12);
}

std::map<std::string, Standing> standings_of(SmallHub& hub) {
  std::map<std::string, Standing> all;
  for (const auto& row : hub.store().installed()) {
    auto& standing = all[to_text(row.kind) + ":" + row.name];
    standing.row = row.version;
    standing.tree = row.tree;
  }
  const auto workspace = hub.base() / "workspace";
  for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
    for (const auto& folder : entries_of(workspace / directory_of(kind))) {
      const std::string name = folder.filename().string();
      if (name == ".runtime") continue;
      all[to_text(kind) + ":" + name].files = tree_of(kind, folder);
    }
  }
  for (const auto& skill : entries_of(workspace / "skills" / ".runtime")) {
    for (const auto& bucket : entries_of(skill)) {
      for (const auto& part : entries_of(bucket)) {
        all["skill:" + skill.filename().string()]
            .packages[(bucket.filename() / part.filename()).string()] = digest_of(part);
      }
    }
  }
  return all;
}

}  // namespace

World world_of(SmallHub& hub) {
  World world;
  for (const auto& model : models::ModelStore(hub.base()).list()) {
    world["model:" + model.name] = "files " + digest_of_model(hub.base(), model);
  }
  for (const auto& [key, standing] : standings_of(hub)) {
    std::string packages;
    for (const auto& [bucket, digest] : standing.packages) {
      packages.append(" ").append(bucket).append(" ").append(digest);
    }
    world[key] = standing.row + " by the store; files " + standing.files.substr(0, 19) +
                 "; packages" + (packages.empty() ? " none" : packages);
  }
  return world;
}

std::vector<std::string> faults_of(SmallHub& hub) {
  std::vector<std::string> faults;
  for (const auto& model : models::ModelStore(hub.base()).list()) {
    if (digest_of_model(hub.base(), model) == "broken") {
      faults.push_back("model " + model.name + " is not what its model.json says");
    }
  }
  const auto kept = hub.store().not_cleaned_up();
  for (const auto& work : entries_of(hub.base() / "models" / ".work")) {
    if (std::ranges::find(kept, OperationId(work.filename().string())) == kept.end()) {
      faults.push_back("work of a model is left over: " + work.filename().string());
    }
  }
  for (const auto& [key, standing] : standings_of(hub)) {
    if (standing.tree != standing.files) {
      faults.push_back(key + " is " + standing.row + " by the store with files " + standing.tree +
                       ", and on the disk there is " + standing.files);
    }
    if (standing.row == "none" && !standing.packages.empty()) {
      faults.push_back(key + " is not installed and has packages");
    }
  }
  std::ranges::move(faults_of_files(hub.base()), std::back_inserter(faults));
  return faults;
}

std::vector<std::string> faults_of_files(const fs::path& base) {
  std::vector<std::string> faults;
  if (const auto text = read_file(base / "workspace" / "registry.json")) {
    boost::system::error_code ec;
    boost::json::parse(*text, ec);
    if (ec) faults.push_back("workspace/registry.json is not JSON: " + ec.message());
  }
  return faults;
}

std::vector<std::string> differences(const World& a, const World& b) {
  std::set<std::string> keys;
  for (const auto* world : {&a, &b}) {
    for (const auto& [key, standing] : *world) keys.insert(key);
  }
  std::vector<std::string> found;
  for (const auto& key : keys) {
    const auto in_a = a.find(key), in_b = b.find(key);
    const bool same = in_a != a.end() && in_b != b.end() ? in_a->second == in_b->second : false;
    if (!same) found.push_back(key);
  }
  return found;
}

std::string to_text(const World& world) {
  std::string text;
  for (const auto& [key, standing] : world) {
    text.append("  ").append(key).append(": ").append(standing) += '\n';
  }
  return text.empty() ? "  nothing\n" : text;
}

}  // namespace hub::matrix
