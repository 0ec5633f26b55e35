#include "artifacts/adaos_markers.hpp"

#include <set>

#include "base/log.hpp"

namespace hub::artifacts {
namespace {

using Form = Marker::Form;

constexpr const char* up_from_source_link = "../../../../../../../../.slots/";
constexpr const char* up_from_slot = "../../../../../../.slots/";
constexpr const char* up_from_vendor = "../../../../.slots/";

constexpr std::string_view unfinished = ".next";  // a marker that is being written

std::string text_of(const boost::json::object& object) { return boost::json::serialize(object); }

Marker selection(const Deployment& one, Time at) {
  return {Form::file, text_of({{"version", one.version},
                               {"slot", one.slot},
                               {"runtime_bucket", bucket_of(one.version)},
                               {"updated_at", static_cast<double>(to_millis(at)) / 1000.0}})};
}

// The markers of one version in its bucket.
void add_slot(Markers& markers, const Shelf& shelf, const std::string& skill,
              const Deployment& one) {
  const std::string bucket = bucket_of(one.version) + "/";
  markers[bucket + "slots/" + one.slot + "/src/skills/" + skill] = {
      Form::link, up_from_source_link + one.place + "/source"};
  std::error_code ec;
  if (fs::is_regular_file(shelf.resolved_manifest_of(one.place), ec)) {
    markers[bucket + "slots/" + one.slot + "/resolved.manifest.json"] = {
        Form::link, up_from_slot + one.place + "/resolved.manifest.json"};
  }
  if (fs::is_directory(shelf.packages_of(one.place), ec)) {
    markers[bucket + "vendor"] = {Form::link, up_from_vendor + one.place + "/packages"};
  }
  markers[bucket + "active"] = {Form::file, one.slot};
  markers[bucket + "slots/current"] = {Form::link, one.slot};
}

bool stands(const fs::path& path, const Marker& marker) {
  std::error_code ec;
  const auto type = fs::symlink_status(path, ec).type();
  if (marker.form == Form::link) {
    return type == fs::file_type::symlink && fs::read_symlink(path, ec).string() == marker.text;
  }
  const auto text = type == fs::file_type::regular ? read_file(path) : Result<std::string>("");
  return type == fs::file_type::regular && text && *text == marker.text;
}

// Written beside and renamed, without a sync: see the header.
Result<> write(const fs::path& path, const Marker& marker) {
  const auto failed = [&](const std::error_code& why) {
    return fail(ErrorCode::unavailable, "cannot write " + path.string() + ": " + why.message());
  };
  std::error_code ec;
  fs::create_directories(path.parent_path(), ec);
  if (ec) return failed(ec);
  // A directory of AdaOS's own stays beside.
  if (fs::symlink_status(path, ec).type() == fs::file_type::directory) {
    fs::rename(path, path.string() + ".of-adaos", ec);
    if (ec) return failed(ec);
  }
  const fs::path beside = path.string() + std::string(unfinished);
  ec.clear();
  fs::remove(beside, ec);
  if (marker.form == Form::link) {
    fs::create_symlink(marker.text, beside, ec);
    if (ec) return failed(ec);
  } else {
    std::FILE* file = std::fopen(beside.c_str(), "wbe");
    if (!file) return failed(std::error_code(errno, std::generic_category()));
    const bool written =
        std::fwrite(marker.text.data(), 1, marker.text.size(), file) == marker.text.size();
    if (std::fclose(file) != 0 || !written) {
      return failed(std::error_code(errno, std::generic_category()));
    }
  }
  fs::rename(beside, path, ec);
  return ec ? failed(ec) : Result<>();
}

bool is_bucket(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  return !entry.is_symlink() && entry.is_directory() &&
         (name.starts_with('v') || name == "unversioned");
}

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> found;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) found.push_back(entry);
  return found;
}

bool may_be_marker(std::string path) {
  if (path.ends_with(unfinished)) path.resize(path.size() - unfinished.size());
  for (const char* name : {"current_version", "current_runtime.json", "previous_runtime.json"}) {
    if (path == name) return true;
  }
  const std::string in_bucket = path.substr(path.find('/') + 1);
  return in_bucket == "active" || in_bucket == "previous" || in_bucket == "meta.json";
}

// A bucket that AdaOS has prepared has these; ours never do.
bool adaos_ran_in(const fs::path& bucket) {
  std::error_code ec;
  return fs::is_directory(bucket / "slots/A/runtime", ec) ||
         fs::is_directory(bucket / "slots/B/runtime", ec);
}

// What this hub may have written: the files of these names, and links to our places.
std::vector<fs::path> all_markers(const fs::path& root) {
  std::vector<fs::path> found;
  const auto look = [&](const fs::path& path) {
    std::error_code ec;
    const auto type = fs::symlink_status(path, ec).type();
    const bool file =
        type == fs::file_type::regular && may_be_marker(path.lexically_relative(root).string());
    const bool link = type == fs::file_type::symlink &&
                      (path.filename().string().starts_with("current") ||
                       fs::read_symlink(path, ec).string().find(".slots/") != std::string::npos);
    if (file || link) found.push_back(path);
  };
  for (const auto& entry : entries_of(root)) {
    look(entry.path());
    if (!is_bucket(entry)) continue;
    const auto before = found.size();
    for (const char* slot : {"A", "B"}) {
      const auto root_of_slot = entry.path() / "slots" / slot;
      for (const auto& source : entries_of(root_of_slot / "src" / "skills")) look(source.path());
      look(root_of_slot / "resolved.manifest.json");
      look(root_of_slot / "resolved.manifest.json.next");
    }
    if (found.size() == before && adaos_ran_in(entry.path())) continue;
    for (const auto& inner : entries_of(entry.path())) look(inner.path());
    for (const auto& inner : entries_of(entry.path() / "slots")) look(inner.path());
  }
  return found;
}

