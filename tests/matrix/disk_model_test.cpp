#include "matrix/disk_model.hpp"

#include <fstream>
#include <utility>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/process.hpp"
#include "git/repository.hpp"
#include "sql/connection.hpp"

namespace hub::matrix {
namespace {

// In memory where there is room: the model needs no real disk. Before anything asks for a folder.
const int in_memory = [] {
  const bool roomy = fs::is_directory("/dev/shm") && fs::space("/dev/shm").available > 1U << 30U;
  return roomy ? ::setenv("TMPDIR", "/dev/shm", 0) : 0;
}();

// A folder under a model, and a place for copies of it.
struct Bench {
  TemporaryDirectory directory;
  fs::path root = directory.path() / "root";
  std::unique_ptr<DiskModel> disk;
  int copies = 0;

  Bench() {
    REQUIRE(make_directories(root / "a"));
    REQUIRE(make_directories(root / "b"));
    REQUIRE(write_file_atomic(root / "a/old", "old"));
    disk = std::make_unique<DiskModel>(root);
  }
  fs::path next() { return directory.path() / ("copy" + std::to_string(++copies)); }
  fs::path killed() {
    const auto to = next();
    disk->copy_killed(to);
    return to;
  }
  fs::path lost(PowerCut::Unsynced unsynced = PowerCut::Unsynced::lost, std::uint64_t seed = 0) {
    const auto to = next();
    disk->copy_power_lost(to, {unsynced, seed});
    return to;
  }
  // What a file holds after many power cuts; "-" where it is missing.
  std::set<std::string> fates(const fs::path& file) {
    std::set<std::string> all;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
      const auto copy = lost(PowerCut::Unsynced::by_chance, seed);
      all.insert(read_file(copy / file).value_or("-"));
      fs::remove_all(copy);
    }
    return all;
  }
  void write(const fs::path& file, std::string_view bytes) const {
    std::ofstream(root / file, std::ios::binary) << bytes;
  }
};

using Texts = std::set<std::string>;

std::uint64_t number_of(const fs::path& path) {
  struct stat found{};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_ino;
}

TEST_CASE("a killed process leaves what it wrote, synced or not") {
  Bench bench;
  bench.write("a/new", "new");
  CHECK(read_file(bench.killed() / "a/new").value() == "new");
}

TEST_CASE("without fsync a file may be there whole, empty, or not at all") {
  Bench bench;
  bench.write("a/new", "new");
  CHECK(bench.fates("a/new") == Texts{"new", "", "-"});
  CHECK(read_file(bench.lost(PowerCut::Unsynced::kept) / "a/new").value() == "new");
  CHECK_FALSE(fs::exists(bench.lost() / "a/new"));
}

TEST_CASE("fsync keeps the bytes, and fsync of the directory the name") {
  Bench bench;
  bench.write("a/new", "new");
  REQUIRE(sync_path(bench.root / "a/new"));
  CHECK(bench.fates("a/new") == Texts{"new", "-"});
  REQUIRE(sync_path(bench.root / "a"));
  CHECK(bench.fates("a/new") == Texts{"new"});
}

TEST_CASE("an unsynced overwrite leaves the old, the new, or both torn at sectors") {
  Bench bench;
  const std::string before(1024, 'o'), after(1024, 'n');
  bench.write("a/file", before);
  REQUIRE(sync_tree(bench.root));
  {
    std::fstream file(bench.root / "a/file", std::ios::in | std::ios::out | std::ios::binary);
    file << after;
  }
  CHECK(bench.fates("a/file") == Texts{before, after, before.substr(512) + after.substr(512),
                                       after.substr(512) + before.substr(512)});
}

TEST_CASE("a later write may survive an earlier one") {
  Bench bench;
  bench.write("a/file", "....");
  REQUIRE(sync_tree(bench.root));
  {
    std::fstream file(bench.root / "a/file", std::ios::in | std::ios::out | std::ios::binary);
    file << "1" << std::flush << "2" << std::flush;
  }
  CHECK(bench.fates("a/file") == Texts{"....", "1...", ".2..", "12.."});
}

TEST_CASE("a file that was emptied to be written anew may come back as it was, or as a mixture") {
  Bench bench;
  bench.write("a/old", "ne");
  const auto found = bench.fates("a/old");
  CHECK(found.contains("old"));
  CHECK(found.contains("ne"));
  CHECK(found.contains("ned"));
  CHECK(found.contains(""));
}

TEST_CASE("what was replaced by a rename comes back until the directory is synced") {
  Bench bench;
  bench.write("a/new", "new");
  REQUIRE(sync_path(bench.root / "a/new"));
  fs::rename(bench.root / "a/new", bench.root / "a/old");
  CHECK(bench.fates("a/old") == Texts{"old", "new"});
  REQUIRE(sync_path(bench.root / "a"));
  CHECK(bench.fates("a/old") == Texts{"new"});
  CHECK(bench.fates("a/new") == Texts{"-"});
}

TEST_CASE("a file replaced as files.hpp does it is the old or the new one, and then the new one") {
  Bench bench;
  std::set<std::string> found;
  bench.disk->set_hooks({.before = [&](const Call&) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      found.insert(read_file(bench.lost(PowerCut::Unsynced::by_chance, seed) / "a/old").value());
    }
  }});
  REQUIRE(write_file_atomic(bench.root / "a/old", "new"));
  CHECK(found == Texts{"old", "new"});
  CHECK(read_file(bench.lost() / "a/old").value() == "new");
}

