#include <algorithm>

#include "artifacts/active_skill.hpp"
#include "diagnostics/checks.hpp"
#include "models/model_store.hpp"
#include "registry/catalog_keeper.hpp"
#include "registry/manifest.hpp"
#include "registry/tree.hpp"

namespace hub::diagnostics {
namespace {

using artifacts::Shelf;

std::string label_of(const InstalledArtifact& artifact) {
  return to_text(artifact.kind) + " " + artifact.name + " " + artifact.version;
}

Result<fs::path> source_of(const Shelf& shelf, const InstalledArtifact& artifact) {
  if (artifact.kind == ArtifactKind::scenario) return shelf.installed(artifact.kind, artifact.name);
  HUB_TRY(active, artifacts::active_skill(shelf, artifact));
  return active.source;
}

// Somebody is at it right now: what it looks like in between says nothing.
bool is_busy(const Subject& subject, const InstalledArtifact& artifact) {
  const std::vector<store::LockRequest> locks{
      {Resource(to_text(artifact.kind) + ":" + artifact.name)}};
  if (!subject.store->contenders(locks).empty()) return true;
  const auto now = subject.store->find_installed(artifact.kind, artifact.name);
  return !now || now->operation_id != artifact.operation_id;
}

std::optional<Finding> fault_of(const Subject& subject, const Shelf& shelf,
                                const InstalledArtifact& artifact) {
  const std::string again =
      "install it again: adaos-hub " + to_text(artifact.kind) + " install " + artifact.name;
  const boost::json::object named{{"kind", to_text(artifact.kind)}, {"name", artifact.name}};
  const auto source = source_of(shelf, artifact);
  std::error_code ec;
  if (!source || !fs::is_directory(*source, ec)) {
    if (is_busy(subject, artifact)) return std::nullopt;
    return problem("artifacts", label_of(artifact) + " is installed, and its files are gone", again,
                   named);
  }
  const auto manifest = registry::read_manifest(artifact.kind, *source);
  auto tree = manifest ? registry::read_tree(*source, {}, registry::Secrets::allowed)
                       : tl::unexpected(manifest.error());
  if (tree && (artifact.tree.empty() || tree->digest == artifact.tree)) return std::nullopt;
  if (is_busy(subject, artifact)) return std::nullopt;
  if (!tree) {
    return problem("artifacts", label_of(artifact) + " is damaged: " + tree.error().message, again,
                   named);
  }
  auto details = named;
  details["expected"] = artifact.tree;
  details["observed"] = tree->digest;
  return warning("artifacts",
                 "the files of " + label_of(artifact) + " are not those that were installed",
                 "if nobody has changed them on purpose, " + again, std::move(details));
}

}  // namespace

std::vector<Finding> look_at_registry(const Subject& subject) {
  if (!subject.catalog) {
    std::error_code ec;
    const bool known = fs::exists(subject.base / "workspace" / "registry.json", ec);
    return {fine("registry", known ? "a catalogue was fetched; the registry is not asked without "
                                     "the hub"
                                   : "no catalogue was fetched yet")};
  }
  auto& keeper = *subject.catalog;
  git::NetworkOptions network;
  network.stop = subject.stop;
  const auto asked = keeper.mirror().has_news(network);
  const auto status = keeper.status();
  const std::string url = keeper.mirror().display_url();
  boost::json::object details{{"url", url},
                              {"state", to_json(status.state)},
                              {"age_s", to_json(status.age_s)},
                              {"commit", status.commit},
                              {"quarantined", status.quarantined}};
  std::vector<Finding> found;
  if (!asked) {
    const bool never = status.state == registry::CatalogCondition::unavailable;
    const std::string mend = asked.error().hint.empty()
                                 ? "check the network and that " + url + " is there"
                                 : asked.error().hint;
    auto finding =
        warning("registry", "the registry " + url + " does not answer: " + asked.error().message,
                mend, details);
    if (never) finding.level = Level::problem;
    found.push_back(std::move(finding));
  } else if (*asked) {
    found.push_back(warning("registry", "the registry " + url + " has news that were not fetched",
                            "adaos-hub registry refresh", details));
  }
  if (status.quarantined > 0) {
    found.push_back(warning(
        "registry", std::to_string(status.quarantined) + " entries of the catalogue cannot be used",
        "have them mended where they are published: adaos-hub registry verify " + url, details));
  }
  if (found.empty()) {
    const auto current = keeper.current();
    const auto entries = current ? current->entries.size() : 0;
    found.push_back(fine("registry",
                         "the registry answers; the catalogue has " + std::to_string(entries) +
                             " entries and is the newest",
                         details));
  }
  return found;
}

std::vector<Finding> look_at_artifacts(const Subject& subject) {
  if (!subject.store) return {};
  const Shelf shelf(subject.base);
  std::vector<Finding> found;
  const auto installed = subject.store->installed();
  for (const auto& artifact : installed) {
    if (subject.stop && subject.stop()) return found;
    if (auto fault = fault_of(subject, shelf, artifact)) found.push_back(*std::move(fault));
  }
  if (found.empty()) {
    found.push_back(
        fine("artifacts",
             std::to_string(installed.size()) + " skills and scenarios are as they were installed",
             {{"installed", installed.size()}}));
  }
  return found;
}

std::vector<Finding> look_at_models(const Subject& subject) {
  const models::ModelStore store(subject.base);
  const auto all = store.list();
  std::vector<Finding> found;
  const auto add = [&](const models::Model& model, const std::string& why) {
    found.push_back(problem("models", "model " + model.name + " cannot be used: " + why,
                            "remove it and download it again: adaos-hub model remove " + model.name,
                            {{"name", model.name}}));
  };
  for (const auto& model : all) {
    if (model.broken) {
      add(model, *model.broken);
      continue;
    }
    if (subject.depth != Subject::Depth::deep) continue;
    for (const auto& file : model.files) {
      const auto digest = models::digest_of(store.folder(model.name) / file.path, subject.stop);
      if (subject.stop && subject.stop()) return found;
      if (!digest || *digest != file.sha256) {
        add(model, file.path + " is not what was downloaded");
        break;
      }
    }
  }
  if (!found.empty()) return found;
  const bool deep = subject.depth == Subject::Depth::deep;
  return {fine("models",
               all.empty() ? "there are no models"
               : deep      ? "the models are whole, byte for byte"
                           : "the models are whole (--deep reads every byte)",
               {{"models", all.size()}})};
}

}  // namespace hub::diagnostics
