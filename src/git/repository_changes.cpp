// Commits by name, and which of them changed what.
#include <algorithm>

#include "git/libgit2.hpp"
#include "git/repository.hpp"

namespace hub::git {
namespace {

struct Directory {
  std::string name;
  git_oid tree{};
};

std::vector<Directory> directories_of(const git_tree* tree) {
  std::vector<Directory> all;
  for (std::size_t at = 0; at < git_tree_entrycount(tree); ++at) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree, at);
    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) continue;
    all.push_back({git_tree_entry_name(entry), *git_tree_entry_id(entry)});
  }
  std::ranges::sort(all, {}, &Directory::name);
  return all;
}

// Null when the commit has no such path.
Result<OwnedTree> directory_at(git_repository* repository, const std::string& commit,
                               const std::string& path) {
  auto tree = find_subtree(repository, commit, path);
  if (!tree && tree.error().reason == "no_path") return OwnedTree();
  return tree;
}

bool is_the_same(const std::vector<Directory>& all, const Directory& one) {
  const auto found = std::ranges::lower_bound(all, one.name, {}, &Directory::name);
  return found != all.end() && found->name == one.name &&
         git_oid_equal(&found->tree, &one.tree) == 1;
}

}  // namespace

Result<std::string> Repository::find_revision(const std::string& revision,
                                              std::string_view main_reference) const {
  const auto unknown = [&] {
    return fail(ErrorCode::not_found, "cannot find commit " + revision + ": no such commit",
                "no_commit",
                "give the first digits of a commit of main, or main, or main~1 for the one before",
                {{"observed", revision}});
  };
  const auto tail = revision.find('~');
  const std::string head = revision.substr(0, tail);
  const std::string steps = tail == std::string::npos ? "" : revision.substr(tail);
  const bool hex = head.size() >= 4 && head.size() <= GIT_OID_HEXSZ &&
                   head.find_first_not_of("0123456789abcdef") == std::string::npos;
  const bool main = head == "main" || head == "HEAD";
  if ((!hex && !main) || steps.find_first_not_of("~0123456789") != std::string::npos) {
    return unknown();
  }
  const std::string spec = (main ? std::string(main_reference) : head) + steps;
  git_object* raw = nullptr;
  int rc = git_revparse_single(&raw, raw_.get(), (spec + "^{commit}").c_str());
  const OwnedObject object(raw);
  if (rc == GIT_EAMBIGUOUS) {
    return fail(ErrorCode::invalid, "cannot find commit " + revision + ": more than one begins so",
                "commit_ambiguous", "give more of its digits", {{"observed", revision}});
  }
  if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC || rc == GIT_EPEEL) return unknown();
  if (rc != 0) return failure("find commit " + revision, rc);
  return text_of(*git_object_id(raw));
}

Result<std::string> Repository::parent_of(const std::string& commit) const {
  HUB_TRY(found, find_commit(raw_.get(), commit));
  if (git_commit_parentcount(found.get()) == 0) return std::string();
  return text_of(*git_commit_parent_id(found.get(), 0));
}

Result<std::vector<std::string>> Repository::directories(const std::string& commit,
                                                         const std::string& path) const {
  HUB_TRY(tree, directory_at(raw_.get(), commit, path));
  std::vector<std::string> names;
  if (!tree) return names;
  for (auto& one : directories_of(tree.get())) names.push_back(std::move(one.name));
  return names;
}

Result<std::map<std::string, std::string>> Repository::last_changes(const std::string& commit,
                                                                    const std::string& path) const {
  if (git_repository_is_shallow(raw_.get()) == 1) {
    return fail(ErrorCode::conflict,
                "cannot read the history of " + directory().string() + ": it is a shallow clone",
                "history_cut", "fetch the rest with: git fetch --unshallow");
  }
  std::map<std::string, std::string> changed;
  HUB_TRY(tree, directory_at(raw_.get(), commit, path));
  if (!tree) return changed;
  std::vector<Directory> open = directories_of(tree.get());
  OwnedTree here = std::move(tree);
  for (std::string at = commit; !open.empty();) {
    HUB_TRY(parent, parent_of(at));
    OwnedTree before;
    if (!parent.empty()) {
      HUB_TRY(found, directory_at(raw_.get(), parent, path));
      before = std::move(found);
    }
    const bool same = before && git_oid_equal(git_tree_id(before.get()), git_tree_id(here.get()));
    if (!same) {
      const auto earlier = before ? directories_of(before.get()) : std::vector<Directory>();
      std::erase_if(open, [&](const Directory& one) {
        if (is_the_same(earlier, one)) return false;
        changed[one.name] = at;
        return true;
      });
    }
    if (parent.empty()) break;
    here = std::move(before);
    if (!here) break;  // all that was open is decided
    at = parent;
  }
  return changed;
}

}  // namespace hub::git