TEST_CASE("a rename over two directories happens in both or in neither") {
  Bench bench;
  fs::rename(bench.root / "a/old", bench.root / "b/old");
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    const auto copy = bench.lost(PowerCut::Unsynced::by_chance, seed);
    CHECK(fs::exists(copy / "a/old") != fs::exists(copy / "b/old"));
  }
  REQUIRE(sync_path(bench.root / "b"));
  CHECK(bench.fates("b/old") == Texts{"old", "-"});  // the other half is still to come
  REQUIRE(sync_path(bench.root / "a"));
  CHECK(bench.fates("b/old") == Texts{"old"});
  CHECK(bench.fates("a/old") == Texts{"-"});
}

TEST_CASE("directories, trees and renames that files.hpp calls durable are") {
  Bench bench;
  REQUIRE(make_directories(bench.root / "x/y/z"));
  CHECK(fs::is_directory(bench.lost() / "x/y/z"));
  bench.write("x/y/z/file", "bytes");
  REQUIRE(sync_tree(bench.root / "x/y/z"));
  CHECK(bench.fates("x/y/z/file") == Texts{"bytes"});
  fs::create_directory(bench.root / "x/tree");
  bench.write("x/tree/file", "bytes");
  REQUIRE(sync_tree(bench.root / "x/tree"));
  CHECK(bench.fates("x/tree/file") == Texts{"bytes"});
  REQUIRE(rename_durable(bench.root / "x/tree", bench.root / "b/tree"));
  CHECK(bench.fates("b/tree/file") == Texts{"bytes"});
  CHECK(bench.fates("x/tree/file") == Texts{"-"});
  REQUIRE(remove_tree(bench.root / "b/tree"));
  CHECK(fs::exists(bench.lost() / "b/tree"));
  REQUIRE(remove_tree_durable(bench.root / "b/tree"));
  CHECK_FALSE(fs::exists(bench.lost() / "b/tree"));
}

TEST_CASE("two directories that were exchanged stand so after their parents are synced") {
  Bench bench;
  bench.write("a/who", "first");
  bench.write("b/who", "second");
  REQUIRE(sync_tree(bench.root));
  const auto first = number_of(bench.root / "a");
  bench.disk->set_hooks({.skip_sync = [](const Call&) { return true; }});
  REQUIRE(exchange_durable(bench.root / "a", bench.root / "b"));
  CHECK(number_of(bench.root / "b") == first);
  CHECK(bench.fates("a/who") == Texts{"first", "second"});
  bench.disk->set_hooks({});
  REQUIRE(sync_path(bench.root));
  CHECK(bench.fates("a/who") == Texts{"second"});
  CHECK(bench.fates("b/who") == Texts{"first"});
}

TEST_CASE("a directory's changes survive in the order they were made") {
  Bench bench;
  for (const char* name : {"1", "2", "3"})
    REQUIRE(::mkdir((bench.root / "a" / name).c_str(), 0755) == 0);
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    const auto copy = bench.lost(PowerCut::Unsynced::by_chance, seed) / "a";
    CHECK((!fs::exists(copy / "2") || fs::exists(copy / "1")));
    CHECK((!fs::exists(copy / "3") || fs::exists(copy / "2")));
  }
}

