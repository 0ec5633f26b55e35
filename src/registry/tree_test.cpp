#include "registry/tree.hpp"

#include <filesystem>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "registry/secrets.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

using git::FileMode;
using testing::write_file;

ArtifactFile file_of(const std::string& path, const std::string& bytes,
                     FileMode mode = FileMode::regular) {
  return {path, mode, std::ssize(bytes), sha256(bytes)};
}

std::string reason_of(const fs::path& directory) {
  const auto tree = read_tree(directory);
  return tree ? "accepted" : tree.error().reason;
}

std::string secret_kind(std::string_view path, std::string_view bytes) {
  const auto found = find_secret(path, bytes);
  return found ? std::string(found->kind) : std::string();
}

std::string path_reason(std::string_view path) {
  const auto checked = check_path(path);
  return checked ? "accepted" : checked.error().reason;
}

// The same list is in docs/formats/tree-digest.md, computed there by an independent program.
TEST_CASE("the digest of a tree is that of the published vectors") {
  CHECK(tree_digest({}) ==
        "sha256:8ee728c6d2b19c1bc70028babecdfe51f3a22be4f1083675fdc58ad8a68dcf98");
  CHECK(tree_digest({file_of("a", "")}) ==
        "sha256:b1c06add4e76e8d36a89863c7f25be2cd5026a8672f895d4dd03b1f5ddcefb79");
  CHECK(tree_digest({file_of("skill.yaml", "name: x\n")}) ==
        "sha256:a2379261b5e0ab51e14a7ae853f271242a7447b106d3e5c85464f2c300e3948b");
  CHECK(tree_digest({file_of("skill.yaml", "name: x\n", FileMode::executable)}) ==
        "sha256:120513d353fd1d87c9a7ba30f2e102509827d27a3120860b39f32970340df503");
  CHECK(tree_digest(
            {file_of("a/b", "1"), file_of("a.b", "2"), file_of("A", "3"), file_of("ab", "4")}) ==
        "sha256:a1a8b829b46b20b11fd4b503d2aecb79fc31669b170b68359cda244e94f8ec5c");
  CHECK(tree_digest({file_of("заметки/й.txt", "привет\n")}) ==
        "sha256:52e99717e58c450ce42deffdffe6dd8e733ab3c6946ea12ebff26c1feda66c3e");
  std::vector<ArtifactFile> many;
  for (int at = 9999; at >= 0; --at) {
    const std::string number = std::to_string(at);
    many.push_back(file_of("f/" + std::string(5 - number.size(), '0') + number, number,
                           at % 2 == 1 ? FileMode::executable : FileMode::regular));
  }
  CHECK(tree_digest(many) ==
        "sha256:5774458c09c4fdf0c2e6bb39ccbc26309e559ad8c5cfba3dd98dae7a7b2e7d77");
}

TEST_CASE("a tree on disk is read with its exec bits, without caches and repositories") {
  const TemporaryDirectory directory;
  const fs::path root = directory.path();
  write_file(root / "skill.yaml", "name: x\n");
  const auto plain = read_tree(root).value();
  CHECK(plain.digest == tree_digest({file_of("skill.yaml", "name: x\n")}));
  CHECK(plain.size_bytes == 8);
  for (const char* dropped : {".git/HEAD", "__pycache__/a.pyc", "b.pyc", ".venv/lib/x",
                              "node_modules/m/index.js", ".DS_Store", ".skill_env.json"}) {
    write_file(root / dropped, "x");
  }
  fs::create_symlink("/etc/passwd", root / ".venv/link");
  CHECK(read_tree(root).value().digest == plain.digest);
  write_file(root / "bin/run", "#!/bin/sh\n", 0755);
  const auto tree = read_tree(root).value();
  REQUIRE(tree.files.size() == 2);
  CHECK(tree.files[0].path == "bin/run");
  CHECK(tree.files[0].mode == FileMode::executable);
}

