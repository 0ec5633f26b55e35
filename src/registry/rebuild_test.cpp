#include "registry/rebuild.hpp"

#include <doctest/doctest.h>

#include "registry/catalog_diff.hpp"
#include "registry/catalog_file.hpp"
#include "registry/publish_rebuilt.hpp"
#include "registry/test_artifacts.hpp"
#include "registry/verify.hpp"

namespace hub::registry {
namespace {

using testing::Bench;

std::string tip_of(const Bench& bench) {
  return git::Repository::open(bench.registry).value().tip().value();
}

Rebuilt rebuilt(const Bench& bench) {
  const auto repository = git::Repository::open(bench.registry).value();
  return rebuild_catalog(repository, repository.tip().value()).value();
}

VerifyReport verified(const Bench& bench) {
  const auto repository = git::Repository::open(bench.registry).value();
  return verify_registry(repository, repository.tip().value()).value();
}

// Commits files past every rule, as somebody with git alone could.
void commit_blobs(const Bench& bench, std::vector<git::BlobContent> blobs) {
  auto repository = git::Repository::open(bench.registry).value();
  const std::string tip = repository.tip().value();
  const auto commit = repository.commit({.parent = tip,
                                         .blobs = std::move(blobs),
                                         .author = {"Ada", "ada@example.org", bench.clock.now()},
                                         .message = "by hand\n"});
  REQUIRE(commit.value());
  REQUIRE(repository.compare_and_swap(git::main_branch, tip, *commit.value()).value() ==
          git::SwapOutcome::done);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

void publish_some(const Bench& bench) {
  REQUIRE(bench.push_skill("notes", "1.0.0", "title: Notes\n"));
  REQUIRE(bench.push_skill("timer", "1.0.0", "updated_at: '2026-01-02T03:04:05+00:00'\n"));
  REQUIRE(push(bench.request(testing::write_scenario(bench.sources, "morning", "0.1.0",
                                                     "depends: [notes]\nname: Утро\n"),
                             ArtifactKind::scenario),
               bench.clock));
  REQUIRE(bench.push_skill("notes", "1.1.0", "title: Notes\ntags: [text]\n"));
}

TEST_CASE("a catalogue that pushes wrote is rebuilt byte for byte") {
  const Bench bench;
  CHECK(rebuilt(bench).differences.empty());
  publish_some(bench);
  const auto again = rebuilt(bench);
  CHECK(again.bytes == bench.registry_json());
  CHECK(again.differences.empty());
  CHECK(again.problems.empty());
  CHECK(again.skills == 2);
  CHECK(again.scenarios == 1);
}

TEST_CASE("a rebuild without registry.json has all that files and history tell") {
  const Bench bench;
  publish_some(bench);
  const std::string published = bench.registry_json();
  commit_blobs(bench, {{"registry.json", "{\n<<<<<<< HEAD\n}\n"}});
  const auto mended = rebuilt(bench);
  CHECK(mended.bytes == published);
  REQUIRE(mended.warnings.size() == 1);
  CHECK(mended.warnings[0].find("merge conflict") != std::string::npos);
  CHECK(mended.differences.at(0).what == "cannot be read");
}

TEST_CASE("a rebuild keeps what no manifest says and finds what nobody may change") {
  const Bench bench;
  publish_some(bench);
  const std::string tags = "\"tags\": [\n        \"text\"\n      ],";
  std::string foreign =
      replaced(bench.registry_json(), tags,
               tags + "\n      \"publisher\": {\n        \"owner_id\": \"ada\"\n      },");
  foreign = replaced(foreign, "\n}\n", ",\n  \"projects\": [\n    1.50\n  ]\n}\n");
  commit_blobs(bench, {{"registry.json", foreign}});
  CHECK(rebuilt(bench).bytes == foreign);

  commit_blobs(bench, {{"registry.json", replaced(foreign, "\"Notes\"", "\"Nothing\"")}});
  const auto mended = rebuilt(bench);
  CHECK(mended.bytes == foreign);
  REQUIRE(mended.differences.size() == 1);
  CHECK(mended.differences[0].path == "skills/notes");
  CHECK(mended.differences[0].fields == "title");
}

TEST_CASE("a rebuild drops entries without files, adds files without entry, and says both") {
  const Bench bench;
  publish_some(bench);
  CatalogFile file = CatalogFile::parse(bench.registry_json()).value().without_entries();
  const auto ghost = parse_json_text(
      R"({"kind": "skill", "id": "ghost", "name": "ghost", "version": "1.0.0",
          "updated_at": "2026-01-02T03:04:05+00:00"})",
      "ghost");
  file.upsert(ArtifactKind::skill, ghost.value());
  const std::string before = bench.registry_json();
  commit_blobs(bench, {{"registry.json", file.bytes()}});
  const auto mended = rebuilt(bench);
  std::vector<std::string> said;
  for (const auto& one : mended.differences) said.push_back(one.path + " " + one.what);
  CHECK(said == std::vector<std::string>{"skills/notes missing", "skills/timer missing",
                                         "skills/ghost without files",
                                         "scenarios/morning missing"});
  // The times come from the history: those of the commits that published the files.
  const auto entry = CatalogFile::parse(mended.bytes).value().entry(ArtifactKind::skill, "notes");
  const auto published = CatalogFile::parse(before).value().entry(ArtifactKind::skill, "notes");
  CHECK(*entry == *published);
}

TEST_CASE("an artifact that cannot be read keeps its entry and is named") {
  const Bench bench;
  publish_some(bench);
  const std::string before = bench.registry_json();
  commit_blobs(bench, {{"skills/notes/skill.yaml", "name: [\n"}});
  const auto kept = rebuilt(bench);
  REQUIRE(kept.problems.size() == 1);
  CHECK(kept.problems[0].path == "skills/notes");
  CHECK(kept.problems[0].reason == "manifest_yaml_syntax");
  CHECK(kept.bytes == before);
}

TEST_CASE("a rebuild is published as one commit, and once") {
  const Bench bench;
  publish_some(bench);
  const std::string good = bench.registry_json();
  commit_blobs(bench, {{"registry.json", replaced(good, "\"Notes\"", "\"Nothing\"")}});
  auto cache = HostCache::open(bench.directory.path() / "other", bench.registry.string(),
                               std::chrono::milliseconds(1000))
                   .value();
  const auto mended = publish_rebuilt(cache, bench.clock);
  REQUIRE(mended);
  CHECK(mended->changed);
  CHECK(mended->commit == tip_of(bench));
  CHECK(bench.registry_json() == good);
  const int commits = bench.commits();
  CHECK_FALSE(publish_rebuilt(cache, bench.clock).value().changed);
  CHECK(bench.commits() == commits);
}

TEST_CASE("verify takes what pushes wrote and names what was changed behind them") {
  const Bench bench;
  publish_some(bench);
  const auto good = verified(bench);
  CHECK(good.good == 3);
  CHECK(good.bad == 0);
  CHECK(good.artifacts.empty());

  commit_blobs(bench, {{"skills/notes/handlers/main.py", "import os\n"},
                       {"skills/stray/skill.yaml", "name: stray\n"},
                       {"registry.json", replaced(bench.registry_json(), "\"name\": \"timer\"",
                                                  "\"name\": \"tamer\"")}});
  const auto bad = verified(bench);
  std::vector<std::string> said;
  for (const auto& one : bad.artifacts) said.push_back(one.path + " " + one.reason);
  CHECK(said == std::vector<std::string>{"skills/notes digest_differs", "skills/stray not_listed",
                                         "skills/tamer files_missing", "skills/timer not_listed"});
  CHECK(bad.good == 1);
  CHECK(bad.bad == 4);
  for (const auto& one : bad.artifacts) CHECK_FALSE(one.hint.empty());
}

TEST_CASE("an entry of an older writer has no digest, and that is no fault") {
  const Bench bench;
  publish_some(bench);
  const std::string all = bench.registry_json();
  const auto from = all.find(",\n      \"integrity\""), to = all.find('}', from);
  commit_blobs(bench, {{"registry.json", all.substr(0, from) + all.substr(to + 1)}});
  const auto report = verified(bench);
  CHECK(report.bad == 0);
  CHECK(report.without_digest == 1);
  CHECK(report.good == 2);
}

TEST_CASE("a diff says what is new, updated or removed, and what it now asks for") {
  const Bench bench;
  const std::string start = tip_of(bench);
  REQUIRE(bench.push_skill("notes", "1.0.0", "permissions: [files.read]\n"));
  REQUIRE(bench.push_skill("timer", "1.0.0"));
  const std::string first = tip_of(bench);
  REQUIRE(bench.push_skill("notes", "1.1.0",
                           "permissions:\n  - network\n  - files.read\ntitle: New\n"
                           "dependencies: ['requests>=2']\n"));
  const auto repository = git::Repository::open(bench.registry).value();
  const std::string second = repository.tip().value();

  const auto added = diff_catalogs(repository, start, first).value();
  REQUIRE(added.changes.size() == 2);
  CHECK(added.changes[0].change == ChangeKind::added);
  CHECK(added.changes[0].permissions.added == std::vector<std::string>{"files.read"});
  CHECK(added.changes[0].requirements.added == std::vector<std::string>{"python 3.11"});

  const auto updated = diff_catalogs(repository, first, second).value();
  REQUIRE(updated.changes.size() == 1);
  const ArtifactChange& change = updated.changes[0];
  CHECK(change.change == ChangeKind::updated);
  CHECK(change.from_version == "1.0.0");
  CHECK(change.to_version == "1.1.0");
  CHECK(change.files_changed);
  CHECK(change.fields == std::vector<std::string>{"title"});
  CHECK(change.permissions.added == std::vector<std::string>{"network"});
  CHECK(change.permissions.removed.empty());
  CHECK(change.requirements.added == std::vector<std::string>{"pip requests>=2"});

  const auto removed = diff_catalogs(repository, second, start).value();
  REQUIRE(removed.changes.size() == 2);
  CHECK(removed.changes[1].change == ChangeKind::removed);
  CHECK(removed.changes[1].from_version == "1.0.0");
  CHECK(diff_catalogs(repository, first, first).value().changes.empty());
}

TEST_CASE("layout and order alone are no change") {
  const Bench bench;
  publish_some(bench);
  const std::string before = tip_of(bench);
  const auto node = parse_json_text(bench.registry_json(), "registry.json").value();
  commit_blobs(bench, {{"registry.json", boost::json::serialize(to_value(node))}});
  const auto repository = git::Repository::open(bench.registry).value();
  const auto diff = diff_catalogs(repository, before, repository.tip().value()).value();
  CHECK(diff.changes.empty());
  CHECK(rebuilt(bench).differences.at(0).what == "layout");
}

TEST_CASE("a commit is found by its first digits, by main, and by how far before") {
  const Bench bench;
  publish_some(bench);
  const auto repository = git::Repository::open(bench.registry).value();
  const std::string tip = repository.tip().value();
  CHECK(repository.find_revision("main").value() == tip);
  CHECK(repository.find_revision(tip.substr(0, 8)).value() == tip);
  CHECK(repository.find_revision("main~1").value() == repository.parent_of(tip).value());
  CHECK(repository.find_revision("main~4").value() == bench.first);
  for (const char* bad :
       {"main~5", "0000000", "refs/heads/main", "main^{tree}", "", "-x", "@{1}"}) {
    CHECK_MESSAGE(repository.find_revision(bad).error().reason == "no_commit", bad);
  }
}

}  // namespace
}  // namespace hub::registry
