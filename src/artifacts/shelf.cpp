#include "artifacts/shelf.hpp"

#include <charconv>
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

// The number at the beginning of the text, which loses it.
std::optional<unsigned long> take_number(std::string_view& text) {
  unsigned long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

bool is_there(const fs::path& path) {
  std::error_code ec;
  return fs::symlink_status(path, ec).type() != fs::file_type::not_found;
}

std::string bucket_of(const std::string& version) {
  std::string_view rest = version;
  if (rest.starts_with('v')) rest.remove_prefix(1);
  const auto major = take_number(rest);
  if (!major) return "unversioned";
  if (rest.starts_with('.')) rest.remove_prefix(1);
  return "v" + std::to_string(*major) + "." + std::to_string(take_number(rest).value_or(0));
}

Shelf::Shelf(fs::path base_directory) : base_(std::move(base_directory)) {}

fs::path Shelf::installed(ArtifactKind kind, const std::string& name) const {
  return base_ / "workspace" / directory_of(kind) / name;
}

fs::path Shelf::all_slots() const { return base_ / "workspace" / ".slots"; }

fs::path Shelf::slots(ArtifactKind kind, const std::string& name) const {
  return all_slots() / directory_of(kind) / name;
}

fs::path Shelf::runtime(const std::string& skill) const {
  return base_ / "workspace" / "skills" / ".runtime" / skill;
}

fs::path Shelf::vendor(const std::string& skill, const std::string& version) const {
  return runtime(skill) / bucket_of(version) / "vendor";
}

fs::path Shelf::place(const std::string& place) const { return all_slots() / place; }

fs::path Shelf::source_of(const std::string& of) const { return place(of) / "source"; }

fs::path Shelf::packages_of(const std::string& of) const { return place(of) / "packages"; }

fs::path Shelf::resolved_manifest_of(const std::string& place) const {
  return this->place(place) / "resolved.manifest.json";
}

std::string Shelf::new_place(ArtifactKind kind, const std::string& name, const std::string& slot,
                             const OperationId& id) {
  return directory_of(kind) + "/" + name + "/" + slot + "." + id.text();
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