// A folder with nothing in it but such folders goes, with them. Whether it went.
// NOLINTNEXTLINE(misc-no-recursion): as deep as a slot
bool remove_if_empty(const fs::path& folder) {
  bool empty = true;
  for (const auto& entry : entries_of(folder)) {
    const bool goes = !entry.is_symlink() && entry.is_directory() &&
                      entry.path().filename() != "data" && !adaos_ran_in(entry.path()) &&
                      remove_if_empty(entry.path());
    empty = empty && goes;
  }
  std::error_code ec;
  return empty && fs::remove(folder, ec);
}

void remove_all_but(const fs::path& root, const Markers& kept) {
  for (const auto& path : all_markers(root)) {
    if (kept.contains(path.lexically_relative(root).string())) continue;
    std::error_code ec;
    fs::remove(path, ec);
  }
  remove_if_empty(root);
}

}  // namespace

Markers markers_of(const Shelf& shelf, const InstalledArtifact& artifact) {
  Markers markers;
  if (artifact.kind != ArtifactKind::skill || artifact.place.empty()) return markers;
  const auto active = deployment_of(artifact);
  const auto& previous = artifact.previous;
  boost::json::object slots;
  if (previous && !previous->version.empty()) {
    add_slot(markers, shelf, artifact.name, *previous);
    markers["previous_runtime.json"] = selection(*previous, artifact.updated_at);
    if (bucket_of(previous->version) == bucket_of(active.version)) {
      markers[bucket_of(active.version) + "/previous"] = {Form::file, previous->slot};
      markers.erase(bucket_of(active.version) + "/vendor");
      slots[previous->slot] = {{"version", previous->version}};
    } else {
      markers[bucket_of(previous->version) + "/meta.json"] = {
          Form::file, text_of({{"version", previous->version},
                               {"slots", {{previous->slot, {{"version", previous->version}}}}}})};
    }
  }
  add_slot(markers, shelf, artifact.name, active);
  slots[active.slot] = {{"version", active.version}};
  markers[bucket_of(active.version) + "/meta.json"] = {
      Form::file, text_of({{"version", active.version},
                           {"active_version", active.version},
                           {"active_slot", active.slot},
                           {"slots", slots},
                           {"history", {{"last_active_version", active.version}}}})};
  markers["current_version"] = {Form::file, active.version};
  markers["current_runtime.json"] = selection(active, artifact.updated_at);
  return markers;
}

void write_markers(const Shelf& shelf, const InstalledArtifact& artifact) {
  const auto markers = markers_of(shelf, artifact);
  if (markers.empty()) return;
  const auto root = shelf.runtime(artifact.name);
  remove_all_but(root, markers);
  for (const auto& [path, marker] : markers) {
    if (stands(root / path, marker)) continue;
    if (const auto written = write(root / path, marker); !written) {
      log::warning("artifacts", "marker_not_written", {{"error", written.error().message}});
    }
  }
}

// A marker that came back after a power cut would tell of a skill that is not there.
Result<> remove_markers(const Shelf& shelf, const std::string& skill) {
  const auto root = shelf.runtime(skill);
  remove_all_but(root, {});
  std::error_code ec;
  if (!fs::is_directory(root.parent_path(), ec)) return {};
  HUB_CHECK(sync_path(root.parent_path()));
  if (!fs::is_directory(root, ec)) return {};
  HUB_CHECK(sync_path(root));
  for (const auto& bucket : entries_of(root)) {
    if (is_bucket(bucket)) HUB_CHECK(sync_path(bucket.path()));
  }
  return {};
}

Result<> take_runtime_away(const Shelf& shelf, const std::string& skill, const fs::path& kept,
                           SkillData data) {
  const auto root = shelf.runtime(skill);
  HUB_CHECK(remove_markers(shelf, skill));
  if (data == SkillData::goes) return Shelf::take_away(root, kept);
  for (const auto& bucket : entries_of(root)) {
    if (!is_bucket(bucket)) continue;
    const auto aside = kept / bucket.path().filename();
    for (const auto& part : entries_of(bucket.path())) {
      if (part.path().filename() == "data") continue;
      HUB_CHECK(Shelf::take_away(part.path(), aside / part.path().filename()));
    }
  }
  remove_if_empty(root);
  return {};
}

Result<> put_runtime_back(const Shelf& shelf, const std::string& skill, const fs::path& kept) {
  const auto root = shelf.runtime(skill);
  if (!is_there(root)) return Shelf::put_back(root, kept);
  for (const auto& bucket : entries_of(kept)) {
    if (!is_bucket(bucket)) continue;
    const auto home = root / bucket.path().filename();
    if (!is_there(home)) {
      HUB_CHECK(Shelf::put_back(home, bucket.path()));
      continue;
    }
    for (const auto& part : entries_of(bucket.path())) {
      HUB_CHECK(Shelf::put_back(home / part.path().filename(), part.path()));
    }
  }
  return {};
}

}  // namespace hub::artifacts
