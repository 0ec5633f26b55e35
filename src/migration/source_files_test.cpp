#include "migration/source_files.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "migration/report.hpp"

namespace hub::migration {
namespace {

struct Bench {
  TemporaryDirectory directory;
  fs::path root = directory.path() / "source";

  Bench() {
    write("data/a.txt", "aaaa");
    write("data/deep/er/b.txt", "bb");
    REQUIRE(make_directories(root / "data/empty"));
  }
  void write(const std::string& path, const std::string& text) const {
    REQUIRE(make_directories((root / path).parent_path()));
    REQUIRE(write_file_atomic(root / path, text));
  }
  CopyRequest request() const {
    auto listed = list_folder(root, "data").value();
    CopyRequest wanted;
    wanted.root = root;
    wanted.folder = "data";
    wanted.target = directory.path() / "copy";
    wanted.unfinished = directory.path() / "unfinished";
    wanted.files = std::move(listed.files);
    wanted.folders = std::move(listed.folders);
    return wanted;
  }
  static std::string reason(const Result<>& result) { return result ? "" : result.error().reason; }
  static ino_t inode(const fs::path& path) {
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_ino;
  }
};

TEST_CASE_FIXTURE(Bench, "a folder is copied with its empty folders and its permissions") {
  fs::permissions(root / "data/a.txt", fs::perms(0600));
  const auto wanted = request();
  REQUIRE(copy_folder(wanted));
  CHECK(read_file(wanted.target / "deep/er/b.txt") == "bb");
  CHECK(fs::is_directory(wanted.target / "empty"));
  CHECK(fs::status(wanted.target / "a.txt").permissions() == fs::perms(0600));
  CHECK_FALSE(fs::exists(wanted.unfinished));
  CHECK(check_copy(wanted));
}

TEST_CASE_FIXTURE(Bench, "a copy that is taken up again copies what is missing and no more") {
  const auto wanted = request();
  REQUIRE(copy_folder(wanted));
  const auto kept = inode(wanted.target / "a.txt");
  fs::remove(wanted.target / "deep/er/b.txt");
  REQUIRE(write_file_atomic(wanted.unfinished, "half of a fi"));
  REQUIRE(copy_folder(wanted));
  CHECK(inode(wanted.target / "a.txt") == kept);
  CHECK(check_copy(wanted));
}

TEST_CASE_FIXTURE(Bench, "a source that changes is noticed: while it is copied, and after") {
  auto wanted = request();
  REQUIRE(copy_folder(wanted));
  write("data/a.txt", "AAAA");
  CHECK(reason(check_copy(wanted)) == "source_changed");
  write("data/a.txt", "longer than it was");
  wanted.target = directory.path() / "another";
  CHECK(reason(copy_folder(wanted)) == "source_changed");
  fs::remove(root / "data/a.txt");
  CHECK(reason(copy_folder(wanted)) == "source_changed");
}

TEST_CASE_FIXTURE(Bench, "what is no file is named and left out; a link on the way is an error") {
  fs::create_symlink("a.txt", root / "data/link");
  REQUIRE(::mkfifo((root / "data/pipe").c_str(), 0600) == 0);
  CHECK(list_folder(root, "data").value().left_out == std::vector<std::string>{"link", "pipe"});
  fs::create_directory_symlink("data", root / "other");
  CHECK(list_folder(root, "other").error().reason == "source_missing");
  CHECK(list_folder(root, "other/deep").error().reason == "source_missing");
  CHECK_FALSE(is_plain_folder(root, "other"));
  CHECK_FALSE(is_plain_folder(root, "data/../data"));
  CHECK_FALSE(is_plain_file(root, "data/link"));
  CHECK_FALSE(is_plain_file(root, "data/pipe"));
  CHECK(is_plain_file(root, "data/a.txt"));
  CHECK(read_source(root, "data/a.txt", 3).error().reason == "source_too_large");
}

TEST_CASE_FIXTURE(Bench, "a copy stops when it is told to, and goes on later") {
  auto wanted = request();
  int asked = 0;
  wanted.stop = [&asked] { return ++asked > 2; };
  CHECK(copy_folder(wanted).error().code == ErrorCode::cancelled);
  wanted.stop = {};
  REQUIRE(copy_folder(wanted));
  CHECK(check_copy(wanted));
}

TEST_CASE("who is left out takes along who requires it, in any order, also in a circle") {
  FoundArtifact lamp, alarm, evening, one, other;
  lamp.name = "lamp";
  lamp.requires_skills = {"nowhere"};
  alarm.name = "alarm";
  alarm.requires_skills = {"lamp", "here"};
  evening.kind = ArtifactKind::scenario;
  evening.name = "evening";
  evening.requires_skills = {"alarm"};
  one.name = "one";
  one.requires_skills = {"other"};
  other.name = "other";
  other.requires_skills = {"one"};
  const auto unmet = find_unmet({&evening, &alarm, &lamp, &one, &other},
                                [](const std::string& skill) { return skill == "here"; });
  CHECK(unmet == std::map<const FoundArtifact*, std::string>{
                     {&lamp, "nowhere"}, {&alarm, "lamp"}, {&evening, "alarm"}});
}

}  // namespace
}  // namespace hub::migration
