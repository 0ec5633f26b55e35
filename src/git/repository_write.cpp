// Commits without a work tree, and their way into another repository.
#include <vector>

#include "git/libgit2.hpp"
#include "git/repository.hpp"

namespace hub::git {
namespace {

git_filemode_t raw_mode(FileMode mode) {
  switch (mode) {
    case FileMode::regular: return GIT_FILEMODE_BLOB;
    case FileMode::executable: return GIT_FILEMODE_BLOB_EXECUTABLE;
  }
  return GIT_FILEMODE_BLOB;  // not reached: every mode is named above
}

Result<git_oid> write_index(git_repository* repository, const std::vector<TreeFile>& files) {
  git_index* raw = nullptr;
  if (const int rc = git_index_new(&raw); rc != 0) return failure("make a tree", rc);
  const OwnedIndex index(raw);
  for (const auto& file : files) {
    git_index_entry entry{};
    entry.mode = raw_mode(file.mode);
    entry.path = file.path.c_str();
    HUB_TRY(blob, parse_oid(file.blob));
    entry.id = blob;
    if (const int rc = git_index_add(index.get(), &entry); rc != 0) {
      return failure("add " + file.path, rc);
    }
  }
  git_oid tree{};
  const int rc = git_index_write_tree_to(&tree, index.get(), repository);
  if (rc != 0) return failure("write a tree", rc);
  return tree;
}

Result<OwnedTree> empty_tree(git_repository* repository) {
  git_index* raw = nullptr;
  git_oid id{};
  int rc = git_index_new(&raw);
  const OwnedIndex index(raw);
  if (rc == 0) rc = git_index_write_tree_to(&id, index.get(), repository);
  git_tree* tree = nullptr;
  if (rc == 0) rc = git_tree_lookup(&tree, repository, &id);
  if (rc != 0) return failure("make an empty tree", rc);
  return OwnedTree(tree);
}

git_tree_update update(git_tree_update_t action, const std::string& path, git_filemode_t mode,
                       const git_oid& id) {
  git_tree_update one{};
  one.action = action;
  one.path = path.c_str();
  one.filemode = mode;
  one.id = id;
  return one;
}

// Copies what `target` lacks, children before parents, so that an object that is there is whole.
class Copier {
 public:
  Copier(git_repository* from, git_odb* source, git_odb* target)
      : from_(from), source_(source), target_(target) {}

  Result<> copy_tree(const git_oid& id) {
    if (git_odb_exists(target_, &id) == 1) return {};
    git_tree* raw = nullptr;
    if (const int rc = git_tree_lookup(&raw, from_, &id); rc != 0) {
      return failure("read a tree to copy", rc);
    }
    const OwnedTree tree(raw);
    for (std::size_t at = 0; at < git_tree_entrycount(raw); ++at) {
      const git_tree_entry* entry = git_tree_entry_byindex(raw, at);
      const git_oid& child = *git_tree_entry_id(entry);
      if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
        HUB_CHECK(copy_tree(child));
      } else if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
        HUB_CHECK(copy_object(child));
      }
    }
    return copy_object(id);
  }

  Result<> copy_object(const git_oid& id) {
    if (git_odb_exists(target_, &id) == 1) return {};
    git_odb_object* raw = nullptr;
    if (const int rc = git_odb_read(&raw, source_, &id); rc != 0) {
      return failure("read an object to copy", rc);
    }
    const OwnedOdbObject object(raw);
    git_oid written{};
    const int rc = git_odb_write(&written, target_, git_odb_object_data(raw),
                                 git_odb_object_size(raw), git_odb_object_type(raw));
    if (rc != 0) return failure("write an object to the registry", rc);
    return {};
  }

 private:
  git_repository* from_;
  git_odb* source_;
  git_odb* target_;
};

}  // namespace

Result<std::string> Repository::write_blob(std::string_view bytes) {
  git_oid id{};
  const int rc = git_blob_create_from_buffer(&id, raw_.get(), bytes.data(), bytes.size());
  if (rc != 0) return failure("write a blob", rc);
  return text_of(id);
}

Result<std::string> Repository::write_tree(const std::vector<TreeFile>& files) {
  HUB_TRY(tree, write_index(raw_.get(), files));
  return text_of(tree);
}

