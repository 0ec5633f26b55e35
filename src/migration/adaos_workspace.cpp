#include "migration/adaos_workspace.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "migration/adaos_registers.hpp"
#include "migration/adaos_runtime.hpp"
#include "migration/in_use.hpp"
#include "migration/source_files.hpp"
#include "registry/catalog_file.hpp"
#include "registry/normalise.hpp"
#include "registry/text.hpp"
#include "registry/tree.hpp"

namespace hub::migration {
namespace {

constexpr std::size_t catalogue_bytes_max = std::size_t{64} << 20U;
constexpr std::size_t left_out_named = 5;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != ".." && *relative.begin() != ".";
}

bool has_artifact_folders(const fs::path& folder) {
  return is_plain_folder(folder, "skills") || is_plain_folder(folder, "scenarios");
}

tl::unexpected<Error> no_workspace(const fs::path& root) {
  const bool is_inner = has_artifact_folders(root) && root.has_parent_path();
  return fail(ErrorCode::invalid,
              "cannot take over " + root.string() + ": it is no AdaOS base directory",
              "source_not_a_workspace",
              is_inner ? "give the directory above: " + root.parent_path().string()
                       : "give the directory that holds workspace/skills or workspace/scenarios, "
                         "usually ~/.adaos",
              {{"source", root.string()}});
}

// For people: the first few, and how many more.
std::string some_of(const std::vector<std::string>& paths) {
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < left_out_named; ++i) {
    text += (i == 0 ? "" : ", ") + (registry::is_utf8(paths[i]) ? paths[i] : std::string("?"));
  }
  const auto more = paths.size() - std::min(paths.size(), left_out_named);
  return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

// The entry that a registry would have of it: id, title and version by the same rules.
Result<CatalogEntry> entry_of(const registry::Manifest& manifest, const std::string& name,
                              const registry::ArtifactTree& tree) {
  constexpr const char* any_time = "1970-01-01T00:00:00+00:00";
  auto file = registry::CatalogFile::empty(any_time);
  file.upsert(manifest.kind, registry::normalise(name, manifest, tree, any_time));
  auto catalog = file.catalog("", "", {});
  if (!catalog.entries.empty()) return std::move(catalog.entries.front());
  const auto& why = catalog.quarantined.empty() ? QuarantinedEntry{} : catalog.quarantined.front();
  return fail(ErrorCode::invalid, why.message, why.reason, why.hint);
}

class Search {
 public:
  Search(const fs::path& root, const std::function<bool()>& stop)
      : root_(root), stop_(stop), registers_(read_registers(root)) {}

  Result<Inventory> run() {
    found_.warnings = registers_.warnings;
    for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) HUB_CHECK(search(kind));
    look_for_missing();
    found_.history = read_history(root_);
    read_catalogue();
    count_dev_space();
    return std::move(found_);
  }

 private:
  using Key = std::pair<ArtifactKind, std::string>;

  Result<> search(ArtifactKind kind) {
    const auto folder = "workspace/" + directory_of(kind);
    std::vector<std::string> names;
    std::error_code ec;
    if (!is_plain_folder(root_, folder)) return {};
    for (const auto& entry : fs::directory_iterator(root_ / folder, ec)) {
      auto name = entry.path().filename().string();
      if (!name.starts_with('.')) names.push_back(std::move(name));
      if (names.size() > artifacts_max) {
        return fail(ErrorCode::exhausted,
                    "cannot take over " + root_.string() + ": " + folder + " holds more than " +
                        std::to_string(artifacts_max) + " entries",
                    "source_too_large", "move those that are not needed away");
      }
    }
    std::ranges::sort(names);
    for (const auto& name : names) {
      if (stop_ && stop_()) return fail(ErrorCode::cancelled, "stopped while looking");
      HUB_CHECK(look_at(kind, name, (fs::path(folder) / name).string()));
    }
    return {};
  }

