#include <doctest/doctest.h>

#include "base/files.hpp"
#include "sql/full_text.hpp"

namespace hub::sql {
namespace {

TEST_CASE("values come back as they were given, with zero bytes inside") {
  auto db = open_sqlite(":memory:");
  db->run("CREATE TABLE t (i INTEGER, d REAL, s TEXT, b BLOB, n TEXT) STRICT");
  const std::string odd("a\0b", 3);
  db->run("INSERT INTO t VALUES ($1, $2, $3, $4, $5)",
          {std::int64_t{-7}, 0.5, odd, Blob{odd}, Value{}});
  const auto rows = db->run("SELECT i, d, s, b, n FROM t");
  REQUIRE(rows.size() == 1);
  CHECK(integer(rows[0][0]) == -7);
  CHECK(text(rows[0][2]) == odd);
  CHECK(blob(rows[0][3]) == odd);
  CHECK(is_null(rows[0][4]));
}

TEST_CASE("the rows of a match come at once, as many as are wanted") {
  auto db = open_sqlite(":memory:");
  db->run("CREATE VIRTUAL TABLE t USING fts5(words, detail = none, prefix = '2')");
  for (std::int64_t i = 1; i <= 300; ++i) {
    db->run("INSERT INTO t(rowid, words) VALUES ($1, $2)", {i, i % 3 == 0 ? "red" : "blue"});
  }
  const auto rows = [&](std::string_view phrase, std::int64_t rows_max) {
    return match_rows(*db, "SELECT hub_rows(t, $2) FROM t WHERE t MATCH $1 LIMIT 1", phrase,
                      rows_max);
  };
  CHECK(rows("\"red\"", 1000).count() == 100);
  CHECK(rows("\"re\"*", 1000).has(300));
  CHECK_FALSE(rows("\"red\"", 1000).has(1));
  CHECK(rows("\"blue\"", 7).count() == 7);
  CHECK(rows("\"green\"", 1000).empty());
  CHECK_THROWS_AS(rows("\"", 1000), Failure);
  CHECK(rows("\"blue\"", 1000).count() == 200);
  RowSet both = rows("\"red\"", 1000);
  both.add_all(rows("\"blue\"", 1000));
  CHECK(both.count() == 300);
  both.keep_only(rows("\"blue\"", 7));
  CHECK(both.count() == 7);
}

TEST_CASE("a transaction that throws leaves nothing behind") {
  auto db = open_sqlite(":memory:");
  db->run("CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
  CHECK_THROWS_AS(db->transaction([&] {
    db->run("INSERT INTO t VALUES (1)");
    db->run("INSERT INTO t VALUES (1)");
  }),
                  ConstraintFailure);
  CHECK(db->run("SELECT i FROM t").empty());
}

TEST_CASE("a statement works again after it was refused once") {
  auto db = open_sqlite(":memory:");
  db->run("CREATE TABLE t (i INTEGER PRIMARY KEY) STRICT");
  for (const std::int64_t i : {1, 1, 2}) {
    try {
      db->run("INSERT INTO t VALUES ($1)", {i});
    } catch (const ConstraintFailure&) {
      CHECK(i == 1);
    }
  }
  CHECK(db->run("SELECT i FROM t").size() == 2);
}

TEST_CASE("a reader sees what was committed and cannot write") {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "t.db").string();
  auto writer = open_sqlite(path);
  writer->run("CREATE TABLE t (i INTEGER) STRICT");
  auto reader = open_sqlite(path, Access::read_only);
  writer->run("INSERT INTO t VALUES (5)");
  CHECK(integer(reader->run("SELECT i FROM t").at(0).at(0)) == 5);
  CHECK_THROWS_AS(reader->run("INSERT INTO t VALUES (6)"), Failure);
}

TEST_CASE("a cell of another type than expected is a failure, not a guess") {
  auto db = open_sqlite(":memory:");
  CHECK_THROWS_AS(integer(db->run("SELECT 'x'").at(0).at(0)), Failure);
  CHECK_THROWS_AS(text(db->run("SELECT 1").at(0).at(0)), Failure);
}

}  // namespace
}  // namespace hub::sql
