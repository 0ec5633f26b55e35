#include "matrix/world.hpp"

#include <algorithm>
#include <optional>
#include <regex>
#include <set>

#include "artifacts/active_skill.hpp"
#include "artifacts/adaos_markers.hpp"
#include "artifacts/slot_switch.hpp"
#include "base/hash.hpp"
#include "models/model_store.hpp"
#include "registry/manifest.hpp"
#include "registry/tree.hpp"

namespace hub::matrix {
namespace {

struct Standing {
  std::optional<InstalledArtifact> row;  // what the store says
  std::string files = "none";            // the digest of what the name leads to
  std::string packages;
  std::string previous;                        // of what a rollback would switch to
  std::map<std::string, std::string> runtime;  // AdaOS's folder: path -> text, target or "folder"

  std::string version() const { return row ? row->version : "none"; }
  std::string tree() const { return row ? row->tree : "none"; }
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

bool is_folder(const fs::path& path) {
  std::error_code ec;
  return fs::is_directory(path, ec);
}

std::string packages_in(const fs::path& folder) {
  return is_folder(folder) ? digest_of(folder) : std::string();
}

// The ids and times differ from one run to the other.
std::string without_chance(std::string text) {
  static const std::regex id("op_[0-9a-f-]{36}"), time("\"updated_at\":[0-9.E+]+");
  return std::regex_replace(std::regex_replace(text, id, "op"), time, "\"updated_at\":0");
}

// Files and links below AdaOS's folder of a skill.
std::map<std::string, std::string> runtime_in(const fs::path& root) {
  std::map<std::string, std::string> found;
  std::error_code ec;
  for (const auto& entry : fs::recursive_directory_iterator(root, ec)) {
    const auto path = entry.path().lexically_relative(root).string();
    if (entry.is_symlink()) {
      found[path] = "-> " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      found[path] = read_file(entry.path()).value_or("unreadable");
    }
  }
  return found;
}

void look_at_row(const artifacts::Shelf& shelf, Standing& standing) {
  const auto& row = *standing.row;
  if (const auto active = artifacts::active_skill(shelf, row)) {
    standing.packages = packages_in(active->packages);
  }
  if (!row.previous) return;
  const auto& before = *row.previous;
  standing.previous = before.version + " in " + before.slot + " with files " +
                      tree_of(row.kind, shelf.source_of(before.place)).substr(0, 19) +
                      " and packages " + packages_in(shelf.packages_of(before.place));
}

std::map<std::string, Standing> standings_of(SmallHub& hub) {
  std::map<std::string, Standing> all;
  const auto& shelf = hub.shelf();
  for (const auto& row : hub.store().installed()) {
    auto& standing = all[to_text(row.kind) + ":" + row.name];
    standing.row = row;
    look_at_row(shelf, standing);
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
    all["skill:" + skill.filename().string()].runtime = runtime_in(skill);
  }
  return all;
}

// The name leads to what the row says, a rollback would find what it says, and AdaOS is told so.
void check_slots(const artifacts::Shelf& shelf, const InstalledArtifact& row,
                 const Standing& standing, const std::string& key,
                 std::vector<std::string>& faults) {
  if (artifacts::active_place(shelf, row.kind, row.name) != row.place) {
    faults.push_back(key + " leads to " + artifacts::active_place(shelf, row.kind, row.name) +
                     " and is in " + row.place + " by the store");
  }
  if (row.previous &&
      tree_of(row.kind, shelf.source_of(row.previous->place)) != row.previous->tree) {
    faults.push_back(key + " cannot go back to " + row.previous->version + ": its files are " +
                     tree_of(row.kind, shelf.source_of(row.previous->place)));
  }
  for (const auto& [path, marker] : artifacts::markers_of(shelf, row)) {
    const bool link = marker.form == artifacts::Marker::Form::link;
    const auto found = standing.runtime.find(path);
    std::string wanted = link ? "-> " : "";
    wanted += marker.text;
    if (found == standing.runtime.end() || found->second != wanted) {
      faults.push_back(std::string(key)
                           .append(" has no marker ")
                           .append(path)
                           .append(" that says ")
                           .append(marker.text));
    }
  }
}

}  // namespace

World world_of(SmallHub& hub) {
  World world;
  for (const auto& model : models::ModelStore(hub.base()).list()) {
    world["model:" + model.name] = "files " + digest_of_model(hub.base(), model);
  }
  for (const auto& [key, standing] : standings_of(hub)) {
    std::string text = standing.version() + " by the store; files " + standing.files.substr(0, 19);
    if (standing.row) {
      text += " in slot " + standing.row->slot + (standing.row->pin ? ", pinned" : "");
      for (const auto& held : standing.row->held) text += ", holds " + held.version;
    }
    text += "; packages " + (standing.packages.empty() ? "none" : standing.packages);
    if (!standing.previous.empty()) text += "; before it " + standing.previous;
    for (const auto& [path, marker] : standing.runtime) {
      text += "; " + path + " " + without_chance(marker);
    }
    world[key] = text;
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
    if (standing.tree() != standing.files) {
      faults.push_back(key + " is " + standing.version() + " by the store with files " +
                       standing.tree() + ", and on the disk there is " + standing.files);
    }
    if (standing.row) check_slots(hub.shelf(), *standing.row, standing, key, faults);
    for (const auto& [path, marker] : standing.runtime) {
      const bool data = path.starts_with("data/") || path.find("/data/") != std::string::npos;
      if (!standing.row && !data)
        faults.push_back(std::string(key).append(" is not installed and has ").append(path));
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