  Result<> look_at(ArtifactKind kind, const std::string& name, const std::string& path) {
    seen_.insert({kind, name});
    std::error_code ec;
    if (is_plain_file(root_, path)) return {};  // beside the artifacts, such as .gitignore
    if (const auto named = registry::check_name(name); !named) {
      return refuse(kind, registry::is_utf8(name) ? name : "?", named.error());
    }
    if (fs::is_symlink(root_ / path, ec)) {
      return refuse(kind, name,
                    Error{ErrorCode::invalid, "a link stands in its place, and none is followed",
                          "source_is_a_link", "put the directory itself there"});
    }
    const auto* row = registered(kind, name);
    if (row && !row->installed) {
      return refuse(kind, name,
                    Error{ErrorCode::invalid, "AdaOS has it as uninstalled", "uninstalled", ""});
    }
    auto artifact = read(kind, name, path);
    if (!artifact && artifact.error().code == ErrorCode::cancelled) {
      return tl::unexpected(artifact.error());
    }
    if (!artifact) return refuse(kind, name, artifact.error());
    if (row && row->pin) artifact->pin = artifact->version;
    found_.artifacts.push_back(*std::move(artifact));
    return {};
  }

  const RegisteredArtifact* registered(ArtifactKind kind, const std::string& name) const {
    const auto found = registers_.artifacts.find({kind, name});
    return found == registers_.artifacts.end() ? nullptr : &found->second;
  }

  Result<FoundArtifact> read(ArtifactKind kind, const std::string& name, const std::string& path) {
    FoundArtifact found;
    found.kind = kind;
    found.name = name;
    found.source = path;
    if (kind == ArtifactKind::skill) HUB_CHECK(read_skill(found));
    HUB_TRY(manifest, registry::read_manifest(kind, root_ / found.source));
    if (manifest.dependencies.empty()) found.vendor.clear();
    HUB_CHECK(measure_packages(found));
    HUB_TRY(tree, registry::read_tree(root_ / found.source, {}, registry::Secrets::allowed));
    HUB_TRY(entry, entry_of(manifest, name, tree));
    found.id = entry.id;
    found.title = entry.title;
    found.title_i18n = entry.title_i18n;
    found.version = entry.version;
    found.requires_skills = manifest.requires_skills;
    found.tree = tree.digest;
    found.source_bytes = tree.size_bytes;
    return found;
  }

  // What AdaOS runs, rather than what it has fetched since.
  Result<> read_skill(FoundArtifact& found) {
    auto runtime = read_runtime(root_, found.name);
    for (auto& warning : runtime.warnings) found_.warnings.push_back(std::move(warning));
    found.slot = runtime.slot;
    const auto installed = registry::read_manifest(found.kind, root_ / found.source);
    const auto active = runtime.source.empty()
                            ? Result<registry::Manifest>(fail(ErrorCode::not_found, ""))
                            : registry::read_manifest(found.kind, root_ / runtime.source);
    if (active) found.source = runtime.source;
    if (active && installed && active->version != installed->version) {
      warn("skill " + found.name + " " + active->version + " is what AdaOS runs, and is taken; " +
           installed->version + " lies beside it and was not activated");
    }
    if (!active && !runtime.version.empty() && installed && runtime.version != installed->version) {
      warn("AdaOS runs skill " + found.name + " " + runtime.version +
           ", and its slot cannot be read: " + installed->version + " of the workspace is taken");
    }
    if (runtime.deactivated) {
      warn("skill " + found.name + " is deactivated in AdaOS, and will be active here");
    }
    found.vendor = runtime.vendor;
    return measure_data(found, runtime.data);
  }

  // With a link or the like in them they cannot be copied; they are fetched anew then.
  Result<> measure_packages(FoundArtifact& found) {
    const auto folder = std::exchange(found.vendor, "");
    if (folder.empty()) return {};
    const auto listed = list_folder(root_, folder, stop_);
    if (!listed && listed.error().code == ErrorCode::cancelled) {
      return tl::unexpected(listed.error());
    }
    if (!listed || !listed->left_out.empty() || listed->files.empty()) return {};
    found.vendor = folder;
    found.vendor_bytes = listed->size_bytes;
    return {};
  }

  Result<> measure_data(FoundArtifact& found, const std::string& folder) {
    if (folder.empty()) return {};
    HUB_TRY(listed, list_folder(root_, folder, stop_));
    if (!listed.left_out.empty()) {
      warn("the data of skill " + found.name +
           " holds what is no file, and is left out: " + some_of(listed.left_out));
    }
    found.data = folder;
    found.data_bytes = listed.size_bytes;
    return {};
  }

  // Known to AdaOS's registry, and not there.
  void look_for_missing() {
    for (const auto& [key, row] : registers_.artifacts) {
      if (!row.installed || seen_.contains(key) || !registry::is_name(key.second)) continue;
      static_cast<void>(
          refuse(key.first, key.second,
                 Error{ErrorCode::not_found, "AdaOS has it as installed, and its files are gone",
                       "files_missing", "install it from the registry"}));
    }
  }

