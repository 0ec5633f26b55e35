// The reader of published trees: git tree objects as a hostile registry would hold them.
//
//   file  := entry*
//   entry := mode  length  name  content        one byte each, but for the name
//
// The mode chooses among those of git and some that are none; a directory takes the entries so far
// into itself. Nothing of git's own checks stands between: the objects are written as they are.

#include <array>
#include <optional>

#include <git2.h>

#include "base/files.hpp"
#include "git/repository.hpp"
#include "promise.hpp"
#include "registry/tree.hpp"

namespace {

using hub::fuzz::promise;

class Store {
 public:
  Store() {
    made_.emplace(hub::git::Repository::init_bare(directory_.path() / "r.git").value());
    promise(git_repository_open(&raw_, (directory_.path() / "r.git").c_str()) == 0, "opened");
    promise(git_repository_odb(&odb_, raw_) == 0, "opened");
  }
  ~Store() {
    git_odb_free(odb_);
    git_repository_free(raw_);
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  git_oid write(std::string_view bytes, git_object_t type) {
    git_oid id{};
    promise(git_odb_write(&id, odb_, bytes.data(), bytes.size(), type) == 0, "written");
    ++objects_;
    return id;
  }
  // A commit whose tree is this one below a/b.
  std::string commit(git_oid tree) {
    for (const char* name : {"b", "a"}) tree = write(entry("40000", name, tree), GIT_OBJECT_TREE);
    std::array<char, GIT_OID_HEXSZ + 1> hex{};
    git_oid_tostr(hex.data(), hex.size(), &tree);
    const git_oid made = write("tree " + std::string(hex.data()) +
                                   "\nauthor f <f@f> 1700000000 +0000"
                                   "\ncommitter f <f@f> 1700000000 +0000\n\nfuzz\n",
                               GIT_OBJECT_COMMIT);
    git_oid_tostr(hex.data(), hex.size(), &made);
    return hex.data();
  }
  static std::string entry(std::string_view mode, std::string_view name, const git_oid& id) {
    std::string bytes(mode);
    bytes += ' ';
    bytes += name;
    bytes += '\0';
    for (const unsigned char byte : id.id) bytes += static_cast<char>(byte);
    return bytes;
  }

  const hub::git::Repository& repository() const { return *made_; }
  bool is_full() const { return objects_ > 1000; }

 private:
  hub::TemporaryDirectory directory_;
  std::optional<hub::git::Repository> made_;
  git_repository* raw_ = nullptr;
  git_odb* odb_ = nullptr;
  int objects_ = 0;
};

git_oid write_tree(Store& store, std::string_view input) {
  constexpr std::array<std::string_view, 9> modes{"100644", "100755", "40000", "120000", "160000",
                                                  "100664", "0",      "40000", "777777"};
  std::string tree;
  while (input.size() >= 3) {
    const auto mode = modes.at(static_cast<unsigned char>(input[0]) % modes.size());
    const std::string_view name = input.substr(2, static_cast<unsigned char>(input[1]));
    input.remove_prefix(2 + name.size());
    const std::string_view content = input.substr(0, 1);
    input.remove_prefix(content.size());
    if (mode == "40000") {
      const git_oid inner = store.write(tree, GIT_OBJECT_TREE);
      tree = Store::entry(mode, name, inner);
    } else {
      tree += Store::entry(mode, name, store.write(content, GIT_OBJECT_BLOB));
    }
  }
  return store.write(tree, GIT_OBJECT_TREE);
}

void check(const hub::registry::ArtifactTree& tree) {
  auto files = tree.files;
  for (const auto& file : files) {
    promise(hub::registry::check_path(file.path).has_value(), "only good paths are taken");
    promise(file.path.find("..") == std::string::npos || !file.path.starts_with("../"),
            "a path stays inside");
  }
  promise(hub::registry::check_together(files).has_value(), "files that can be together");
  std::ranges::reverse(files);
  promise(hub::registry::tree_digest(files) == tree.digest, "the order of files does not count");
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::optional<Store> store;
  constexpr std::size_t input_bytes_max = 4096;
  if (size > input_bytes_max) return 0;
  if (!store || store->is_full()) store.emplace();
  const std::string commit = store->commit(write_tree(*store, hub::fuzz::text_of(data, size)));
  const auto tree = hub::registry::read_published_tree(store->repository(), commit, "a/b");
  if (tree) {
    check(*tree);
  } else if (tree.error().code == hub::ErrorCode::invalid) {
    hub::fuzz::promise_refusal(tree.error());
  } else {
    promise(!tree.error().reason.empty(), "a failure has a reason");
  }
  const auto directory = hub::registry::check_path(hub::fuzz::text_of(data, size));
  if (!directory) hub::fuzz::promise_refusal(directory.error());
  return 0;
}