TEST_CASE("what is not a plain file of the artifact is refused") {
  const auto refused = [](auto make) {
    const TemporaryDirectory directory;
    write_file(directory.path() / "artifact/skill.yaml", "name: x\n");
    make(directory.path() / "artifact");
    return reason_of(directory.path() / "artifact");
  };
  CHECK(refused([](const fs::path&) {}) == "accepted");
  CHECK(refused([](const fs::path& at) { fs::create_symlink("skill.yaml", at / "link"); }) ==
        "tree_symlink");
  CHECK(refused([](const fs::path& at) { ::mkfifo((at / "pipe").c_str(), 0600); }) ==
        "tree_special_file");
  CHECK(refused([](const fs::path& at) {
          write_file(at.parent_path() / "outside", "x");
          fs::create_hard_link(at.parent_path() / "outside", at / "inside");
        }) == "tree_hard_link");
  CHECK(refused([](const fs::path& at) {
          write_file(at / "a", "x");
          fs::create_hard_link(at / "a", at / "b");
        }) == "accepted");
  CHECK(refused([](const fs::path& at) { write_file(at / "module/.git", "gitdir: x"); }) ==
        "tree_gitlink");
  CHECK(refused([](const fs::path& at) {
          write_file(at / "README", "x");
          write_file(at / "readme", "x");
        }) == "path_case_collision");
  CHECK(refused([](const fs::path& at) { write_file(at / "a\xff", "x"); }) == "path_not_utf8");
  CHECK(refused([](const fs::path& at) {
          std::error_code ec;
          write_file(at / "big", "");
          fs::resize_file(at / "big", (std::uintmax_t{32} << 20U) + 1, ec);
        }) == "file_too_large");
  CHECK(reason_of("/nowhere/at/all") == "artifact_missing");
}

TEST_CASE("paths that some system cannot hold or a reader could mistake are refused") {
  CHECK(path_reason("handlers/main.py") == "accepted");
  CHECK(path_reason("заметки/й.txt") == "accepted");
  CHECK(path_reason(".github/x") == "accepted");
  for (const char* bad :
       {"", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a\\b", "C:/x", "a\nb", "a\x7f", "x.",
        "x ", "a./b", "safe\xe2\x80\xaetxt.exe", "zero\xe2\x80\x8bwidth"}) {
    CHECK_MESSAGE(path_reason(bad) == "path_unsafe", bad);
  }
  for (const char* bad : {".git", ".GIT/config", "a/.Git/x", "git~1", ".gitmodules", "con",
                          "NUL.txt", "a/com1.py", "lpt9"}) {
    CHECK_MESSAGE(path_reason(bad) == "path_reserved", bad);
  }
  CHECK(path_reason("com10.py") == "accepted");
  CHECK(path_reason("console.py") == "accepted");
  CHECK(path_reason("и\u0306.txt") == "path_not_nfc");
  CHECK(path_reason("\xff") == "path_not_utf8");
  CHECK(path_reason(std::string(241, 'a')) == "path_too_long");
  std::string deep = "a";
  for (int level = 1; level < 17; ++level) deep += "/a";
  CHECK(path_reason(deep) == "path_too_deep");
}

TEST_CASE("files are counted together") {
  const auto reason = [](const std::vector<ArtifactFile>& files) {
    const auto checked = check_together(files);
    return checked ? "accepted" : checked.error().reason;
  };
  std::vector<ArtifactFile> many;
  for (int at = 0; at < 10'001; ++at) many.push_back(file_of("f" + std::to_string(at), "x"));
  CHECK(reason(many) == "tree_too_many_files");
  many.pop_back();
  CHECK(reason(many) == "accepted");
  std::vector<ArtifactFile> large(5, file_of("a", ""));
  for (std::size_t at = 0; at < large.size(); ++at) {
    large[at].path = "f" + std::to_string(at);
    large[at].size_bytes = std::int64_t{32} << 20U;
  }
  CHECK(reason(large) == "tree_too_large");
  CHECK(reason({file_of("straße", "x"), file_of("STRASSE", "y")}) == "path_case_collision");
  CHECK(reason({file_of("Lib/a", "x"), file_of("lib/b", "y")}) == "path_case_collision");
  CHECK(reason({file_of("a", "x"), file_of("a/b", "y")}) == "path_case_collision");
}

TEST_CASE("a secret is found, unless the manifest says that tests need it") {
  const TemporaryDirectory directory;
  const std::string key = std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\nMIIE\n";
  write_file(directory.path() / "tests/key.txt", key);
  const auto refused = read_tree(directory.path());
  CHECK(refused.error().reason == "secret_found");
  CHECK(refused.error().details.at("path") == "tests/key.txt");
  CHECK(refused.error().message.find("MIIE") == std::string::npos);
  CHECK(read_tree(directory.path(), {"tests/key.txt"}));

  CHECK(secret_kind("a/.env", "") == "file of credentials");
  CHECK(secret_kind("id_rsa", "") == "private key");
  CHECK(secret_kind("x.py", "t = \"ghp_" + std::string(36, 'a') + "\"") == "GitHub token");
  CHECK(secret_kind("x.py", "key=AKIA" + std::string(16, 'A')) == "AWS access key");
  CHECK(secret_kind("x.py", "MAKIA" + std::string(16, 'A')).empty());
  CHECK(secret_kind("cert.pem", "-----BEGIN CERTIFICATE-----").empty());
  CHECK(secret_kind("public.txt", "-----BEGIN PUBLIC KEY-----").empty());
  CHECK(secret_kind(".env.example", "").empty());
}

}  // namespace
}  // namespace hub::registry
