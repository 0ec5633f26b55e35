// The checks on a base directory that is healthy, and then is not.

#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "diagnostics/checks.hpp"
#include "models/model_store.hpp"
#include "registry/tree.hpp"

namespace hub::diagnostics {
namespace {

struct Patient {
  TemporaryDirectory directory;
  fs::path base = directory.path() / "base";
  fs::path state = base / "state";
  ManualClock clock{Time(std::chrono::hours(24 * 365 * 60))};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::OperationStore> store;

  Patient() {
    REQUIRE(make_directories(state / "staging"));
    REQUIRE(make_directories(state / "secrets", 0700));
    REQUIRE(write_file_atomic(state / "token", "abc", 0600));
    open();
  }
  void open() {
    database = store::Database::open(state / "hub.db").value();
    store = std::make_unique<store::OperationStore>(*database, clock);
  }
  void close() {
    store.reset();
    database.reset();
  }
  Subject subject() {
    Subject one{.base = base, .clock = clock};
    one.store = store.get();
    return one;
  }
  static Level worst(const std::vector<Finding>& findings) {
    auto level = Level::ok;
    for (const auto& finding : findings) {
      level = std::max(level, finding.level);
      CHECK(finding.mend.has_value() == (finding.level != Level::ok));
      CHECK(!finding.message.empty());
    }
    CHECK(!findings.empty());
    return level;
  }
};

TEST_CASE("a healthy hub is told so, check by check, and nothing is left of the looking") {
  Patient patient;
  std::size_t told = 0;
  const auto report = look_at_everything(
      patient.subject(), [&](std::size_t, std::size_t, const std::string&) { ++told; });
  REQUIRE(report);
  CHECK(told == all_checks().size());
  for (const auto& finding : report->findings) {
    const bool of_the_machine = finding.check == "confinement" || finding.check == "disk" ||
                                finding.check == "disk_speed" || finding.check == "programs";
    CAPTURE(finding.message);
    if (!of_the_machine) CHECK(finding.level == Level::ok);
  }
  for (const auto& entry : fs::directory_iterator(patient.state)) {
    CHECK(entry.path().extension() != ".tmp");
  }
  CHECK(from_json<Report>(to_json(*report), "report").value().findings.size() ==
        report->findings.size());
}

TEST_CASE("secrets that others may read are named with the command that mends it") {
  Patient patient;
  REQUIRE(::chmod((patient.state / "token").c_str(), 0644) == 0);
  const auto found = look_at_permissions(patient.subject());
  CHECK(Patient::worst(found) == Level::problem);
  CHECK(found.at(0).mend == "chmod 600 " + (patient.state / "token").string());
}

TEST_CASE("an installed artifact that was changed, damaged or removed is told") {
  Patient patient;
  const auto folder = patient.base / "workspace" / "scenarios" / "evening";
  REQUIRE(make_directories(folder));
  REQUIRE(write_file_atomic(folder / "scenario.yaml", "id: evening\nversion: 1.0.0\n"));
  InstalledArtifact row;
  row.kind = ArtifactKind::scenario;
  row.name = row.id = "evening";
  row.version = "1.0.0";
  row.tree = registry::read_tree(folder, {}).value().digest;
  patient.database->write([&](sql::Connection& db) {
    db.run("INSERT INTO installed_artifacts (kind, name, body) VALUES ('scenario', 'evening', $1)",
           {boost::json::serialize(to_json(row))});
  });
  CHECK(Patient::worst(look_at_artifacts(patient.subject())) == Level::ok);
  std::ofstream(folder / "notes.txt") << "mine";
  CHECK(Patient::worst(look_at_artifacts(patient.subject())) == Level::warning);
  fs::remove(folder / "notes.txt");
  fs::remove(folder / "scenario.yaml");
  CHECK(Patient::worst(look_at_artifacts(patient.subject())) == Level::problem);
  fs::remove_all(folder);
  CHECK(Patient::worst(look_at_artifacts(patient.subject())) == Level::problem);
}

TEST_CASE("what an operation has left behind is told with its size") {
  Patient patient;
  const auto left = patient.state / "staging" / "op_gone";
  REQUIRE(make_directories(left));
  std::ofstream(left / "file") << std::string(1000, 'a');
  const auto found = look_at_leftovers(patient.subject());
  CHECK(Patient::worst(found) == Level::warning);
  CHECK(found.at(0).details.at("bytes") == 1000);
}

TEST_CASE("a model is found to be broken, and a changed byte of it by a deep look") {
  Patient patient;
  const models::ModelStore store(patient.base);
  REQUIRE(make_directories(store.folder("tiny")));
  REQUIRE(write_file_atomic(store.folder("tiny") / "w", "abc"));
  models::Model model;
  model.size = 3;
  model.files = {{"w", 3, models::digest_of(store.folder("tiny") / "w", {}).value()}};
  REQUIRE(write_file_atomic(store.folder("tiny") / "model.json",
                            boost::json::serialize(to_json(model))));
  auto subject = patient.subject();
  CHECK(Patient::worst(look_at_models(subject)) == Level::ok);
  std::ofstream(store.folder("tiny") / "w") << "abd";
  CHECK(Patient::worst(look_at_models(subject)) == Level::ok);
  subject.depth = Subject::Depth::deep;
  CHECK(Patient::worst(look_at_models(subject)) == Level::problem);
  fs::remove(store.folder("tiny") / "w");
  subject.depth = Subject::Depth::usual;
  CHECK(Patient::worst(look_at_models(subject)) == Level::problem);
}

TEST_CASE("a clock that was set back is told") {
  Patient patient;
  CHECK(Patient::worst(look_at_clock(patient.subject())) == Level::ok);
  patient.clock.jump(-std::chrono::hours(24 * 365 * 50));
  CHECK(Patient::worst(look_at_clock(patient.subject())) == Level::warning);
}

TEST_CASE("a stopped hub is looked at without a trace, and a damaged store is a problem") {
  Patient patient;
  patient.close();
  const auto names = [&] {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(patient.base)) {
      all.insert(entry.path().string());
    }
    return all;
  };
  const auto before = names();
  auto report = look_at_stopped(patient.base, Subject::Depth::usual, patient.clock);
  REQUIRE(report);
  CHECK(report->scope == Scope::stopped);
  CHECK(names() == before);
  {
    std::fstream file(patient.state / "hub.db", std::ios::in | std::ios::out | std::ios::binary);
    file << "this is no database";
  }
  report = look_at_stopped(patient.base, Subject::Depth::usual, patient.clock);
  REQUIRE(report);
  CHECK(report->problems >= 1);
  CHECK(report->findings.at(0).check == "store");
  CHECK(look_at_stopped(patient.base / "other", Subject::Depth::usual, patient.clock)
            .error()
            .reason == "base_directory_missing");
}

TEST_CASE("a hub that runs is not looked at behind its back") {
  Patient patient;
  const auto report = look_at_stopped(patient.base, Subject::Depth::usual, patient.clock);
  REQUIRE(!report);
  CHECK(report.error().reason == "base_directory_in_use");
}

TEST_CASE("who is to stop in the middle stops") {
  Patient patient;
  auto subject = patient.subject();
  subject.stop = [] { return true; };
  CHECK(look_at_everything(subject, {}).error().code == ErrorCode::cancelled);
}

}  // namespace
}  // namespace hub::diagnostics
