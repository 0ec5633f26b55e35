#pragma once
// Repository: the objects and references of one git repository (libgit2), without a work tree.
// Commits and blobs are named by their 40 hex digits. The truth is the repository on disk; nothing
// is cached here, so that what another process fetched is seen at once.
//
// Threads: one Repository is used by one thread at a time; several on the same directory are fine
// (git's own locks and atomic renames keep them apart). Opening one takes well under a millisecond.
//
// Errors: not_found (no such repository, reference, commit or path), conflict (reason lock_held),
// invalid (reasons tree_symlink, tree_gitlink, path_unsafe, tree_too_large, …), unavailable (else).

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

struct git_repository;

namespace hub::git {

namespace fs = std::filesystem;

inline constexpr std::string_view main_branch = "refs/heads/main";

enum class FileMode { regular, executable };

// One file of a tree. `path` is relative to the subtree it was asked from or goes to, with '/'.
struct TreeFile {
  std::string path;
  FileMode mode = FileMode::regular;
  std::string blob;
  std::int64_t size_bytes = 0;  // as read; ignored when writing
};

struct Signature {
  std::string name, email;
  Time time{};
};

// A subtree replaced as a whole; neither files nor a tree: removed.
struct SubtreeContent {
  std::string path;  // "skills/weather_skill"
  std::vector<TreeFile> files = {};
  std::string tree = {};  // of write_tree(), instead of files
};

struct BlobContent {
  std::string path;  // "registry.json"
  std::string bytes;
};

struct CommitRequest {
  std::string parent;  // the only parent; empty: a root commit
  std::vector<SubtreeContent> subtrees = {};
  std::vector<BlobContent> blobs = {};
  Signature author;  // and committer
  std::string message;
};

struct TreeLimits {
  std::int64_t files_max = 10'000;
  std::int64_t bytes_max = std::int64_t{128} << 20U;
  std::int64_t file_bytes_max = std::int64_t{32} << 20U;
};

struct ExportRequest {
  std::string commit;
  std::string path;      // of a subtree in the commit
  fs::path destination;  // made here; must be absent or empty
  std::function<void(std::int64_t done_bytes, std::int64_t total_bytes)> progress = {};
  std::function<bool()> stop = {};  // asked before each file
  TreeLimits limits = {};
};

struct Exported {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

// A commit that changed what is at a path.
struct PathChange {
  std::string commit;
  Time time{};          // of the committer
  std::string subject;  // first line of its message
};

struct PathHistory {
  std::vector<PathChange> changes;  // newest first
  enum class Whole { no, yes } whole = Whole::yes;
};

struct HistoryLimits {
  std::size_t changes_max = 50;
  std::size_t commits_max = 20'000;  // looked at
  std::function<bool()> stop = {};   // asked at each commit
};

enum class SwapOutcome {
  done,
  lost,  // the reference holds something else, or somebody is changing it this moment
};

class Repository {
 public:
  // A bare repository whose HEAD is the branch main. conflict: something is there already.
  static Result<Repository> init_bare(const fs::path&);
  static Result<Repository> open(const fs::path&);

  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;
  ~Repository();

  // The commit a reference points to; not_found with reason no_reference.
  Result<std::string> reference(std::string_view name) const;
  Result<std::string> tip() const { return reference(main_branch); }
  Result<> set_reference(std::string_view name, const std::string& commit);
  Result<> remove_reference(std::string_view name);  // a missing one is fine
  Result<> remove_all_references();
  // Moves a reference from `expected` (empty: it must not exist yet) to `commit`, or not at all.
  Result<SwapOutcome> compare_and_swap(std::string_view name, const std::string& expected,
                                       const std::string& commit);

  Result<> set_config(const std::string& name, const std::string& value);
  std::optional<std::string> config(const std::string& name) const;
  // user.name and user.email as configured for this repository or user.
  Signature configured_author(const Signature& otherwise) const;

  Result<bool> has_commit(const std::string& commit) const;
  // True when `commit` is `tip` or one of its ancestors.
  Result<bool> reaches(const std::string& tip, const std::string& commit) const;
  Result<Time> commit_time(const std::string& commit) const;
  // A commit by its digits or the first of them, or as `main`, each with ~n for the n-th before it.
  // `main` is what `main_reference` points to. not_found with reason no_commit.
  Result<std::string> find_revision(const std::string& revision,
                                    std::string_view main_reference = main_branch) const;
  // Empty for a root commit; of a merge the first one.
  Result<std::string> parent_of(const std::string& commit) const;
  // The directories at `path` of a commit, sorted; none when there is no such path.
  Result<std::vector<std::string>> directories(const std::string& commit,
                                               const std::string& path) const;
  // For each of them, the newest commit on the line of first parents that changed it. conflict with
  // reason history_cut in a shallow clone.
  Result<std::map<std::string, std::string>> last_changes(const std::string& commit,
                                                          const std::string& path) const;
  Result<std::string> tree_of(const std::string& commit) const;
  // The tree at `path` of a commit; empty when there is none.
  Result<std::string> subtree_of(const std::string& commit, const std::string& path) const;
  bool has_object(const std::string& id) const;  // of any type

  // not_found with reason no_path when the commit has no such file.
  Result<std::string> read_file(const std::string& commit, const std::string& path,
                                std::int64_t bytes_max) const;
  Result<std::string> read_blob(const std::string& blob, std::int64_t bytes_max) const;
  // Every file below `path`, sorted by path. Refuses symlinks, submodules and unsafe names.
  Result<std::vector<TreeFile>> list(const std::string& commit, const std::string& path,
                                     const TreeLimits& = {}) const;
  // Writes the files (mode 0644 or 0755) below `destination`, not yet synced to disk. cancelled
  // when `stop` said so; what was written so far is left for the caller to remove.
  Result<Exported> export_subtree(const ExportRequest&) const;

  // The commits from `commit` back, along first parents, that changed what is at `path`.
  Result<PathHistory> history(const std::string& commit, const std::string& path,
                              const HistoryLimits& = {}) const;

  Result<std::string> write_blob(std::string_view bytes);
  Result<std::string> write_tree(const std::vector<TreeFile>&);
  // The new commit; nothing when the resulting tree equals the parent's. Moves no reference.
  Result<std::optional<std::string>> commit(const CommitRequest&);
  // Gives `target` this commit and all it needs that `target` lacks. Its parent must be there.
  Result<> copy_commit(const std::string& commit, Repository& target) const;
  // The same for what `tip` reaches and `known`, which `target` has, does not; parents first.
  // False, and nothing copied, when `known` is not here or there are more than `commits_max`.
  Result<bool> copy_commits(const std::string& known, const std::string& tip, Repository& target,
                            std::size_t commits_max) const;

  bool is_bare() const;
  fs::path directory() const;  // of the repository itself: ".git" or the bare directory

 private:
  struct Close {
    void operator()(git_repository*) const;
  };
  explicit Repository(git_repository* raw);
  std::unique_ptr<git_repository, Close> raw_;
};

}  // namespace hub::git