  void read_catalogue() {
    const auto text = read_source(root_, "workspace/registry.json", catalogue_bytes_max);
    if (!text && text.error().code == ErrorCode::not_found) return;
    auto file = text ? registry::CatalogFile::parse(*text)
                     : Result<registry::CatalogFile>(tl::unexpected(text.error()));
    if (!file) return warn("workspace/registry.json: " + file.error().message);
    const auto catalog = file->catalog("", "", {});
    found_.catalogue = FoundCatalogue{static_cast<std::int64_t>(catalog.entries.size()),
                                      static_cast<std::int64_t>(catalog.quarantined.size())};
  }

  void count_dev_space() {
    for (const auto& subnet : plain_folders_in("dev")) {
      for (const char* kinds : {"/skills", "/scenarios"}) {
        found_.dev_artifacts += std::ssize(plain_folders_in(subnet + kinds));
      }
    }
  }

  std::vector<std::string> plain_folders_in(const std::string& folder) const {
    std::vector<std::string> found;
    std::error_code ec;
    if (!is_plain_folder(root_, folder)) return found;
    for (const auto& entry : fs::directory_iterator(root_ / folder, ec)) {
      auto path = folder + "/" + entry.path().filename().string();
      if (is_plain_folder(root_, path)) found.push_back(std::move(path));
      if (found.size() > artifacts_max) break;
    }
    return found;
  }

  Result<> refuse(ArtifactKind kind, const std::string& name, const Error& why) {
    RefusedArtifact refused;
    refused.kind = kind;
    refused.name = name;
    if (const auto* row = registered(kind, name)) refused.version = row->active_version;
    refused.code = why.reason;
    refused.reason = why.message;
    refused.hint = why.hint;
    found_.refused.push_back(std::move(refused));
    return {};
  }

  void warn(std::string text) { found_.warnings.push_back(std::move(text)); }

  const fs::path& root_;
  const std::function<bool()>& stop_;
  Registers registers_;
  std::set<Key> seen_;
  Inventory found_;
};

}  // namespace

Result<fs::path> find_workspace(const std::string& given, const fs::path& own) {
  const fs::path wanted(given);
  if (!wanted.is_absolute()) {
    return fail(ErrorCode::invalid, "cannot take over \"" + given + "\": want an absolute path",
                "source_not_absolute", "give the whole path of AdaOS's base directory",
                {{"source", given}});
  }
  std::error_code ec;
  fs::path root = fs::canonical(wanted, ec);
  if (ec || !fs::is_directory(root, ec)) {
    return fail(ErrorCode::not_found,
                "cannot take over " + given + ": there is no such directory on the hub's machine",
                "source_missing", "give the base directory of AdaOS, usually ~/.adaos",
                {{"source", given}});
  }
  const fs::path ours = fs::weakly_canonical(own, ec);
  if (root != ours && (is_below(root, ours) || is_below(ours, root))) {
    return fail(ErrorCode::invalid,
                "cannot take over " + root.string() + ": the hub's own directory " + ours.string() +
                    " lies in it, or the other way round",
                "source_overlaps", "run the hub with a --base-dir elsewhere",
                {{"source", root.string()}, {"base_directory", ours.string()}});
  }
  if (!has_artifact_folders(root / "workspace") || !is_plain_folder(root, "workspace")) {
    return no_workspace(root);
  }
  if (root != ours && is_plain_file(root, "state/hub.db")) {
    return fail(ErrorCode::invalid,
                "cannot take over " + root.string() + ": it belongs to an adaos-hub",
                "source_is_a_hub", "move a hub with adaos-hub backup and adaos-hub restore",
                {{"source", root.string()}});
  }
  HUB_CHECK(check_not_in_use(root));
  return root;
}

Result<> check_not_in_use(const fs::path& root) {
  const auto occupant = find_occupant(root);
  if (!occupant) return {};
  const std::string who =
      occupant->pid == 0 ? std::string("some program")
                         : occupant->program + " (process " + std::to_string(occupant->pid) + ")";
  return fail(
      ErrorCode::conflict,
      "cannot take over " + root.string() + ": " + who + " is at work there, on " + occupant->file,
      "source_in_use", "stop AdaOS, then try again",
      {{"source", root.string()}, {"pid", occupant->pid}, {"file", occupant->file}});
}

Result<Inventory> take_inventory(const fs::path& root, const std::function<bool()>& stop) {
  return Search(root, stop).run();
}

}  // namespace hub::migration
