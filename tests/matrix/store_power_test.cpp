#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <sstream>

#include <doctest/doctest.h>

#include "base/log.hpp"
#include "matrix/busy_store.hpp"
#include "matrix/children.hpp"
#include "matrix/disk_model.hpp"
#include "matrix/store_checks.hpp"

namespace hub::matrix {
namespace {

const int in_memory = [] {
  const bool roomy = fs::is_directory("/dev/shm") && fs::space("/dev/shm").available > 1U << 30U;
  return roomy ? ::setenv("TMPDIR", "/dev/shm", 0) : 0;
}();

// Nothing in the log: what goes wrong here is meant to.
const int quiet = (log::set_level(static_cast<log::Level>(4)), 0);

std::size_t times(std::size_t everyday, std::size_t full) {
  return given("HUB_MATRIX_FULL") == "1" ? full : everyday;
}

// What a store tells after a restart on this folder.
std::vector<std::string> after_restart(const fs::path& folder,
                                       const std::vector<store::OperationEvent>& read) {
  BusyStore again(folder, 1);
  auto found = store_violations_of(again.store(), read);
  for (const auto& row : again.store().database().read(
           [](sql::Connection& db) { return db.run("PRAGMA integrity_check"); })) {
    if (sql::text(row[0]) != "ok") found.push_back("the file is damaged: " + sql::text(row[0]));
  }
  for (int i = 0; i < 5; ++i) again.do_something();
  return found;
}

// Copies of a busy store between any two calls that change a file; what it had answered by then
// must be there after a restart.
struct PowerCuts {
  std::atomic<std::size_t> cuts{0}, calls{0};
  std::vector<std::string> violations;

