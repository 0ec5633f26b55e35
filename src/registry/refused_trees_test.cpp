// Hostile and broken trees, on disk and published: each refused with its code, place, limit,
// observed value and what to do, within 50 ms of processor time and 16 MiB.

#include <array>
#include <filesystem>
#include <functional>

#include <doctest/doctest.h>
#include <git2.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "registry/test_artifacts.hpp"
#include "registry/test_refusal.hpp"
#include "registry/tree.hpp"

namespace hub::registry {
namespace {

using testing::check_refused;
using testing::Limit;
using testing::repeated;
using testing::Wanted;
using testing::write_file;

TEST_CASE("a path that is refused says which rule it breaks") {
  const std::pair<std::string, const char*> paths[] = {
      {"", "path_unsafe"},
      {"/etc/passwd", "path_unsafe"},
      {"//server/share", "path_unsafe"},
      {"..", "path_unsafe"},
      {"../x", "path_unsafe"},
      {"a/../../b", "path_unsafe"},
      {"a/..", "path_unsafe"},
      {".", "path_unsafe"},
      {"./a", "path_unsafe"},
      {"a//b", "path_unsafe"},
      {"a/", "path_unsafe"},
      {"a\\b", "path_unsafe"},
      {"..\\..\\x", "path_unsafe"},
      {"\\\\server\\share", "path_unsafe"},
      {"C:/x", "path_unsafe"},
      {"c:x", "path_unsafe"},
      {"file.txt:stream", "path_unsafe"},
      {std::string("a\0b", 3), "path_unsafe"},
      {"a\nb", "path_unsafe"},
      {"a\tb", "path_unsafe"},
      {"a\x1b[2J", "path_unsafe"},
      {"a\x7f", "path_unsafe"},
      {"a\u0085b", "path_unsafe"},
      {"safe\u202etxt.exe", "path_unsafe"},
      {"a\u2066b", "path_unsafe"},
      {"a\u200fb", "path_unsafe"},
      {"zero\u200bwidth", "path_unsafe"},
      {"zero\u200djoiner", "path_unsafe"},
      {"\ufeffstart", "path_unsafe"},
      {"soft\u00adhyphen", "path_unsafe"},
      {"line\u2028end", "path_unsafe"},
      {"tag\U000e0041", "path_unsafe"},
      {"filler\u3164", "path_unsafe"},
      {"mongolian\u180e", "path_unsafe"},
      {"x.", "path_unsafe"},
      {"x ", "path_unsafe"},
      {"a./b", "path_unsafe"},
      {"a /b", "path_unsafe"},
      {"и\u0306.txt", "path_not_nfc"},
      {"e\u0301", "path_not_nfc"},
      {"\u212b", "path_not_nfc"},
      {".git", "path_reserved"},
      {".GIT/config", "path_reserved"},
      {"a/.Git/hooks/pre-push", "path_reserved"},
      {"git~1", "path_reserved"},
      {"GIT~1/x", "path_reserved"},
      {".gitmodules", "path_reserved"},
      {"con", "path_reserved"},
      {"NUL.txt", "path_reserved"},
      {"a/com1.py", "path_reserved"},
      {"LPT9", "path_reserved"},
      {"aux.tar.gz", "path_reserved"},
      {"prn", "path_reserved"},
      {"com\u00b9", "path_reserved"},
      {"CONIN$", "path_reserved"},
      {"\xff", "path_not_utf8"},
      {"a\xc0\xaf", "path_not_utf8"},
      {"\xed\xa0\x80", "path_not_utf8"},
  };
  for (const auto& one : paths) {
    check_refused(one.first, {one.second}, [&one] { return check_path(one.first); });
  }
  check_refused("241 bytes", {"path_too_long", 0, Limit::yes},
                [] { return check_path(std::string(241, 'a')); });
  check_refused("a megabyte", {"path_too_long", 0, Limit::yes},
                [] { return check_path(repeated("a/", 500'000)); });
  check_refused("17 levels", {"path_too_deep", 0, Limit::yes},
                [] { return check_path(repeated("a/", 16) + "a"); });
}

// ---- on disk

struct DiskCase {
  const char* what;
  std::function<void(const fs::path& artifact)> make;
  Wanted wanted;
};

void make_socket(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int made = ::socket(AF_UNIX, SOCK_STREAM, 0);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as bind wants it
  REQUIRE(::bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(made);
}

void make_large(const fs::path& path, std::uintmax_t bytes) {
  write_file(path, "");
  fs::resize_file(path, bytes);
}

std::vector<DiskCase> disk_cases() {
  constexpr std::uintmax_t file_max = std::uintmax_t{32} << 20U;
  const std::string key = std::string("# a key\n-----BEGIN OPENSSH ") + "PRIVATE KEY-----\nMIIE\n";
  const auto secret = [](std::int64_t line) { return Wanted{"secret_found", line}; };
  const auto token = [](const std::string& prefix, int letters) {
    return [prefix, letters](const fs::path& at) {
      write_file(at / "config.py", "one = 1\nkey = '" + prefix + repeated("a", letters) + "'\n");
    };
  };
  return {
      {"a link to a file",
       [](const fs::path& at) { fs::create_symlink("skill.yaml", at / "l"); },
       {"tree_symlink"}},
      {"a link out",
       [](const fs::path& at) { fs::create_symlink("/etc/passwd", at / "l"); },
       {"tree_symlink"}},
      {"a link to a directory",
       [](const fs::path& at) { fs::create_symlink("..", at / "l"); },
       {"tree_symlink"}},
      {"a link to nothing",
       [](const fs::path& at) { fs::create_symlink("nowhere", at / "l"); },
       {"tree_symlink"}},
      {"a pipe",
       [](const fs::path& at) { ::mkfifo((at / "p").c_str(), 0600); },
       {"tree_special_file"}},
      {"a socket", [](const fs::path& at) { make_socket(at / "s"); }, {"tree_special_file"}},
      {"a hard link out",
       [](const fs::path& at) {
         write_file(at.parent_path() / "outside", "x");
         fs::create_hard_link(at.parent_path() / "outside", at / "inside");
       },
       {"tree_hard_link", 0, Limit::yes}},
      {"a repository inside",
       [](const fs::path& at) { write_file(at / "m/.git/HEAD", "x"); },
       {"tree_gitlink"}},
      {"a submodule",
       [](const fs::path& at) { write_file(at / "m/.git", "gitdir: x"); },
       {"tree_gitlink"}},
      {"names that differ in case",
       [](const fs::path& at) {
         write_file(at / "README", "x");
         write_file(at / "readme", "x");
       },
       {"path_case_collision"}},
      {"directories that differ in case",
       [](const fs::path& at) {
         write_file(at / "Lib/a", "x");
         write_file(at / "lib/b", "x");
       },
       {"path_case_collision"}},
      {"names that fold alike",
       [](const fs::path& at) {
         write_file(at / "straße", "x");
         write_file(at / "STRASSE", "x");
       },
       {"path_case_collision"}},
      {"a name that is not UTF-8",
       [](const fs::path& at) { write_file(at / "a\xff", "x"); },
       {"path_not_utf8"}},
      {"a name in normal form D",
       [](const fs::path& at) { write_file(at / "e\u0301", "x"); },
       {"path_not_nfc"}},
      {"17 directories",
       [](const fs::path& at) { write_file(at / (repeated("d/", 16) + "f"), "x"); },
       {"path_too_deep", 0, Limit::yes}},
      {"a file over 32 MiB",
       [](const fs::path& at) { make_large(at / "big", file_max + 1); },
       {"file_too_large", 0, Limit::yes}},
      {"a file of a terabyte",
       [](const fs::path& at) { make_large(at / "big", file_max << 15U); },
       {"file_too_large", 0, Limit::yes}},
      {"more than 128 MiB",
       [](const fs::path& at) {
         for (const char* name : {"a", "b", "c", "d", "e"}) make_large(at / name, file_max);
       },
       {"tree_too_large", 0, Limit::yes}},
      {"a private key", [key](const fs::path& at) { write_file(at / "tests/k.txt", key); },
       secret(2)},
      {"a key on the border of two pieces",
       [key](const fs::path& at) {
         write_file(at / "k.txt", std::string((std::size_t{256} << 10U) - 20, '\n') + key);
       },
       secret((256 << 10) - 20 + 2)},
      {"a file named .env", [](const fs::path& at) { write_file(at / ".env", ""); }, secret(1)},
      {"a file named id_rsa", [](const fs::path& at) { write_file(at / "id_rsa", "x"); },
       secret(1)},
      {"a key store", [](const fs::path& at) { write_file(at / "store.p12", "x"); }, secret(1)},
      {"an .npmrc", [](const fs::path& at) { write_file(at / ".npmrc", "x"); }, secret(1)},
      {"a GitHub token", token("ghp_", 36), secret(2)},
      {"an AWS access key", token("AKIA", 16), secret(2)},
      {"a GitLab token", token("glpat-", 20), secret(2)},
      {"a Google API key", token("AIza", 35), secret(2)},
      {"a Stripe key", token("sk_live_", 24), secret(2)},
      {"an npm token", token("npm_", 36), secret(2)},
  };
}

TEST_CASE("a tree on disk that is refused says why, where and what to do, and costs little") {
  for (const auto& one : disk_cases()) {
    const TemporaryDirectory directory;
    const fs::path artifact = directory.path() / "artifact";
    write_file(artifact / "skill.yaml", "name: x\n");
    one.make(artifact);
    check_refused(one.what, one.wanted, [&artifact] { return read_tree(artifact); });
  }
}

TEST_CASE("files that are too many together are refused before one is read") {
  std::vector<ArtifactFile> many(10'001);
  for (std::size_t at = 0; at < many.size(); ++at) many[at].path = "f" + std::to_string(at);
  check_refused("10,001 files", {"tree_too_many_files", 0, Limit::yes},
                [&many] { return check_together(many); });
}

// ---- published by somebody else, past all rules

// Writes objects as they are: nothing of git's own checks stands between.
class RawObjects {
 public:
  explicit RawObjects(const fs::path& directory) {
    REQUIRE(git_repository_open(&repository_, directory.c_str()) == 0);
    REQUIRE(git_repository_odb(&objects_, repository_) == 0);
  }
  ~RawObjects() {
    git_odb_free(objects_);
    git_repository_free(repository_);
  }
  RawObjects(const RawObjects&) = delete;
  RawObjects& operator=(const RawObjects&) = delete;

  git_oid write(const std::string& bytes, git_object_t type) {
    git_oid id{};
    REQUIRE(git_odb_write(&id, objects_, bytes.data(), bytes.size(), type) == 0);
    return id;
  }
  std::string commit(const git_oid& tree) {
    const git_oid id = write("tree " + hex_of(tree) +
                                 "\nauthor a <a@a> 1700000000 +0000"
                                 "\ncommitter a <a@a> 1700000000 +0000\n\nby hand\n",
                             GIT_OBJECT_COMMIT);
    return hex_of(id);
  }
  static std::string entry(std::string_view mode, std::string_view name, const git_oid& id) {
    std::string bytes = std::string(mode) + ' ' + std::string(name) + '\0';
    for (const unsigned char byte : id.id) bytes += static_cast<char>(byte);
    return bytes;
  }

 private:
  static std::string hex_of(const git_oid& id) {
    std::array<char, GIT_OID_HEXSZ + 1> hex{};
    return git_oid_tostr(hex.data(), hex.size(), &id);
  }
  git_repository* repository_ = nullptr;
  git_odb* objects_ = nullptr;
};

TEST_CASE("a published tree that is refused says why, where and what to do, and costs little") {
  struct Case {
    const char* mode;
    std::string name;
    Wanted wanted;
  };
  const Case all[] = {
      {"120000", "link", {"tree_symlink"}},
      {"160000", "module", {"tree_gitlink"}},
      {"100644", "..", {"path_unsafe"}},
      {"100644", ".", {"path_unsafe"}},
      {"100644", "a\\b", {"path_unsafe"}},
      {"100644", "a\u202eb", {"path_unsafe"}},
      {"100644", ".git", {"path_unsafe"}},
      {"100644", ".GIT", {"path_unsafe"}},
      {"100644", "git~1", {"path_reserved"}},
      {"100644", ".gitmodules", {"path_reserved"}},
      {"100644", "nul", {"path_reserved"}},
      {"100644", "e\u0301", {"path_not_nfc"}},
      {"100644", "a\xff", {"path_not_utf8"}},
      {"100644", "SKILL.yaml", {"path_case_collision"}},
      {"100644", std::string(241, 'a'), {"path_too_long", 0, Limit::yes}},
  };
  const TemporaryDirectory directory;
  const auto repository = git::Repository::init_bare(directory.path() / "r.git").value();
  RawObjects objects(directory.path() / "r.git");
  const git_oid blob = objects.write("x", GIT_OBJECT_BLOB);
  for (const auto& one : all) {
    git_oid tree = objects.write(RawObjects::entry(one.mode, one.name, blob) +
                                     RawObjects::entry("100644", "skill.yaml", blob),
                                 GIT_OBJECT_TREE);
    for (const char* name : {"x", "skills"}) {
      tree = objects.write(RawObjects::entry("40000", name, tree), GIT_OBJECT_TREE);
    }
    const std::string commit = objects.commit(tree);
    check_refused(one.name, one.wanted,
                  [&] { return read_published_tree(repository, commit, "skills/x"); });
  }
}

}  // namespace
}  // namespace hub::registry
