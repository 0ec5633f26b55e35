#include "operations/operation_log.hpp"

#include <doctest/doctest.h>

#include "base/hash.hpp"

namespace hub::operations {
namespace {

struct Desktop {
  TemporaryDirectory directory;
  ManualClock clock{parse_time("2026-01-02T03:04:05.678Z").value()};
  OperationId id{"op_" + uuid_v7(to_millis(clock.now()))};
  OperationLogs logs{directory.path() / "logs", clock};

  fs::path file(const char* suffix = ".log") const {
    return directory.path() / "logs" / "202601" / (id.text() + suffix);
  }
  std::string all() {
    std::string text;
    for (std::int64_t at = 0;;) {
      const auto part = logs.read(id, at);
      if (part.text.empty()) return text;
      text += part.text;
      at = part.next_offset;
    }
  }
};

TEST_CASE("a line has its time and its step, and lies in the month of its operation") {
  Desktop desk;
  int rings = 0;
  const auto bell = desk.logs.lines().subscribe([&] { ++rings; });
  desk.logs.append(desk.id, "fetch", "hello");
  CHECK(desk.all() == "2026-01-02T03:04:05.678Z fetch: hello\n");
  CHECK(fs::exists(desk.file()));
  CHECK(rings == 1);
}

TEST_CASE("what is read goes on from where it ended") {
  Desktop desk;
  desk.logs.append(desk.id, "a", "one");
  const auto first = desk.logs.read(desk.id, 0);
  CHECK(desk.logs.read(desk.id, first.next_offset).text.empty());
  desk.logs.append(desk.id, "a", "two");
  const auto second = desk.logs.read(desk.id, first.next_offset);
  CHECK(second.text == "2026-01-02T03:04:05.678Z a: two\n");
  CHECK(desk.logs.read(desk.id, 0, 50).text == first.text);  // whole lines only
  CHECK(desk.logs.read(OperationId("op_none"), 0).text.empty());
}

TEST_CASE("several lines at once stay several, long ones are cut, and none steers a terminal") {
  Desktop desk;
  desk.logs.append(desk.id, "pip", "one\ntwo\n");
  desk.logs.append(desk.id, "pip", std::string(5000, 'x'));
  desk.logs.append(desk.id, "pip", "red \x1b[31m");
  const auto lines = desk.logs.tail(desk.id, 10);
  REQUIRE(lines.size() == 4);
  CHECK(lines[1].ends_with("pip: two"));
  CHECK(lines[2].ends_with("x [904 bytes of this line are cut]"));
  CHECK(lines[3].ends_with("red ?[31m"));
}

TEST_CASE("a log keeps its beginning and its end, and says what went between") {
  Desktop desk;
  const std::string padding(1000, '.');
  constexpr int count = 4000;  // about 4 MB
  for (int i = 0; i < count; ++i) {
    desk.logs.append(desk.id, "s", std::to_string(i) + padding);
  }
  const auto text = desk.all();
  CHECK(text.find(" s: 0....") != std::string::npos);
  CHECK(text.find(" s: " + std::to_string(count - 1) + "...") != std::string::npos);
  CHECK(text.size() < std::size_t{1'700} << 10U);
  CHECK(text.size() > std::size_t{1'000} << 10U);
  const auto gap = text.find(" bytes of this log are left out here]\n");
  REQUIRE(gap != std::string::npos);
  CHECK(text.find(" bytes of this log are left out here]\n", gap + 1) == std::string::npos);
  const auto begin = text.rfind('[', gap) + 1;
  const auto left_out = std::stoll(text.substr(begin, gap - begin));
  const auto gap_line = 2 + std::to_string(left_out).size() + 37;
  std::int64_t written = 0;
  for (int i = 0; i < count; ++i) {
    written += static_cast<std::int64_t>(std::string("2026-01-02T03:04:05.678Z s: \n").size() +
                                         std::to_string(i).size() + 1000);
  }
  CHECK(static_cast<std::int64_t>(text.size() - gap_line) + left_out == written);
  CHECK(desk.logs.tail(desk.id, 2).size() == 2);
  // A reader in the middle of what went is told so, and finds its way.
  const auto lost = desk.logs.read(desk.id, (std::int64_t{512} << 10) + 100'000);
  CHECK(lost.text.find("left out") != std::string::npos);
  CHECK(desk.logs.read(desk.id, lost.next_offset).text.starts_with("2026-"));
}

TEST_CASE("a restart goes on with the same log, and mends a line that a crash tore") {
  Desktop desk;
  desk.logs.append(desk.id, "a", "one");
  desk.logs.close(desk.id);
  std::ofstream(desk.file(), std::ios::app) << "2026-01-02T03:04:05.678Z a: tor";
  OperationLogs again(desk.directory.path() / "logs", desk.clock);
  again.append(desk.id, "a", "two");
  const auto lines = again.tail(desk.id, 10);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1].ends_with("a: tor"));
  CHECK(lines[2].ends_with("a: two"));
}

TEST_CASE("secrets never reach the file") {
  Desktop desk;
  desk.logs.blot_out(desk.id, {"hunter2", "two\nlines"});
  desk.logs.append(desk.id, "login", "with hunter2 and hunter2");
  desk.logs.append(desk.id, "login", "a two\nlines b");
  const auto lines = desk.logs.tail(desk.id, 10);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with("with *** and ***"));
  CHECK(lines[1].ends_with("a *** b"));
}

TEST_CASE("a log that cannot be written loses lines, never more") {
  Desktop desk;
  REQUIRE(write_file_atomic(desk.directory.path() / "logs", "in the way"));
  desk.logs.append(desk.id, "a", "lost");
  CHECK(desk.all().empty());
  REQUIRE(remove_tree(desk.directory.path() / "logs"));
  desk.logs.append(desk.id, "a", "kept");
  CHECK(desk.all().ends_with("a: kept\n"));
}

TEST_CASE("an id from outside leads nowhere but to logs") {
  Desktop desk;
  REQUIRE(write_file_atomic(desk.directory.path() / "other.log", "private\n"));
  for (const char* id : {"../../other", "../other", "/etc/passwd", "", ".."}) {
    CAPTURE(id);
    CHECK(desk.logs.read(OperationId(id), 0).text.empty());
    desk.logs.append(OperationId(id), "a", "b");
    desk.logs.remove(OperationId(id));
  }
  CHECK(read_file(desk.directory.path() / "other.log").value() == "private\n");
}

TEST_CASE("what is removed is gone, with its month when that is empty") {
  Desktop desk;
  desk.logs.append(desk.id, "a", "one");
  CHECK(desk.logs.write_result(desk.id, R"({"x":1})"));
  CHECK(desk.logs.read_result(desk.id) == R"({"x":1})");
  desk.logs.remove(desk.id);
  CHECK_FALSE(fs::exists(desk.file().parent_path()));
}

TEST_CASE("without a folder logs are kept nowhere") {
  const SystemClock clock;
  OperationLogs nowhere("", clock);
  nowhere.append(OperationId("op_x"), "a", "b");
  CHECK(nowhere.read(OperationId("op_x"), 0).text.empty());
  CHECK_FALSE(nowhere.write_result(OperationId("op_x"), "{}"));
}

}  // namespace
}  // namespace hub::operations
