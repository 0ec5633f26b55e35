#include "git/libgit2.hpp"

#include <array>

namespace hub::git {

void start_library() {
  static const int started = [] {
    const int count = git_libgit2_init();
    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
    return count;
  }();
  static_cast<void>(started);
}

tl::unexpected<Error> failure(const std::string& doing, int code) {
  const git_error* last = git_error_last();
  std::string message = "cannot " + doing + ": " + (last ? last->message : "unknown git error");
  switch (code) {
    case GIT_ENOTFOUND: return fail(ErrorCode::not_found, std::move(message), "git_not_found");
    case GIT_ELOCKED: return fail(ErrorCode::conflict, std::move(message), "lock_held");
    case GIT_EEXISTS: return fail(ErrorCode::conflict, std::move(message), "git_exists");
    case GIT_EOWNER:
      return fail(ErrorCode::forbidden, std::move(message), "repository_owner",
                  "the repository belongs to another user; if you trust it, run git config "
                  "--global --add safe.directory <path>");
    default: return fail(ErrorCode::unavailable, std::move(message), "git_failed");
  }
}

std::string text_of(const git_oid& id) {
  std::array<char, GIT_OID_HEXSZ + 1> text{};
  git_oid_tostr(text.data(), text.size(), &id);
  return text.data();
}

Result<git_oid> parse_oid(const std::string& text) {
  git_oid id{};
  if (text.size() != GIT_OID_HEXSZ || git_oid_fromstr(&id, text.c_str()) != 0) {
    return fail(ErrorCode::invalid, "cannot read \"" + text + "\": want a commit of 40 hex digits",
                "commit_invalid");
  }
  return id;
}

Result<OwnedCommit> find_commit(git_repository* repository, const std::string& commit) {
  HUB_TRY(id, parse_oid(commit));
  git_commit* raw = nullptr;
  const int rc = git_commit_lookup(&raw, repository, &id);
  if (rc != 0) return failure("read commit " + commit, rc);
  return OwnedCommit(raw);
}

Result<OwnedTree> find_tree(git_repository* repository, const std::string& commit) {
  HUB_TRY(found, find_commit(repository, commit));
  git_tree* raw = nullptr;
  const int rc = git_commit_tree(&raw, found.get());
  if (rc != 0) return failure("read the tree of commit " + commit, rc);
  return OwnedTree(raw);
}

Result<OwnedEntry> find_entry(const git_tree* root, const std::string& path) {
  OwnedTree folder;
  const git_tree* tree = root;
  for (std::size_t at = 0;;) {
    const auto slash = path.find('/', at);
    const git_tree_entry* entry = git_tree_entry_byname(tree, path.substr(at, slash - at).c_str());
    if (!entry) return OwnedEntry();
    if (slash == std::string::npos) {
      git_tree_entry* copy = nullptr;
      if (const int rc = git_tree_entry_dup(&copy, entry); rc != 0)
        return failure("read " + path, rc);
      return OwnedEntry(copy);
    }
    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) return OwnedEntry();
    git_tree* next = nullptr;
    const int rc = git_tree_lookup(&next, git_tree_owner(root), git_tree_entry_id(entry));
    if (rc != 0) return failure("read " + path.substr(0, slash), rc);
    folder.reset(next);
    tree = next;
    at = slash + 1;
  }
}

Result<OwnedTree> find_subtree(git_repository* repository, const std::string& commit,
                               const std::string& path) {
  HUB_TRY(root, find_tree(repository, commit));
  if (path.empty()) return OwnedTree(std::move(root));
  HUB_TRY(entry, find_entry(root.get(), path));
  if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_TREE) {
    return fail(ErrorCode::not_found,
                "cannot read " + path + " at commit " + commit + ": no such directory", "no_path");
  }
  git_tree* tree = nullptr;
  const int looked = git_tree_lookup(&tree, repository, git_tree_entry_id(entry.get()));
  if (looked != 0) return failure("read " + path, looked);
  return OwnedTree(tree);
}

Result<OwnedOdb> object_database(git_repository* repository) {
  git_odb* raw = nullptr;
  const int rc = git_repository_odb(&raw, repository);
  if (rc != 0) return failure("open the objects of a repository", rc);
  return OwnedOdb(raw);
}

}  // namespace hub::git
