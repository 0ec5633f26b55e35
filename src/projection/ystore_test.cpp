#include "projection/ystore.hpp"

#include <fstream>

#include <doctest/doctest.h>

namespace hub::projection {
namespace {

struct Fixture {
  TemporaryDirectory folder;
  ManualClock clock{from_millis(1'700'000'000'000)};

  fs::path file(const std::string& name = "desktop.ystore") { return folder.path() / name; }
  std::size_t set_aside() {
    std::size_t out = 0;
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      out += entry.path().string().find(".damaged-") != std::string::npos ? 1U : 0U;
    }
    return out;
  }
  void damage(std::size_t at) {
    std::string bytes = read_file(file()).value();
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    std::ofstream(file(), std::ios::binary) << bytes;
  }
};

TEST_CASE_FIXTURE(Fixture, "each opening has an author id that was never used before") {
  for (ydoc::ClientId want = 1; want <= 3; ++want) {
    YStore one(folder.path(), clock);
    CHECK(one.open("desktop")->author == want);
  }
  YStore last(folder.path(), clock);
  CHECK(last.open("other")->author == 1);
  CHECK(last.open("desktop")->author == 4);
  CHECK(last.next_author("desktop").value() == 5);
  CHECK(last.open("desktop")->author == 6);
}

TEST_CASE_FIXTURE(Fixture, "what browsers wrote is there after a restart, also when compacted") {
  {
    YStore store(folder.path(), clock);
    REQUIRE(store.open("desktop"));
    REQUIRE(store.append("desktop", {"one", "two"}));
    REQUIRE(store.append("desktop", {"three"}));
  }
  {
    YStore store(folder.path(), clock);
    CHECK(store.open("desktop")->updates == std::vector<std::string>{"one", "two", "three"});
    REQUIRE(store.compact("desktop", "all"));
    REQUIRE(store.append("desktop", {"four"}));
  }
  YStore store(folder.path(), clock);
  const auto opened = store.open("desktop");
  CHECK(opened->updates == std::vector<std::string>{"all", "four"});
  CHECK(opened->author == 3);
}

TEST_CASE_FIXTURE(Fixture, "a torn tail is cut, wherever it was torn") {
  YStore first(folder.path(), clock);
  REQUIRE(first.open("desktop"));
  REQUIRE(first.append("desktop", {"kept"}));
  const std::size_t whole = fs::file_size(file());
  REQUIRE(first.append("desktop", {"a tail that is torn"}));
  const std::string bytes = read_file(file()).value();
  for (std::size_t length = whole; length < bytes.size(); ++length) {
    std::ofstream(file(), std::ios::binary) << bytes.substr(0, length);
    YStore store(folder.path(), clock);
    const auto opened = store.open("desktop");
    REQUIRE(opened);
    CHECK(opened->updates == std::vector<std::string>{"kept"});
    REQUIRE(store.append("desktop", {"more"}));
    YStore again(folder.path(), clock);
    CHECK(again.open("desktop")->updates == std::vector<std::string>{"kept", "more"});
  }
  CHECK(set_aside() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a damaged file is set aside and what is whole before is kept") {
  YStore first(folder.path(), clock);
  REQUIRE(first.open("desktop"));
  REQUIRE(first.append("desktop", {"kept"}));
  const std::size_t whole = fs::file_size(file());
  REQUIRE(first.append("desktop", {"damaged", "after it"}));
  damage(whole + 15);
  YStore store(folder.path(), clock);
  const auto opened = store.open("desktop");
  REQUIRE(opened);
  CHECK(opened->updates == std::vector<std::string>{"kept"});
  CHECK(set_aside() == 1);
  CHECK(opened->author > 1);
}

TEST_CASE_FIXTURE(Fixture, "a file that lost even its head gives no author id twice") {
  ydoc::ClientId last = 0;
  for (int i = 0; i < 5; ++i) {
    YStore store(folder.path(), clock);
    last = store.open("desktop")->author;
  }
  damage(0);
  YStore store(folder.path(), clock);
  CHECK(store.open("desktop")->author > last);
  CHECK(set_aside() == 1);
}

TEST_CASE_FIXTURE(Fixture, "earlier ids are claimed, the newest 64 of them") {
  for (int i = 0; i < 70; ++i) {
    YStore store(folder.path(), clock);
    const auto opened = store.open("desktop");
    CHECK(opened->first_claimed == (opened->author > 64 ? opened->author - 64 : 1));
  }
}

}  // namespace
}  // namespace hub::projection
