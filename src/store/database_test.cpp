#include <thread>

#include <doctest/doctest.h>

#include "store/backup.hpp"
#include "store/conformance.hpp"
#include "store/hub_file.hpp"

namespace hub::store {
namespace {

struct Place {
  TemporaryDirectory directory;
  fs::path file = directory.path() / "hub.db";
  std::unique_ptr<Database> open(DatabaseOptions options = {}) {
    auto opened = Database::open(file, options);
    if (!opened) FAIL(opened.error().message);
    return *std::move(opened);
  }
};

void put(Database& database, const std::string& key) {
  database.write([&](sql::Connection& db) { db.run("INSERT INTO meta VALUES ($1, 'x')", {key}); });
}

bool has(Database& database, const std::string& key) {
  return database.read([&](sql::Connection& db) {
    return !db.run("SELECT 1 FROM meta WHERE key = $1", {key}).empty();
  });
}

TEST_CASE("pieces beside one that throws are kept, and what it did in memory is taken back") {
  Place place;
  const auto database = place.open();
  std::atomic<int> answers{0};
  std::atomic<int> failures{0};
  int in_memory = 0;
  std::promise<void> go;
  database->write_async([held = go.get_future().share()](sql::Connection&) { held.wait(); },
                        [](const std::exception_ptr&) {});
  for (int i = 0; i < 5; ++i) {
    database->write_async(
        [&, i](sql::Connection& db) {
          db.run("INSERT INTO meta VALUES ($1, 'x')", {std::to_string(i)});
          ++in_memory;
          database->if_rolled_back([&in_memory] { --in_memory; });
          if (i == 2) throw std::runtime_error("changed my mind");
        },
        [&](const std::exception_ptr& thrown) { ++(thrown ? failures : answers); });
  }
  go.set_value();
  put(*database, "last");
  CHECK(answers == 4);
  CHECK(failures == 1);
  CHECK(in_memory == 4);
  CHECK(has(*database, "1"));
  CHECK_FALSE(has(*database, "2"));
  CHECK(database->stats().pieces_failed == 1);
  CHECK(database->stats().batch_pieces.count >= 1);
}

TEST_CASE("a full disk fails what does not fit, and the hub goes on") {
  Place place;
  const auto database = place.open();
  put(*database, "before");
  database->write([](sql::Connection& db) {
    db.run("PRAGMA max_page_count = 1");  // as many as there are
  });
  CHECK_THROWS_AS(database->write([](sql::Connection& db) {
    db.run("INSERT INTO meta VALUES ('big', $1)", {std::string(1 << 20, 'x')});
  }),
                  sql::DiskFull);
  CHECK_FALSE(has(*database, "big"));
  database->write([](sql::Connection& db) { db.run("PRAGMA max_page_count = 1000000"); });
  put(*database, "after");
  CHECK(has(*database, "after"));
}

TEST_CASE("a foreign lock is waited for, then fails the work, and the hub goes on") {
  Place place;
  const auto database = place.open({.busy_max = std::chrono::milliseconds(50)});
  {
    const auto foreign = sql::open_sqlite(place.file.string());
    foreign->run("BEGIN IMMEDIATE");
    CHECK_THROWS_AS(put(*database, "a"), sql::Busy);
    foreign->run("ROLLBACK");
  }
  put(*database, "b");
  CHECK(has(*database, "b"));
}

TEST_CASE("the log is moved into the file when nothing is written for a moment") {
  Place place;
  const auto database = place.open({.idle_before_checkpoint = std::chrono::milliseconds(1)});
  put(*database, "a");
  for (int i = 0; i < 1000 && database->stats().checkpoints == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(database->stats().checkpoints == 1);
  CHECK(database->stats().wal_bytes > 0);
  CHECK(database->measure_fsync());
  CHECK(database->check_integrity().empty());
}

TEST_CASE("the log is moved beside writers and readers, stays short, and nothing is lost") {
  constexpr int rows = 400;
  constexpr std::int64_t wal_bytes_max = 512 << 10;
  Place place;
  std::int64_t longest = 0;
  {
    const auto database = place.open({.idle_before_checkpoint = std::chrono::milliseconds(1),
                                      .wal_bytes_busy = 64 << 10,
                                      .wal_bytes_max = wal_bytes_max});
    std::atomic<bool> over = false;
    std::thread reader([&] {
      while (!over) CHECK(has(*database, "none") == false);
    });
    std::vector<std::thread> writers;
    for (const char* name : {"a", "b"}) {
      writers.emplace_back([&database, name] {
        for (int i = 0; i < rows; ++i) {
          const std::string key = name + std::to_string(i);
          database->write([&](sql::Connection& db) {
            db.run("INSERT INTO meta VALUES ($1, $2)", {key, std::string(3000, 'x')});
          });
          if (i % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(3));
        }
      });
    }
    for (auto& writer : writers) writer.join();
    longest = database->stats().wal_bytes;
    over = true;
    reader.join();
    CHECK(database->stats().checkpoints > 3);
  }
  CHECK(longest < 2 * wal_bytes_max);
  const auto database = place.open({});
  for (int i = 0; i < rows; ++i) {
    CHECK(has(*database, "a" + std::to_string(i)));
    CHECK(has(*database, "b" + std::to_string(i)));
  }
  CHECK(database->check_integrity().empty());
}

TEST_CASE("a file that is no hub's is refused with a reason and left as it is") {
  Place place;
  const auto refused = [&] {
    const auto opened = Database::open(place.file);
    return opened ? std::string("opened") : opened.error().reason;
  };
  REQUIRE(write_file_atomic(place.file, std::string(8192, 'x')));
  CHECK(refused() == "database_unreadable");
  CHECK(read_file(place.file).value() == std::string(8192, 'x'));
  fs::remove(place.file);
  sql::open_sqlite(place.file.string(), sql::Access::scratch)->run("CREATE TABLE cats (name TEXT)");
  const auto before = read_file(place.file).value();
  CHECK(refused() == "database_foreign");
  CHECK(read_file(place.file).value() == before);
  fs::remove(place.file);
  place.open();
  sql::open_sqlite(place.file.string(), sql::Access::scratch)->run("DROP TABLE notifications");
  CHECK(refused() == "database_incomplete");
  fs::remove(place.file);
  REQUIRE(write_file_atomic(place.file.string() + "-wal", "a log without its file"));
  CHECK(refused() == "database_incomplete");
  CHECK(fs::exists(place.file.string() + "-wal"));
}

TEST_CASE("a backup is taken while the hub runs, and restored with a new feed and epoch") {
  ManualClock clock{Time{std::chrono::hours(24 * 365 * 56)}};
  Bench<SqliteEngine> bench;
  const auto file = bench.engine.file();
  const auto kept = bench.accept("weather");
  const auto target = file.parent_path() / "copy.db";
  const auto taken = backup(file, target);
  REQUIRE(taken);
  CHECK(taken->operations == 1);
  CHECK(taken->live == 1);
  CHECK(taken->bytes == fs::file_size(target));
  CHECK_FALSE(fs::exists(target.string() + "-wal"));
  CHECK(backup(file, target).error().reason == "backup_exists");
  CHECK(backup(file.parent_path() / "none.db", target).error().reason == "database_missing");
  const auto lost = bench.accept("alarm");
  CHECK(restore(target, file, clock).error().reason == "base_directory_in_use");
  const auto epoch = bench->database().boot_epoch();
  const auto feed = bench->database().feed_id();
  bench.engine.close();
  const auto restored = restore(target, file, clock);
  REQUIRE(restored);
  CHECK(restored->boot_epoch > epoch);
  CHECK(fs::exists(restored->moved_aside));
  bench.engine.open();
  CHECK(bench->find(kept));
  CHECK_FALSE(bench->find(lost));
  CHECK(bench->database().boot_epoch() > restored->boot_epoch);
  CHECK(bench->database().feed_id() != feed);
  bench.engine.close();
  REQUIRE(restore(restored->moved_aside, file, clock));  // and back: nothing was destroyed
  bench.engine.open();
  CHECK(bench->find(lost));
}

TEST_CASE("a damaged or foreign backup is refused and nothing is moved") {
  Place place;
  place.open();
  const ManualClock clock{Time{}};
  const auto bad = place.directory.path() / "bad.db";
  CHECK(restore(bad, place.file, clock).error().reason == "backup_missing");
  REQUIRE(write_file_atomic(bad, "not a database at all"));
  CHECK(restore(bad, place.file, clock).error().reason == "database_unreadable");
  REQUIRE(backup(place.file, place.directory.path() / "good.db"));
  auto bytes = read_file(place.directory.path() / "good.db").value();
  for (std::size_t at = 8192 * 3; at < bytes.size(); ++at) bytes[at] = 'z';
  REQUIRE(write_file_atomic(bad, bytes));
  CHECK(restore(bad, place.file, clock).error().code == ErrorCode::invalid);
  CHECK(place.open());
  for (const auto& entry : fs::directory_iterator(place.directory.path())) {
    CHECK(entry.path().string().find("restor") == std::string::npos);
  }
}

}  // namespace
}  // namespace hub::store
