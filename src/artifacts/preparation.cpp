#include "artifacts/preparation.hpp"

#include "base/process.hpp"
#include "registry/manifest.hpp"

namespace hub::artifacts {
namespace {

constexpr std::chrono::minutes pip_time_max{10};
constexpr std::size_t lines_kept = 12;

std::string last_lines(const std::string& text) {
  std::size_t at = text.size();
  for (std::size_t lines = 0; at > 0; --at) {
    if (text[at - 1] == '\n' && at != text.size() && ++lines == lines_kept) break;
  }
  return text.substr(at);
}

// pip runs in the skill's own directory, so that "--find-links=wheels" finds what it brings.
Result<> install_dependencies(const PreparationRequest& request,
                              const std::vector<std::string>& dependencies) {
  ProcessRequest pip;
  pip.arguments = {"python3",
                   "-m",
                   "pip",
                   "install",
                   "--no-input",
                   "--no-color",
                   "--progress-bar=off",
                   "--disable-pip-version-check",
                   "--no-compile",
                   "--target",
                   request.vendor.string()};
  for (const auto& argument : dependencies) pip.arguments.push_back(argument);
  pip.directory = request.source;
  pip.timeout = pip_time_max;
  pip.stop = request.stop;
  pip.on_line = [&request](std::string_view line) {
    if (request.on_line) request.on_line(std::string(line));
  };
  HUB_TRY(ran, run_process(pip));
  if (ran.exit_code == 0) return {};
  const std::string said = last_lines(ran.errors.empty() ? ran.output : ran.errors);
  return fail(ErrorCode::unavailable,
              "cannot install the skill's dependencies: pip ended with exit code " +
                  std::to_string(ran.exit_code),
              "dependencies_failed",
              "see details.output for what pip said; a package index that does not answer and a "
              "package that does not exist look much the same",
              {{"exit_code", ran.exit_code}, {"output", said}});
}

}  // namespace

Result<Preparation> prepare(const PreparationRequest& request) {
  HUB_TRY(manifest, registry::read_manifest(request.kind, request.source));
  Preparation done;
  if (request.kind == ArtifactKind::scenario) return done;
  std::error_code ec;
  if (!fs::is_regular_file(request.source / "handlers" / "main.py", ec)) {
    return fail(ErrorCode::invalid, "cannot install this skill: it has no handlers/main.py",
                "handlers_missing", "ask its publisher to push it again with its handlers");
  }
  done.dependencies = manifest.dependencies;
  if (done.dependencies.empty()) return done;
  HUB_CHECK(remove_tree(request.vendor));
  HUB_CHECK(make_directories(request.vendor));
  HUB_CHECK(install_dependencies(request, done.dependencies));
  HUB_CHECK(sync_tree(request.vendor));
  return done;
}

}  // namespace hub::artifacts
