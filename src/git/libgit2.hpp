#pragma once
// Ownership and errors of libgit2. Inner header of this room.

#include <memory>
#include <string>

#include <git2.h>

#include "base/result.hpp"

namespace hub::git {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* raw) const {
    Free(raw);
  }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

using OwnedCommit = Owned<git_commit, git_commit_free>;
using OwnedTree = Owned<git_tree, git_tree_free>;
using OwnedEntry = Owned<git_tree_entry, git_tree_entry_free>;
using OwnedObject = Owned<git_object, git_object_free>;
using OwnedReference = Owned<git_reference, git_reference_free>;
using OwnedOdb = Owned<git_odb, git_odb_free>;
using OwnedOdbObject = Owned<git_odb_object, git_odb_object_free>;
using OwnedConfig = Owned<git_config, git_config_free>;
using OwnedIndex = Owned<git_index, git_index_free>;
using OwnedSignature = Owned<git_signature, git_signature_free>;
using OwnedRevwalk = Owned<git_revwalk, git_revwalk_free>;
using OwnedTransaction = Owned<git_transaction, git_transaction_free>;

// Once. What libgit2 writes is fsynced from then on, in a cache too: it reads an object that a
// power cut has torn for ever, and never comes back.
void start_library();

// "cannot <doing>: <what libgit2 says>"
tl::unexpected<Error> failure(const std::string& doing, int code);

std::string text_of(const git_oid&);
Result<git_oid> parse_oid(const std::string&);

Result<OwnedCommit> find_commit(git_repository*, const std::string& commit);
Result<OwnedTree> find_tree(git_repository*, const std::string& commit);
// The entry at `path` below a tree, null when there is none. git_tree_entry_bypath answers the same
// for a path that is not there and for one whose folder this repository has lost; here the latter
// is git_not_found.
Result<OwnedEntry> find_entry(const git_tree* root, const std::string& path);
// The tree at `path` of a commit; not_found with reason no_path.
Result<OwnedTree> find_subtree(git_repository*, const std::string& commit, const std::string& path);
Result<OwnedOdb> object_database(git_repository*);

}  // namespace hub::git
