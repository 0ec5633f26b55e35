#include "artifacts/preparation.hpp"

#include "artifacts/declared_tools.hpp"
#include "artifacts/packages.hpp"
#include "artifacts/skill_tests.hpp"
#include "artifacts/smoke.hpp"

namespace hub::artifacts {
namespace {

// Lines of a program's output, told under its name.
std::function<void(const std::string&)> told_as(
    const char* name, const std::function<void(const std::string&)>& tell) {
  if (!tell) return {};
  return [name, &tell](const std::string& line) { tell(std::string(name) + ": " + line); };
}

Result<> bring_packages(const PreparationRequest& request, const registry::Manifest& manifest) {
  if (manifest.dependencies.empty() || request.packages == SkillPackages::are_there) return {};
  PackagesRequest wanted;
  wanted.source = request.source;
  wanted.target = request.vendor;
  wanted.downloads = request.downloads;
  wanted.arguments = manifest.dependencies;
  if (allows_heavy_packages(manifest)) wanted.limits = PackagesLimits::heavy();
  wanted.on_line = told_as("pip", request.on_line);
  wanted.on_bytes = request.on_bytes;
  wanted.stop = request.stop;
  return install_packages(wanted);
}

}  // namespace

Result<Preparation> prepare(const PreparationRequest& request) {
  HUB_TRY(manifest, registry::read_manifest(request.kind, request.source));
  Preparation done;
  if (request.kind == ArtifactKind::scenario) return done;
  HUB_CHECK(check_handlers(request.source));  // before pip takes minutes
  HUB_CHECK(bring_packages(request, manifest));
  const SkillPlace place{request.source, request.vendor};
  HUB_TRY(tried, smoke({place, request.stop}));
  done.dependencies = std::move(manifest.dependencies);
  done.warnings = std::move(tried.warnings);
  if (request.tests == SkillTests::run) {
    HUB_TRY(ran, run_skill_tests({place, told_as("tests", request.on_line), request.stop}));
    if (ran == 0) done.warnings.emplace_back("it has no tests that could be run");
  }
  return done;
}

}  // namespace hub::artifacts
