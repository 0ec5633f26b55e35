// Which commits changed a path.
#include "git/libgit2.hpp"
#include "git/repository.hpp"

namespace hub::git {
namespace {

// What is at the path: first the top directory is compared, since reading one with thousands of
// entries takes milliseconds.
class Place {
 public:
  explicit Place(const std::string& path) : path_(path), top_(path.substr(0, path.find('/'))) {}

  // The object at the path of this commit; empty when there is none.
  Result<std::string> at(const git_commit* commit) {
    git_tree* raw = nullptr;
    if (const int rc = git_commit_tree(&raw, commit); rc != 0) return failure("read a tree", rc);
    const OwnedTree tree(raw);
    const git_tree_entry* top = git_tree_entry_byname(tree.get(), top_.c_str());
    const std::string top_id = top ? text_of(*git_tree_entry_id(top)) : std::string();
    if (top_id == last_top_) return last_;
    last_top_ = top_id;
    last_.clear();
    HUB_TRY(entry, find_entry(tree.get(), path_));
    if (entry) last_ = text_of(*git_tree_entry_id(entry.get()));
    return last_;
  }

 private:
  std::string path_, top_;
  std::string last_top_, last_;
};

std::string subject_of(const git_commit* commit) {
  const char* summary = git_commit_message(commit);
  const std::string message = summary ? summary : "";
  return message.substr(0, message.find('\n'));
}

}  // namespace

Result<PathHistory> Repository::history(const std::string& commit, const std::string& path,
                                        const HistoryLimits& limits) const {
  PathHistory history;
  Place place(path);
  HUB_TRY(current, find_commit(raw_.get(), commit));
  HUB_TRY(here, place.at(current.get()));
  for (std::size_t seen = 1;; ++seen) {
    git_commit* raw = nullptr;
    const bool root = git_commit_parentcount(current.get()) == 0;
    if (const int rc = root ? 0 : git_commit_parent(&raw, current.get(), 0); rc != 0) {
      return failure("read the parent of a commit", rc);
    }
    OwnedCommit parent(raw);
    std::string before;
    if (!root) {
      HUB_TRY(there, place.at(parent.get()));
      before = std::move(there);
    }
    if (here != before) {
      const auto seconds = std::chrono::seconds(git_commit_time(current.get()));
      history.changes.push_back({text_of(*git_commit_id(current.get())),
                                 Time(std::chrono::milliseconds(seconds)),
                                 subject_of(current.get())});
    }
    if (root) return history;
    const bool enough = history.changes.size() >= limits.changes_max ||
                        seen >= limits.commits_max || (limits.stop && limits.stop());
    if (enough) {
      history.whole = PathHistory::Whole::no;
      return history;
    }
    current = std::move(parent);
    here = std::move(before);
  }
}

}  // namespace hub::git
