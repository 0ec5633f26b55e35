#include "artifacts/active_skill.hpp"

#include <doctest/doctest.h>

namespace hub::artifacts {
namespace {

InstalledArtifact installed(ArtifactKind kind) {
  InstalledArtifact artifact;
  artifact.kind = kind;
  artifact.name = "notes_skill";
  artifact.version = "1.2.3";
  return artifact;
}

TEST_CASE("an installed skill says where its code and its packages are") {
  const TemporaryDirectory base;
  const Shelf shelf(base.path());
  const auto source = base.path() / "workspace/skills/notes_skill";
  REQUIRE(make_directories(source));

  const auto active = active_skill(shelf, installed(ArtifactKind::skill));
  REQUIRE(active);
  CHECK(active->name == "notes_skill");
  CHECK(active->version == "1.2.3");
  CHECK(active->source == source);
  CHECK(active->packages == shelf.vendor("notes_skill", "1.2.3"));
}

TEST_CASE("a skill whose files are gone cannot be run, and says where they should be") {
  const TemporaryDirectory base;
  const auto active = active_skill(Shelf(base.path()), installed(ArtifactKind::skill));
  REQUIRE_FALSE(active);
  CHECK(active.error().code == ErrorCode::not_found);
  CHECK(active.error().reason == "skill_files_missing");
  CHECK(active.error().message.find("workspace/skills/notes_skill") != std::string::npos);
}

TEST_CASE("a scenario has nothing to run") {
  const TemporaryDirectory base;
  const auto active = active_skill(Shelf(base.path()), installed(ArtifactKind::scenario));
  REQUIRE_FALSE(active);
  CHECK(active.error().reason == "not_a_skill");
}

}  // namespace
}  // namespace hub::artifacts
