#include "registry/init_registry.hpp"

#include "base/files.hpp"
#include "base/hash.hpp"
#include "git/repository.hpp"
#include "registry/catalog_file.hpp"

namespace hub::registry {
namespace {

Result<std::string> fill(const fs::path& directory, Time now) {
  HUB_TRY(repository, git::Repository::init_bare(directory));
  // Nobody rewrites what is published, whatever they push with.
  HUB_CHECK(repository.set_config("receive.denyNonFastForwards", "true"));
  HUB_CHECK(repository.set_config("receive.denyDeletes", "true"));
  const git::Signature author =
      repository.configured_author({"adaos-hub", "adaos-hub@localhost", now});
  HUB_TRY(commit, repository.commit({.parent = "",
                                     .blobs = {{"registry.json",
                                                CatalogFile::empty(to_seconds_text(now)).bytes()}},
                                     .author = author,
                                     .message = "start an empty registry\n"}));
  HUB_CHECK(repository.compare_and_swap(git::main_branch, "", commit.value()));
  HUB_CHECK(sync_tree(directory));
  return commit.value();
}

}  // namespace

Result<std::string> init_registry(const fs::path& directory, const Clock& clock) {
  const fs::path target = fs::absolute(directory).lexically_normal();
  std::error_code ec;
  if (fs::exists(target, ec) && !(fs::is_directory(target, ec) && fs::is_empty(target, ec))) {
    return fail(
        ErrorCode::conflict, "cannot make a registry in " + target.string() + ": it is not empty",
        "registry_exists", "give a directory that does not exist yet", {{"path", target.string()}});
  }
  const fs::path clean = target.has_filename() ? target : target.parent_path();
  HUB_CHECK(make_directories(clean.parent_path()));
  const fs::path beside = clean.string() + "." + random_hex(6) + ".new";
  auto commit = fill(beside, clock.now());
  if (commit) {
    if (auto moved = rename_durable(beside, clean); !moved) commit = tl::unexpected(moved.error());
  }
  if (!commit) static_cast<void>(remove_tree(beside));
  return commit;
}

}  // namespace hub::registry
