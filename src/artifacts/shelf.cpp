#include "artifacts/shelf.hpp"

#include <set>

#include <sys/stat.h>

#include "base/fault_point.hpp"
#include "base/log.hpp"

namespace hub::artifacts {
namespace {

std::optional<std::int64_t> inode_of(const fs::path& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return std::nullopt;
  return static_cast<std::int64_t>(found.st_ino);
}

bool is_there(const fs::path& path) { return inode_of(path).has_value(); }

// "0.1" of "0.1.7-rc1"; the whole text when it has no two parts.
std::string bucket_of(const std::string& version) {
  const auto first = version.find('.');
  const auto second = first == std::string::npos ? first : version.find('.', first + 1);
  return "v" + version.substr(0, second);
}

}  // namespace

Shelf::Shelf(fs::path base_directory) : base_(std::move(base_directory)) {}

fs::path Shelf::installed(ArtifactKind kind, const std::string& name) const {
  return base_ / "workspace" / directory_of(kind) / name;
}

fs::path Shelf::vendor(const std::string& skill, const std::string& version) const {
  return base_ / "workspace" / "skills" / ".runtime" / skill / bucket_of(version) / "vendor";
}

fs::path Shelf::data(const std::string& skill) const {
  return base_ / "workspace" / "skills" / ".runtime" / skill / "data";
}

fs::path Shelf::staging(const OperationId& id) const {
  return base_ / "state" / "staging" / id.text();
}

fs::path Shelf::staged(const OperationId& id, ArtifactKind kind, const std::string& name,
                       const std::string& part) const {
  return staging(id) / (to_text(kind) + "." + name) / part;
}

Result<SwitchPlan> Shelf::plan(const fs::path& prepared, const fs::path& target) {
  const auto inode = inode_of(prepared);
  if (!inode) {
    return fail(ErrorCode::not_found, "cannot activate " + prepared.string() + ": it is not there",
                "staging_missing");
  }
  return SwitchPlan{*inode, is_there(target)};
}

bool Shelf::is_switched(const SwitchPlan& plan, const fs::path& target) {
  return inode_of(target) == plan.inode;
}

Result<> Shelf::switch_in(const SwitchPlan& plan, const fs::path& prepared,
                          const fs::path& target) {
  if (is_switched(plan, target)) return sync_path(target.parent_path());
  HUB_CHECK(make_directories(target.parent_path()));
  auto switched =
      plan.replaces ? exchange_durable(prepared, target) : rename_durable(prepared, target);
  fault_point("switched");
  return switched;
}

Result<> Shelf::switch_back(const SwitchPlan& plan, const fs::path& prepared,
                            const fs::path& target) {
  if (!is_switched(plan, target)) return {};
  return plan.replaces ? exchange_durable(prepared, target) : rename_durable(target, prepared);
}

Result<> Shelf::take_away(const fs::path& target, const fs::path& kept) {
  if (!is_there(target)) return {};
  HUB_CHECK(make_directories(kept.parent_path()));
  return rename_durable(target, kept);
}

Result<> Shelf::put_back(const fs::path& target, const fs::path& kept) {
  if (!is_there(kept) || is_there(target)) return {};
  HUB_CHECK(make_directories(target.parent_path()));
  return rename_durable(kept, target);
}

void Shelf::discard(const OperationId& id) const {
  if (auto removed = remove_tree(staging(id)); !removed) {
    log::warning("artifacts", "discard_failed", {{"error", removed.error().message}});
  }
}

void Shelf::sweep(const std::vector<OperationId>& kept) const {
  const std::set<OperationId> known(kept.begin(), kept.end());
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(base_ / "state" / "staging", ec)) {
    const OperationId id(entry.path().filename().string());
    if (!known.contains(id)) discard(id);
  }
}

}  // namespace hub::artifacts