TEST_CASE("a removed tree comes back with everything in it") {
  Bench bench;
  REQUIRE(remove_tree(bench.root / "a"));
  CHECK_FALSE(fs::exists(bench.killed() / "a"));
  CHECK(read_file(bench.lost() / "a/old").value() == "old");
  REQUIRE(sync_path(bench.root));
  CHECK_FALSE(fs::exists(bench.lost() / "a"));
}

TEST_CASE("a directory whose name was not synced takes everything below it along") {
  Bench bench;
  fs::create_directory(bench.root / "a/new");
  REQUIRE(write_file_atomic(bench.root / "a/new/file", "bytes"));
  CHECK(bench.fates("a/new/file") == Texts{"-", "bytes"});
  CHECK_FALSE(fs::exists(bench.lost() / "a/new"));
}

TEST_CASE("what another program wrote is lost, until it is synced with the directory around it") {
  Bench bench;
  const auto file = bench.root / "a/made/foreign";
  REQUIRE(run_process(
      {.arguments = {"sh", "-c",
                     "mkdir " + file.parent_path().string() + " && echo x > " + file.string()}}));
  CHECK(read_file(bench.killed() / "a/made/foreign").value() == "x\n");
  CHECK_FALSE(fs::exists(bench.lost(PowerCut::Unsynced::kept) / "a/made"));
  REQUIRE(sync_tree(bench.root / "a"));
  CHECK(read_file(bench.lost() / "a/made/foreign").value() == "x\n");
}

TEST_CASE("what another program changed in a known file is lost, not taken for synced") {
  Bench bench;
  REQUIRE(run_process({.arguments = {"sh", "-c", "echo y >> " + (bench.root / "a/old").string()}}));
  std::ofstream(bench.root / "a/old", std::ios::app) << "z";
  CHECK_FALSE(bench.fates("a/old").contains("oldy\nz"));
  REQUIRE(sync_path(bench.root / "a/old"));
  CHECK(read_file(bench.lost() / "a/old").value() == "oldy\nz");
}

TEST_CASE("a copy keeps inode numbers, and a freed number is given again") {
  Bench bench;
  const auto before = number_of(bench.root / "a");
  CHECK(number_of(bench.root / "a/old") != before);
  const auto killed = bench.killed(), lost = bench.lost();
  fs::create_directory(bench.root / "c");
  const auto third = number_of(bench.root / "c");
  fs::remove(bench.root / "c");
  fs::create_directory(bench.root / "d");
  CHECK(number_of(bench.root / "d") == third);
  bench.disk.reset();
  for (const auto& copy : {killed, lost}) {
    bench.disk = std::make_unique<DiskModel>(copy);
    CHECK(number_of(copy / "a") == before);
    bench.disk.reset();
  }
}

TEST_CASE(
    "what a killed process did not sync may still be lost with the power, after its restart") {
  Bench bench;
  bench.write("a/new", "new");
  fs::rename(bench.root / "a/old", bench.root / "b/old");
  fs::create_directory(bench.root / "c");
  REQUIRE(sync_path(bench.root / "a/new"));
  const auto killed = bench.killed();
  bench.disk.reset();
  bench.disk = std::make_unique<DiskModel>(killed);
  CHECK(bench.fates("a/new") == Texts{"new", "-"});
  CHECK(bench.fates("a/old") == Texts{"old", "-"});
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    const auto copy = bench.lost(PowerCut::Unsynced::by_chance, seed);
    CHECK(fs::exists(copy / "a/old") != fs::exists(copy / "b/old"));
  }
  CHECK_FALSE(fs::exists(bench.lost() / "c"));
  REQUIRE(sync_path(killed));
  CHECK(fs::exists(bench.lost() / "c"));
  std::ofstream(killed / "b/old") << "newer";
  REQUIRE(sync_tree(killed));
  CHECK(bench.fates("b/old") == Texts{"newer"});
  CHECK(bench.fates("a/old") == Texts{"-"});
}

