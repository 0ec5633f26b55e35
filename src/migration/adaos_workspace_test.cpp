#include "migration/adaos_workspace.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "migration/test_workspace.hpp"

namespace hub::migration {
namespace {

struct Bench {
  TemporaryDirectory directory;
  testing::TestWorkspace adaos{directory.path() / "adaos"};
  fs::path own = directory.path() / "hub";

  Bench() { adaos.skill("lamp", "1.2.0", "B"); }

  Inventory look() const { return take_inventory(fs::canonical(adaos.root())).value(); }
  FoundArtifact found(const std::string& name) const {
    for (const auto& one : look().artifacts) {
      if (one.name == name) return one;
    }
    FAIL(name << " is not found");
    return {};
  }
  // Why it cannot be taken; "found" when it can, "unknown" when nothing says anything.
  std::string code_of(const std::string& name) const {
    const auto all = look();
    for (const auto& one : all.refused) {
      if (one.name == name) return one.code;
    }
    for (const auto& one : all.artifacts) {
      if (one.name == name) return "found";
    }
    return "unknown";
  }
  bool warned(const std::string& text) const {
    for (const auto& warning : look().warnings) {
      if (warning.find(text) != std::string::npos) return true;
    }
    return false;
  }
  std::string refusal() const {
    const auto root = find_workspace(adaos.root().string(), own);
    return root ? "" : root.error().reason;
  }
};

TEST_CASE_FIXTURE(Bench,
                  "a skill is found with the version, the slot and the data that AdaOS runs") {
  const auto lamp = found("lamp");
  CHECK(lamp.version == "1.2.0");
  CHECK(lamp.slot == "B");
  CHECK(lamp.source == "workspace/skills/.runtime/lamp/v1.2/slots/B/src/skills/lamp");
  CHECK(lamp.data == "workspace/skills/.runtime/lamp/v1.2/data");
  CHECK(lamp.data_bytes > 0);
  CHECK(lamp.vendor.empty());
  CHECK(lamp.tree.starts_with("sha256:"));
}

TEST_CASE_FIXTURE(Bench, "what AdaOS fetched and never activated is not taken, and said") {
  adaos.source("workspace/skills/lamp", "1.3.0");
  CHECK(found("lamp").version == "1.2.0");
  CHECK(warned("1.3.0 lies beside it"));
}

TEST_CASE_FIXTURE(Bench, "a slot that cannot be read gives way to the installed source") {
  const auto slot = adaos.root() / "workspace/skills/.runtime/lamp/v1.2/slots/B/src/skills/lamp";
  fs::remove(slot / "skill.yaml");
  CHECK(found("lamp").source == "workspace/skills/lamp");
}

TEST_CASE_FIXTURE(Bench,
                  "markers that contradict each other are said, and the bucket's one counts") {
  adaos.write("workspace/skills/.runtime/lamp/v1.2/active", "B\n");
  adaos.write("workspace/skills/.runtime/lamp/current_runtime.json",
              R"({"version": "1.2.0", "slot": "A", "runtime_bucket": "v1.2"})");
  CHECK(found("lamp").slot == "B");
  CHECK(warned("name slot B and slot A"));
  adaos.write("workspace/skills/.runtime/lamp/current_runtime.json", "{ not JSON");
  CHECK(found("lamp").version == "1.2.0");
  CHECK(warned("is not JSON"));
  adaos.write("workspace/skills/.runtime/lamp/current_runtime.json",
              R"({"version": "1.2.0", "slot": "../../..", "runtime_bucket": "../../../../etc"})");
  CHECK(found("lamp").slot == "B");
}

TEST_CASE_FIXTURE(Bench, "without markers the only bucket has the data") {
  fs::remove(adaos.root() / "workspace/skills/.runtime/lamp/current_runtime.json");
  fs::remove(adaos.root() / "workspace/skills/.runtime/lamp/current_version");
  CHECK(found("lamp").data == "workspace/skills/.runtime/lamp/v1.2/data");
}

TEST_CASE_FIXTURE(Bench, "packages are taken only when the skill wants some, and without links") {
  adaos.skill("table", "1.0.0", "A", "dependencies: ['six']\n");
  const std::string vendor = "workspace/skills/.runtime/table/v1.0/vendor";
  adaos.write(vendor + "/six.py", "x = 1\n");
  adaos.write("workspace/skills/.runtime/lamp/v1.2/vendor/other.py", "x = 1\n");
  CHECK(found("table").vendor == vendor);
  CHECK(found("table").vendor_bytes == 6);
  CHECK(found("lamp").vendor.empty());
  fs::create_symlink("/etc/passwd", adaos.root() / vendor / "link.py");
  CHECK(found("table").vendor.empty());
}

TEST_CASE_FIXTURE(Bench, "no link is followed, wherever it stands") {
  const auto secret = directory.path() / "secret";
  testing::TestWorkspace(secret).source("stolen", "1.0.0");
  const auto skills = adaos.root() / "workspace/skills";
  fs::create_directory_symlink(secret / "stolen", skills / "stolen");
  CHECK(code_of("stolen") == "source_is_a_link");
  adaos.source("workspace/skills/inside", "1.0.0");
  fs::create_symlink(secret / "stolen/skill.yaml", skills / "inside/copy.yaml");
  CHECK(code_of("inside") == "tree_symlink");
  adaos.skill("data", "1.0.0");
  fs::create_symlink("/etc/passwd",
                     adaos.root() / testing::TestWorkspace::data_of("data", "1.0.0") / "link");
  CHECK(code_of("data") == "found");
  CHECK(warned("is left out: link"));
  const auto runtime = skills / ".runtime/lamp";
  fs::rename(runtime / "v1.2", secret / "v1.2");
  fs::create_directory_symlink(secret / "v1.2", runtime / "v1.2");
  CHECK(found("lamp").data.empty());
  CHECK(found("lamp").source == "workspace/skills/lamp");
}

TEST_CASE_FIXTURE(Bench, "what cannot be read is refused by itself, and the rest is found") {
  adaos.write("workspace/skills/empty/notes.txt", "no manifest");
  adaos.write("workspace/skills/broken/skill.yaml", "name: [");
  adaos.write("workspace/skills/.gitignore", "*.pyc");
  adaos.write("workspace/skills/README.md", "beside the skills");
  adaos.source("workspace/skills/a name with spaces", "1.0.0");
  const std::string long_name(200, 'x');
  adaos.source("workspace/skills/" + long_name, "1.0.0");
  fs::create_directories(adaos.root() / "workspace/skills/\xff\xfe");
  CHECK(code_of("empty") == "manifest_missing");
  CHECK(code_of("broken") != "found");
  CHECK(code_of("a name with spaces") == "name_invalid");
  CHECK(code_of("README.md") == "unknown");
  CHECK(code_of(".gitignore") == "unknown");
  CHECK(code_of("?") == "name_invalid");
  CHECK(code_of("lamp") == "found");
}

TEST_CASE_FIXTURE(Bench, "what looks like a secret stays with the skill: it is not published") {
  adaos.source("workspace/skills/mail", "1.0.0");
  adaos.write("workspace/skills/mail/.env", "AWS_SECRET_ACCESS_KEY=AKIAIOSFODNN7EXAMPLE\n");
  CHECK(code_of("mail") == "found");
}

TEST_CASE_FIXTURE(Bench, "AdaOS's registry says what was uninstalled, and what has gone") {
  adaos.source("workspace/skills/old", "1.0.0");
  adaos.registered("old", "1.0.0", 0);
  adaos.registered("gone", "2.0.0");
  adaos.registered("lamp", "1.2.0");
  CHECK(code_of("old") == "uninstalled");
  CHECK(code_of("gone") == "files_missing");
  CHECK(code_of("lamp") == "found");
  adaos.write("state/noise.db", "this is no database, and longer than its header would be");
  CHECK(warned("noise.db"));
}

TEST_CASE_FIXTURE(Bench, "a pin in the registry is kept") {
  adaos.registered("lamp", "1.2.0");
  {
    const auto db =
        sql::open_sqlite((adaos.root() / "state/adaos.db").string(), sql::Access::scratch);
    db->run_script("ALTER TABLE skills ADD COLUMN pin TEXT; UPDATE skills SET pin = '1.2.0'");
  }
  CHECK(found("lamp").pin == "1.2.0");
}

TEST_CASE_FIXTURE(Bench, "the history is read with what it does not know counted and said") {
  adaos.history(R"({"operation_id": "op_1", "kind": "skill.install", "status": "succeeded"},
                   {"operation_id": "op_2", "kind": "skill.install", "status": "running"},
                   {"operation_id": "op_3", "kind": "skill.install", "status": "recoverable"},
                   {"operation_id": "op_4", "kind": "skill.install", "status": "dreaming"},
                   {"kind": "skill.install"}, 7)");
  const auto history = look().history;
  CHECK(history.operations.size() == 4);
  CHECK(history.unfinished == 1);
  CHECK(history.unreadable == 2);
  for (const auto& one : history.operations) {
    CHECK(one.outcome == (one.operation_id == "op_1" ? "succeeded" : "failed"));
  }
  CHECK(look().warnings.empty());
  REQUIRE(history.warnings.size() == 1);
  CHECK(history.warnings.front().find("\"dreaming\"") != std::string::npos);
  adaos.write(history_path, R"({"schema": "of another planet"})");
  CHECK(look().history.warnings.size() == 1);
}

TEST_CASE_FIXTURE(Bench, "its catalogue is counted, whatever its version") {
  adaos.write("workspace/registry.json",
              R"({"version": 1, "skills": [{"name": "lamp", "id": "lamp", "version": "1.2.0"},
                  {"name": "bad name"}], "scenarios": []})");
  const auto catalogue = look().catalogue;
  REQUIRE(catalogue);
  CHECK(catalogue->entries == 1);
  CHECK(catalogue->quarantined == 1);
  adaos.write("workspace/registry.json", "<<<<<<< HEAD");
  CHECK_FALSE(look().catalogue);
  CHECK(warned("registry.json"));
}

