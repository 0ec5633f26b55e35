#include "registry/version_bump.hpp"

#include <doctest/doctest.h>

#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

using testing::Bench;
using testing::write_file;
using testing::write_skill;

std::string next(const char* from, Bump bump) {
  return next_version(parse_semver(from).value(), bump);
}

std::string replaced(const std::string& manifest, const std::string& version = "1.2.4") {
  const auto changed = with_version(ArtifactKind::skill, manifest, version, "skill.yaml");
  return changed ? *changed : changed.error().reason;
}

TEST_CASE("the next version is the next of its size, and a prerelease becomes its release") {
  CHECK(next("1.2.3", Bump::patch) == "1.2.4");
  CHECK(next("1.2.3+build.7", Bump::patch) == "1.2.4");
  CHECK(next("1.2.3", Bump::minor) == "1.3.0");
  CHECK(next("1.2.3", Bump::major) == "2.0.0");
  CHECK(next("1.2.3-rc.1", Bump::patch) == "1.2.3");
  CHECK(next("1.2.3-rc.1", Bump::minor) == "1.3.0");
  CHECK(next("1.2.0-rc.1", Bump::minor) == "1.2.0");
  CHECK(next("2.0.0-rc.1", Bump::major) == "2.0.0");
  CHECK(next("1.2.0-rc.1", Bump::major) == "2.0.0");
}

TEST_CASE("a new version changes its scalar and nothing else") {
  CHECK(replaced("version: 1.2.3\n") == "version: 1.2.4\n");
  CHECK(replaced("# top\r\nname:   заметки  # a note\r\nversion : '1.2.3'   # keep\r\n"
                 "title: 1.2.3\r\n") ==
        "# top\r\nname:   заметки  # a note\r\nversion : '1.2.4'   # keep\r\ntitle: 1.2.3\r\n");
  CHECK(replaced("{name: \"имя\", \"version\": \"1.2.3\", b: [1.2.3]}") ==
        "{name: \"имя\", \"version\": \"1.2.4\", b: [1.2.3]}");
  CHECK(replaced("a:\n  version: 0.1.0\nversion: \"1.2.3\"\n") ==
        "a:\n  version: 0.1.0\nversion: \"1.2.4\"\n");
  CHECK(replaced("version:\n  1.2.3\nname: x") == "version:\n  1.2.4\nname: x");
  CHECK(replaced("version: 1.2.4\n") == "version: 1.2.4\n");
}

TEST_CASE("a version that is written in a way that is not ours to touch is left alone") {
  const std::string reason = "version_not_replaceable";
  CHECK(replaced("base: &v 1.2.3\nversion: *v\n") == reason);
  CHECK(replaced("version: &v 1.2.3\nother: *v\n") == reason);
  CHECK(replaced("version: \"1.2\\u002e3\"\n") == reason);
  CHECK(replaced("version: >-\n  1.2.3\n") == reason);
  CHECK(replaced("name: x\n") == reason);
  CHECK(replaced("version: [1\n") == "manifest_yaml_syntax");
}

PushRequest bump_of(const Bench& bench, const fs::path& source, Bump bump = Bump::patch) {
  PushRequest request = bench.request(source);
  request.bump = bump;
  return request;
}

std::string manifest_of(const fs::path& source) { return read_file(source / "skill.yaml").value(); }

TEST_CASE("a bump publishes the next version and writes it into the manifest afterwards") {
  const Bench bench;
  const fs::path source = write_skill(bench.sources, "notes_skill", "1.0.0", "# mine\n");
  fs::permissions(source / "skill.yaml", fs::perms(0640));
  const std::string before = manifest_of(source);
  const auto first = push(bump_of(bench, source), bench.clock);
  REQUIRE_MESSAGE(first, first.error().message);
  CHECK(first->version == "1.0.1");
  CHECK(first->warnings.empty());
  std::string wanted = before;
  wanted.replace(wanted.find("1.0.0"), 5, "1.0.1");
  CHECK(manifest_of(source) == wanted);
  CHECK(fs::status(source / "skill.yaml").permissions() == fs::perms(0640));
  CHECK(std::distance(fs::directory_iterator(bench.sources), {}) == 1);
  CHECK(bench.git({"show", "main:skills/notes_skill/skill.yaml"}) == wanted);
  CHECK(push(bench.request(source), bench.clock)->status == PushStatus::already_published);

  SUBCASE("content that has not changed is not published again") {
    const auto again = push(bump_of(bench, source, Bump::major), bench.clock);
    REQUIRE(again);
    CHECK(again->status == PushStatus::already_published);
    CHECK(again->version == "1.0.1");
    CHECK(manifest_of(source) == wanted);
    CHECK(bench.commits() == 2);
  }
  SUBCASE("content that has is, above the higher one of manifest and registry") {
    write_file(source / "handlers/main.py", "# better\n");
    write_file(source / "skill.yaml", before);  // says 1.0.0, the registry 1.0.1
    const auto again = push(bump_of(bench, source, Bump::minor), bench.clock);
    REQUIRE(again);
    CHECK(again->version == "1.1.0");
    CHECK(manifest_of(source).find("\"1.1.0\"") != std::string::npos);
  }
  SUBCASE("a manifest whose new version was not written any more gets it the next time") {
    write_file(source / "skill.yaml", before);
    const auto plain = push(bench.request(source), bench.clock);
    CHECK(plain.error().reason == "version_not_newer");
    CHECK(plain.error().hint.find("--bump") != std::string::npos);
    CHECK(manifest_of(source) == before);
    const auto mended = push(bump_of(bench, source), bench.clock);
    REQUIRE(mended);
    CHECK(mended->status == PushStatus::already_published);
    CHECK(mended->version == "1.0.1");
    CHECK(manifest_of(source) == wanted);
    CHECK(bench.commits() == 2);
  }
}

TEST_CASE("a bump that does not land leaves the manifest as it was") {
  const Bench bench;
  const fs::path source = write_skill(bench.sources, "notes_skill", "1.0.0");
  const std::string before = manifest_of(source);
  PushRequest request = bump_of(bench, source);
  request.mode = PushMode::dry_run;
  CHECK(push(request, bench.clock)->version == "1.0.1");
  CHECK(manifest_of(source) == before);
  request.mode = PushMode::publish;
  write_file(bench.registry / "hooks/pre-receive", "#!/bin/sh\nexit 1\n", 0755);
  CHECK(push(request, bench.clock).error().reason == "remote_hook_declined");
  CHECK(manifest_of(source) == before);
  CHECK(bench.commits() == 1);
}

}  // namespace
}  // namespace hub::registry