TEST_CASE("what a failed fsync left is never written by a later one, also of the next process") {
  Bench bench;
  bench.write("a/file", "....");
  REQUIRE(sync_tree(bench.root));
  const auto write_at = [&](std::streamoff at, const char* bytes) {
    std::fstream file(bench.root / "a/file", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at) << bytes;
  };
  write_at(0, "12");
  bench.disk->set_hooks(
      {.refuse = [](const Call& call) { return call.kind == CallKind::sync_file ? EIO : 0; }});
  CHECK_FALSE(sync_path(bench.root / "a/file"));
  bench.disk.reset();
  bench.disk = std::make_unique<DiskModel>(bench.root);
  CHECK(read_file(bench.root / "a/file").value() == "12..");
  write_at(2, "3");
  REQUIRE(sync_path(bench.root / "a/file"));
  CHECK(bench.fates("a/file") == Texts{"..3."});
  write_at(1, "2");
  REQUIRE(sync_path(bench.root / "a/file"));
  CHECK(bench.fates("a/file") == Texts{".23."});
}

TEST_CASE("a skipped fsync answers well and keeps nothing") {
  Bench bench;
  bench.disk->set_hooks(
      {.skip_sync = [](const Call& call) { return call.kind == CallKind::sync_file; }});
  REQUIRE(write_file_atomic(bench.root / "a/old", "new"));
  CHECK(bench.fates("a/old") == Texts{"new", ""});
}

TEST_CASE("a refused call fails with the error it was given, and changes nothing") {
  Bench bench;
  bench.disk->set_hooks({.refuse = [](const Call& call) {
    return call.kind == CallKind::write && call.path.starts_with("a/") ? ENOSPC : 0;
  }});
  CHECK(write_file_atomic(bench.root / "a/old", "new").error().code == ErrorCode::exhausted);
  CHECK(write_file_atomic(bench.root / "b/other", "new"));
  CHECK(read_file(bench.root / "a/old").value() == "old");
  CHECK(std::distance(fs::directory_iterator(bench.root / "a"), fs::directory_iterator()) == 1);
}

TEST_CASE("SQLite, libgit2 and libstdc++ write through the model") {
  Bench bench;
  const auto seen = [&](CallKind kind) { return bench.disk->count(kind); };
  auto writes = seen(CallKind::write), syncs = seen(CallKind::sync_file);
  {
    auto db = sql::open_sqlite((bench.root / "t.db").string());
    db->run("CREATE TABLE t (i INTEGER) STRICT");
    db->run("INSERT INTO t VALUES (1)");
    CHECK(seen(CallKind::write) > writes);
    CHECK(seen(CallKind::sync_file) > syncs);
    const auto copy = bench.lost();
    auto after = sql::open_sqlite((copy / "t.db").string());
    CHECK(after->run("SELECT i FROM t").size() == 1);
  }
  const auto made = seen(CallKind::make_directory);
  writes = seen(CallKind::write);
  REQUIRE(git::Repository::init_bare(bench.root / "repository"));
  CHECK(seen(CallKind::make_directory) > made);
  CHECK(seen(CallKind::write) > writes);
  writes = seen(CallKind::write);
  bench.write("a/by_stream", "bytes");
  fs::copy_file(bench.root / "a/old", bench.root / "a/copied");
  CHECK(seen(CallKind::write) == writes + 2);
}

TEST_CASE(
    "SQLite keeps what it committed and forgets what it did not, over a thousand power cuts") {
  Bench bench;
  std::int64_t committed = 0;
  std::uint64_t cuts = 0, calls = 0;
  std::vector<fs::path> copies;  // outlives the connection, whose end changes files, too
  auto db = sql::open_sqlite((bench.root / "t.db").string());
  db->run("CREATE TABLE t (i INTEGER PRIMARY KEY, filler TEXT) STRICT");
  db->run("PRAGMA wal_autocheckpoint = 20");
  bench.disk->set_hooks({.before = [&](const Call&) {
    if (++calls % 3 == 0) copies.push_back(bench.lost(PowerCut::Unsynced::by_chance, ++cuts));
  }});
  while (cuts < 1000) {
    db->run("INSERT INTO t VALUES ($1, $2)", {committed + 1, std::string(3000, 'x')});
    for (const auto& copy : std::exchange(copies, {})) {
      {
        auto after = sql::open_sqlite((copy / "t.db").string());
        const auto rows = after->run("SELECT COUNT(*), COALESCE(MAX(i), 0) FROM t");
        const auto count = sql::integer(rows.at(0).at(0));
        CHECK(count == sql::integer(rows.at(0).at(1)));
        CHECK((count == committed || count == committed + 1));
        CHECK(sql::text(after->run("PRAGMA integrity_check").at(0).at(0)) == "ok");
      }
      fs::remove_all(copy);
    }
    ++committed;
  }
  CHECK(committed > 50);
}

}  // namespace
}  // namespace hub::matrix