TEST_CASE_FIXTURE(Bench, "a dev space is counted and not taken") {
  adaos.source("dev/home/skills/kettle", "0.1.0");
  adaos.write("dev/home/notes.txt", "");
  CHECK(look().dev_artifacts == 1);
  CHECK(code_of("kettle") == "unknown");
}

TEST_CASE_FIXTURE(Bench, "a workspace that somebody writes to, or has locked, is left alone") {
  CHECK(refusal().empty());
  adaos.write("workspace/.adaos/.registry-writer.lock", "");
  adaos.write("state/log", "");
  int told[2], go[2];
  REQUIRE(::pipe(told) == 0);
  REQUIRE(::pipe(go) == 0);
  const auto hold = [&](const std::string& path, int flags) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const int file = ::open(path.c_str(), flags);
      if (flags == O_RDONLY) ::flock(file, LOCK_EX);
      char byte = file >= 0 ? 'y' : 'n';
      if (::write(told[1], &byte, 1) != 1) ::_exit(1);
      static_cast<void>(::read(go[0], &byte, 1));
      ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(told[0], &byte, 1) == 1);
    REQUIRE(byte == 'y');
    const auto refused = find_workspace(adaos.root().string(), own);
    REQUIRE(::write(go[1], &byte, 1) == 1);
    ::waitpid(child, nullptr, 0);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == "source_in_use");
    return refused.error().details;
  };
  const auto writing = hold((adaos.root() / "state/log").string(), O_WRONLY);
  CHECK(writing.at("file") == Json("state/log"));
  CHECK(writing.at("pid").as_int64() > 0);
  hold((adaos.root() / "workspace/.adaos/.registry-writer.lock").string(), O_RDONLY);
  CHECK(refusal().empty());
  for (const int end : {told[0], told[1], go[0], go[1]}) ::close(end);
}

TEST_CASE_FIXTURE(Bench, "looking writes nothing, not even beside a database") {
  adaos.registered("lamp", "1.2.0");
  std::vector<std::string> before, after;
  const auto list = [&](std::vector<std::string>& into) {
    for (const auto& entry : fs::recursive_directory_iterator(adaos.root())) {
      const auto time = entry.last_write_time().time_since_epoch().count();
      into.push_back(entry.path().string() + " " + std::to_string(time));
    }
    std::ranges::sort(into);
  };
  list(before);
  look();
  list(after);
  CHECK(before == after);
}

}  // namespace
}  // namespace hub::migration