Result<std::optional<std::string>> Repository::commit(const CommitRequest& request) {
  OwnedCommit parent;
  OwnedTree base;
  if (request.parent.empty()) {
    HUB_TRY(none, empty_tree(raw_.get()));
    base = std::move(none);
  } else {
    HUB_TRY(found, find_commit(raw_.get(), request.parent));
    HUB_TRY(tree, find_tree(raw_.get(), request.parent));
    parent = std::move(found);
    base = std::move(tree);
  }
  std::vector<git_tree_update> updates;
  for (const auto& content : request.subtrees) {
    if (!content.tree.empty()) {
      HUB_TRY(tree, parse_oid(content.tree));
      updates.push_back(update(GIT_TREE_UPDATE_UPSERT, content.path, GIT_FILEMODE_TREE, tree));
    } else if (content.files.empty()) {
      HUB_TRY(present, find_entry(base.get(), content.path));
      if (!present) continue;
      updates.push_back(update(GIT_TREE_UPDATE_REMOVE, content.path, GIT_FILEMODE_TREE, {}));
    } else {
      HUB_TRY(tree, write_index(raw_.get(), content.files));
      updates.push_back(update(GIT_TREE_UPDATE_UPSERT, content.path, GIT_FILEMODE_TREE, tree));
    }
  }
  for (const auto& content : request.blobs) {
    HUB_TRY(blob, write_blob(content.bytes));
    HUB_TRY(id, parse_oid(blob));
    updates.push_back(update(GIT_TREE_UPDATE_UPSERT, content.path, GIT_FILEMODE_BLOB, id));
  }
  git_oid tree_id{};
  int rc =
      git_tree_create_updated(&tree_id, raw_.get(), base.get(), updates.size(), updates.data());
  if (rc != 0) return failure("write the new tree", rc);
  if (git_oid_equal(&tree_id, git_tree_id(base.get())) == 1) return std::optional<std::string>{};

  git_tree* raw_tree = nullptr;
  rc = git_tree_lookup(&raw_tree, raw_.get(), &tree_id);
  const OwnedTree tree(raw_tree);
  if (rc != 0) return failure("read the new tree", rc);
  git_signature* raw_signature = nullptr;
  rc = git_signature_new(&raw_signature, request.author.name.c_str(), request.author.email.c_str(),
                         to_millis(request.author.time) / 1000, 0);
  const OwnedSignature signature(raw_signature);
  if (rc != 0) return failure("sign the commit as " + request.author.name, rc);
  const git_commit* parents[] = {parent.get()};
  git_oid commit{};
  rc = git_commit_create(&commit, raw_.get(), nullptr, signature.get(), signature.get(), nullptr,
                         request.message.c_str(), tree.get(), parent ? 1U : 0U, parents);
  if (rc != 0) return failure("write the commit", rc);
  return std::optional(text_of(commit));
}

Result<> Repository::copy_commit(const std::string& commit, Repository& target) const {
  HUB_TRY(found, find_commit(raw_.get(), commit));
  HUB_TRY(source, object_database(raw_.get()));
  HUB_TRY(destination, object_database(target.raw_.get()));
  for (unsigned at = 0; at < git_commit_parentcount(found.get()); ++at) {
    if (git_odb_exists(destination.get(), git_commit_parent_id(found.get(), at)) != 1) {
      return fail(ErrorCode::conflict,
                  "cannot copy commit " + commit + ": its parent is not in the registry",
                  "parent_missing");
    }
  }
  Copier copier(raw_.get(), source.get(), destination.get());
  HUB_CHECK(copier.copy_tree(*git_commit_tree_id(found.get())));
  return copier.copy_object(*git_commit_id(found.get()));
}

Result<bool> Repository::copy_commits(const std::string& known, const std::string& tip,
                                      Repository& target, std::size_t commits_max) const {
  HUB_TRY(have, has_commit(known));
  if (!have) return false;
  HUB_TRY(known_id, parse_oid(known));
  HUB_TRY(tip_id, parse_oid(tip));
  git_revwalk* raw = nullptr;
  int rc = git_revwalk_new(&raw, raw_.get());
  const OwnedRevwalk walk(raw);
  if (rc == 0) rc = git_revwalk_sorting(raw, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
  if (rc == 0) rc = git_revwalk_push(raw, &tip_id);
  if (rc == 0) rc = git_revwalk_hide(raw, &known_id);
  std::vector<std::string> commits;
  for (git_oid id{}; rc == 0 && (rc = git_revwalk_next(&id, raw)) == 0;) {
    if (commits.size() == commits_max) return false;
    commits.push_back(text_of(id));
  }
  if (rc != GIT_ITEROVER) return failure("walk the history of " + tip, rc);
  for (const auto& commit : commits) HUB_CHECK(copy_commit(commit, target));
  return true;
}

}  // namespace hub::git
