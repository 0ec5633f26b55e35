#include <thread>

#include <doctest/doctest.h>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace hub {
namespace {

TEST_CASE("a time survives the wire to the millisecond") {
  const auto time = parse_time("2026-01-02T03:04:05.678Z");
  REQUIRE(time);
  CHECK(to_text(*time) == "2026-01-02T03:04:05.678Z");
  CHECK(to_seconds_text(*time) == "2026-01-02T03:04:05+00:00");
  CHECK_FALSE(parse_time("yesterday"));
}

TEST_CASE("SHA-256 of nothing is the well-known one") {
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("UUIDs of version 7 sort by their time") {
  const auto early = uuid_v7(1'000'000), late = uuid_v7(1'000'001);
  CHECK(early < late);
  CHECK(early.size() == 36);
  CHECK(early[14] == '7');
}

TEST_CASE("a size is told to people with a unit that suits it") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(1024LL * 1024 - 1) == "1 MiB");
  CHECK(size_text(123LL << 30U) == "123 GiB");
}

TEST_CASE("text is trimmed of blanks and line ends alone") {
  CHECK(trimmed(" \t token\r\n") == "token");
  CHECK(trimmed("two words") == "two words");
  CHECK(trimmed(" \n").empty());
  CHECK(trimmed("").empty());
}

TEST_CASE("a file is replaced as a whole") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "state.json";
  REQUIRE(write_file_atomic(path, "old", 0600));
  REQUIRE(write_file_atomic(path, "new"));
  CHECK(read_file(path).value() == "new");
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("what a killed write has left is removed, and nothing else") {
  const TemporaryDirectory directory;
  const auto make = [&](const char* name) {
    REQUIRE(write_file_atomic(directory.path() / name, "x"));
    return directory.path() / name;
  };
  const auto left = make("token.0123456789ab.tmp");
  const auto kept = {make("token"), make("notes.tmp"), make("a.0123456789aB.tmp"),
                     make(".0123456789ab.tmp")};
  remove_unfinished_writes(directory.path());
  remove_unfinished_writes(directory.path() / "none");
  CHECK_FALSE(fs::exists(left));
  for (const auto& file : kept) CHECK(fs::exists(file));
}

TEST_CASE("a file larger than allowed is refused") {
  const TemporaryDirectory directory;
  REQUIRE(write_file_atomic(directory.path() / "big", std::string(100, 'x')));
  CHECK(read_file(directory.path() / "big", 99).error().code == ErrorCode::invalid);
  CHECK(read_file(directory.path() / "none").error().code == ErrorCode::not_found);
}

TEST_CASE("a lock is held by one at a time") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "lock";
  {
    const auto first = FileLock::try_take(path);
    REQUIRE(first);
    CHECK(FileLock::try_take(path).error().code == ErrorCode::conflict);
  }
  CHECK(FileLock::try_take(path));
}

TEST_CASE("a program's output, errors and exit code come back") {
  const auto ran =
      run_process({.arguments = {"sh", "-c", "cat; echo oops >&2; exit 3"}, .input = "hello"});
  REQUIRE(ran);
  CHECK(ran->output == "hello");
  CHECK(ran->errors == "oops\n");
  CHECK(ran->exit_code == 3);
}

TEST_CASE("a program that is missing, slow or stopped is told apart") {
  CHECK(run_process({.arguments = {"no-such-program"}}).error().code == ErrorCode::not_found);
  const auto slow =
      run_process({.arguments = {"sleep", "30"}, .timeout = std::chrono::milliseconds(50)});
  CHECK(slow.error().reason == "timeout");
  const auto stopped = run_process({.arguments = {"sleep", "30"}, .stop = [] { return true; }});
  CHECK(stopped.error().code == ErrorCode::cancelled);
}

struct Sample {
  std::string name;
  std::optional<int> left_out;
  Nullable<int> kept;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (name, left_out, kept))

TEST_CASE("an empty optional is left out and an empty Nullable is null") {
  CHECK(boost::json::serialize(to_json(Sample{"x", {}, {}})) == R"({"name":"x","kept":null})");
  const auto read = from_json<Sample>(boost::json::parse(R"({"name":"x","kept":3})"), "sample");
  REQUIRE(read);
  CHECK(read->kept == 3);
  CHECK(from_json<Sample>(boost::json::parse("{}"), "sample").error().message ==
        "cannot read sample.name: want a value, found none");
}

}  // namespace
}  // namespace hub