  void run(std::size_t cuts_wanted, const std::function<bool(const Call&)>& skip_sync = {}) {
    const TemporaryDirectory directory;
    const auto folder = directory.path() / "base";
    fs::create_directory(folder);
    DiskModel disk(folder);
    std::vector<store::OperationEvent> read;
    struct Copy {
      fs::path folder;
      std::vector<store::OperationEvent> read;
    };
    std::vector<Copy> copies;
    std::mutex mutex;  // of the two: the store's own threads change files, too
    disk.set_hooks({.before =
                        [&](const Call&) {
                          const std::lock_guard guard(mutex);
                          if (++calls % 7 != 0 || cuts >= cuts_wanted) return;
                          copies.push_back({directory.path() / std::to_string(++cuts), read});
                          disk.copy_power_lost(copies.back().folder,
                                               {PowerCut::Unsynced::by_chance, cuts});
                        },
                    .skip_sync = skip_sync});
    const auto pull = [&](const Copy& copy) {
      try {
        for (auto& one : after_restart(copy.folder, copy.read)) violations.push_back(one);
      } catch (const std::exception& thrown) {
        violations.push_back(thrown.what());
      }
      fs::remove_all(copy.folder);
    };
    BusyStore busy(folder, 7);
    while (cuts < cuts_wanted && violations.size() < 10) {
      busy.do_something();
      auto feed = busy.feed();
      std::vector<Copy> taken;
      {
        const std::lock_guard guard(mutex);
        read = std::move(feed);
        taken = std::exchange(copies, {});
      }
      for (const auto& copy : taken) pull(copy);
    }
  }
};

TEST_CASE("a store keeps what it has answered, over power cuts between any two calls") {
  PowerCuts power;
  power.run(times(600, 20'000));
  for (const auto& one : power.violations) FAIL_CHECK(one);
  std::cout << "store: " << power.cuts << " power cuts in " << power.calls << " changes of files, "
            << power.violations.size() << " violations\n";
}

TEST_CASE("a store that forgets the fsync of its log is found out") {
  // In a process of its own: a damaged store may end it.
  const auto ran = run_child("child: a store without fsync", {});
  INFO(ran.output, ran.errors);
  CHECK(ran.exit_code != 0);
}

TEST_CASE("child: a store without fsync" * doctest::skip()) {
  PowerCuts power;
  power.run(300, [](const Call& call) { return call.path.ends_with("-wal"); });
  CHECK(power.violations.empty());
}

TEST_CASE("a full disk refuses and harms nothing, whatever write it comes at") {
  for (std::size_t at = 1; at <= times(40, 200); ++at) {
    CAPTURE(at);
    const TemporaryDirectory directory;
    DiskModel disk(directory.path());
    BusyStore busy(directory.path(), at);
    std::size_t writes = 0, refused = 0;
    disk.set_hooks({.refuse = [&](const Call& call) {
      const bool grows = call.kind == CallKind::write || call.kind == CallKind::truncate;
      if (!grows || !call.path.starts_with("hub.db")) return 0;
      ++writes;
      const bool full = writes >= at && writes < at + 1 + at % 5;
      if (full) ++refused;
      return full ? ENOSPC : 0;
    }});
    std::size_t failures = 0;
    while (writes < at + 60) {
      try {
        busy.do_something();
      } catch (const sql::DiskFull&) {
        ++failures;
      }
    }
    CHECK(refused > 0);
    CHECK(failures > 0);
    disk.set_hooks({});
    const auto read = busy.feed();
    for (const auto& one : store_violations_of(busy.store(), read)) FAIL_CHECK(one);
    const auto copy = directory.path() / "copy";
    disk.copy_power_lost(copy, {PowerCut::Unsynced::lost, at});
    for (const auto& one : after_restart(copy, read)) FAIL_CHECK(one);
  }
}

// In a process of its own: accepts and tells each, while the n-th call of a kind goes wrong.
TEST_CASE("child: a store on a broken disk" * doctest::skip()) {
  const fs::path folder = given("HUB_CHILD_FOLDER");
  const auto kind = static_cast<CallKind>(std::stoi(given("HUB_CHILD_CALL")));
  const auto at = std::stoull(given("HUB_CHILD_AT"));
  const std::string file = given("HUB_CHILD_FILE");
  DiskModel disk(folder);
  BusyStore busy(folder, at);
  std::size_t calls = 0;
  disk.set_hooks({.refuse = [&](const Call& call) {
    const bool meant = call.kind == kind && call.path.ends_with(file);
    return meant && ++calls == at ? EIO : 0;
  }});
  for (int i = 0; i < 40; ++i) std::cout << busy.accept().text() << std::endl;
}

void break_the_disk(CallKind kind, const std::string& file) {
  for (std::size_t at = 1; at <= times(4, 20); ++at) {
    CAPTURE(at);
    const TemporaryDirectory directory;
    const auto folder = directory.path() / "base";
    fs::create_directory(folder);
    const auto ran = run_child("child: a store on a broken disk",
                               {"HUB_CHILD_FOLDER=" + folder.string(),
                                "HUB_CHILD_CALL=" + std::to_string(static_cast<int>(kind)),
                                "HUB_CHILD_FILE=" + file, "HUB_CHILD_AT=" + std::to_string(at)});
    INFO(ran.errors);
    CHECK(ran.exit_code == EXIT_FAILURE);
    CHECK(ran.errors.find("Sanitizer") == std::string::npos);
    DiskModel disk(folder);
    BusyStore again(folder, 1);
    for (const auto& one : store_violations_of(again.store(), {})) FAIL_CHECK(one);
    std::istringstream told(ran.output);
    std::size_t answered = 0;
    for (std::string id; std::getline(told, id);) {
      if (!id.starts_with("op_")) continue;
      ++answered;
      CHECK(again.store().find(OperationId(id)));
    }
    // What was not answered may be there, but no more than the one that was under way.
    store::OperationFilter everything;
    everything.limit = 1000;
    CHECK(again.store().list(everything).size() <= answered + 1);
    // Linux never writes what a failed fsync left: nothing may be built on it.
    for (int i = 0; i < 3; ++i) again.accept();
    const auto copy = directory.path() / "copy";
    disk.copy_power_lost(copy, {PowerCut::Unsynced::lost, 0});
    for (const auto& one : after_restart(copy, again.feed())) FAIL_CHECK(one);
  }
}

TEST_CASE("a failed fsync of the log ends the process; the next start has all it answered") {
  break_the_disk(CallKind::sync_file, "-wal");
}

TEST_CASE("a failed write to the log ends the process; the next start has all it answered") {
  break_the_disk(CallKind::write, "-wal");
}

TEST_CASE("child: another process holds the database" * doctest::skip()) {
  const auto db = sql::open_sqlite(given("HUB_CHILD_FOLDER") + "/hub.db");
  db->run("BEGIN IMMEDIATE");
  fs::remove(fs::path(given("HUB_CHILD_FOLDER")) / "free");
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(std::stoi(given("HUB_CHILD_MS")));
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  db->run("ROLLBACK");
}

TEST_CASE("a store waits for another process that holds the database, and loses nothing by it") {
  const TemporaryDirectory directory;
  BusyStore busy(directory.path(), 1);
  std::ofstream(directory.path() / "free") << "\n";
  std::thread other([&] {
    const auto ran =
        run_child("child: another process holds the database",
                  {"HUB_CHILD_FOLDER=" + directory.path().string(), "HUB_CHILD_MS=2500"});
    CHECK(ran.exit_code == 0);
  });
  while (fs::exists(directory.path() / "free")) std::this_thread::yield();
  const auto began = std::chrono::steady_clock::now();
  const auto id = busy.accept();
  CHECK(std::chrono::steady_clock::now() - began > std::chrono::seconds(1));
  other.join();
  CHECK(busy.store().find(id));
  for (const auto& one : store_violations_of(busy.store(), busy.feed())) FAIL_CHECK(one);
}

}  // namespace
}  // namespace hub::matrix
