#include "marketplace/details.hpp"

#include <algorithm>
#include <chrono>

#include "registry/find_entry.hpp"
#include "registry/manifest.hpp"
#include "registry/semver.hpp"
#include "registry/text.hpp"

namespace hub::marketplace {
namespace {

using registry::fold;

constexpr std::chrono::milliseconds history_patience{500};
constexpr std::int64_t document_bytes_max = 4 << 20;

// The first of these files that there is.
std::string read_first(registry::Mirror& mirror, const std::string& commit, ArtifactKind kind,
                       const std::string& name, std::span<const std::string> files,
                       std::string& found) {
  for (const auto& file : files) {
    auto bytes = mirror.read_artifact_file(commit, kind, name, file, document_bytes_max);
    if (!bytes) continue;
    found = file;
    return *std::move(bytes);
  }
  return {};
}

bool is_language(const std::string& text) {
  return !text.empty() && text.size() <= 8 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

bool is_newer(const std::string& version, const std::string& than) {
  return registry::compare_versions(version, than) == std::partial_ordering::greater;
}

boost::json::array versions_of(const Published& published, const MarketplaceRow& row) {
  boost::json::array versions;
  for (const auto& one : published.history.versions) {
    versions.push_back(boost::json::object{
        {"version", one.version},
        {"commit", one.commit},
        {"published_at", to_text(one.published_at)},
        {"subject", one.subject},
        {"installed", row.installed && *row.installed_version == one.version},
        {"newer", row.installed && is_newer(one.version, *row.installed_version)}});
  }
  return versions;
}

boost::json::array changelog_of(const Published& published, const MarketplaceRow& row) {
  boost::json::array parts;
  for (const auto& part : published.changelog) {
    parts.push_back(boost::json::object{
        {"version", part.version},
        {"title", part.title},
        {"newer", row.installed && is_newer(part.version, *row.installed_version)},
        {"nodes", part.nodes}});
  }
  return parts;
}

class Requirements {
 public:
  Requirements(const MarketplaceCatalog& market, std::span<const InstalledArtifact> installed,
               std::span<const OperationState> operations)
      : market_(market), installed_(installed), operations_(operations) {}

  // One skill. Required ones that are not here come with an install.
  boost::json::object skill(const std::string& name, bool required) {
    const auto row = market_.row(installed_, operations_, ArtifactKind::skill, name);
    const bool here = row ? row->installed : is_installed(name);
    const bool comes = required && row && !here;
    if (comes) bring(*row);
    return {{"name", row ? row->name : name},
            {"title", row ? row->title : name},
            {"version", row ? Json(row->version) : Json()},
            {"installed", here},
            {"available", row.has_value()},
            {"will_install", comes},
            {"size", row ? to_json(row->size) : Json()}};
  }
  void bring(const MarketplaceRow& row) {
    will_install_.push_back(boost::json::string(to_text(row.kind) + ":" + row.name));
    if (row.size) {
      download_bytes_ += *row.size;
    } else {
      size_known_ = false;
    }
  }

  boost::json::array& will_install() { return will_install_; }
  Json download_bytes() const { return size_known_ ? Json(download_bytes_) : Json(); }

 private:
  bool is_installed(const std::string& name) const {
    return std::ranges::any_of(installed_, [&](const InstalledArtifact& one) {
      return one.kind == ArtifactKind::skill &&
             (fold(one.name) == fold(name) || fold(one.id) == fold(name));
    });
  }

  const MarketplaceCatalog& market_;
  std::span<const InstalledArtifact> installed_;
  std::span<const OperationState> operations_;
  boost::json::array will_install_;
  std::int64_t download_bytes_ = 0;
  bool size_known_ = true;
};

}  // namespace

Published read_published(registry::Mirror& mirror, const std::string& commit, ArtifactKind kind,
                         const std::string& name, const std::string& language) {
  Published published;
  std::vector<std::string> readmes{"README.md", "readme.md", "Readme.md"};
  if (is_language(language)) readmes.insert(readmes.begin(), "README." + language + ".md");
  const std::vector<std::string> changelogs{"CHANGELOG.md", "changelog.md"};
  published.readme =
      read_markdown(read_first(mirror, commit, kind, name, readmes, published.readme_file));
  std::string changelog_file;
  published.changelog = parts_of_changelog(
      read_markdown(read_first(mirror, commit, kind, name, changelogs, changelog_file)));
  const std::string manifest_file = manifest_file_of(kind);
  const auto bytes =
      mirror.read_artifact_file(commit, kind, name, manifest_file, registry::manifest_bytes_max);
  if (bytes) {
    if (auto manifest = registry::parse_manifest(kind, *bytes, manifest_file)) {
      published.packages = std::move(manifest->dependencies);
    }
  }
  const auto begun = std::chrono::steady_clock::now();
  auto history = mirror.versions(commit, kind, name, [&] {
    return std::chrono::steady_clock::now() - begun > history_patience;
  });
  if (history) {
    published.history = *std::move(history);
  } else {
    published.history.whole = false;
  }
  return published;
}

Result<boost::json::object> details_of(const MarketplaceCatalog& market, const Published& published,
                                       std::span<const InstalledArtifact> installed,
                                       std::span<const OperationState> operations,
                                       ArtifactKind kind, const std::string& name_or_id) {
  HUB_TRY(entry, registry::find_entry(*market.catalog(), kind, name_or_id));
  const auto row = market.row(installed, operations, kind, entry.name).value();
  Requirements requirements(market, installed, operations);
  boost::json::array skills, optional, dependents;
  for (const auto& name : entry.requires_skills) skills.push_back(requirements.skill(name, true));
  for (const auto& name : entry.optional_skills) {
    optional.push_back(requirements.skill(name, false));
  }
  if (!row.installed || row.update_available) requirements.bring(row);
  for (const auto& one : market.dependents(installed, operations, entry.name)) {
    if (kind != ArtifactKind::skill) break;
    const bool required = std::ranges::any_of(one.requires_, [&](const RequiredSkill& skill) {
      return fold(skill.name) == fold(entry.name) || fold(skill.name) == fold(entry.id);
    });
    dependents.push_back(boost::json::object{{"kind", to_text(one.kind)},
                                             {"name", one.name},
                                             {"title", one.title},
                                             {"installed", one.installed},
                                             {"required", required}});
  }
  const boost::json::object readme{{"file", published.readme_file},
                                   {"nodes", published.readme.nodes},
                                   {"truncated", published.readme.truncated}};
  return boost::json::object{
      {"row", to_wire(row)},
      {"readme", published.readme_file.empty() ? Json() : Json(readme)},
      {"versions", versions_of(published, row)},
      {"versions_complete", published.history.whole},
      {"changelog", changelog_of(published, row)},
      {"requirements", boost::json::object{{"skills", std::move(skills)},
                                           {"optional", std::move(optional)},
                                           {"packages", to_json(published.packages)},
                                           {"will_install", std::move(requirements.will_install())},
                                           {"download_bytes", requirements.download_bytes()}}},
      {"dependents", std::move(dependents)}};
}

}  // namespace hub::marketplace
