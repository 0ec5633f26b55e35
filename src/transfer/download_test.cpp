#include "transfer/download.hpp"

#include <cstdlib>

#include <doctest/doctest.h>

#include "base/hash.hpp"
#include "transfer/part_file.hpp"
#include "transfer/test_server.hpp"

namespace hub::transfer {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20U;

struct Bench {
  Bench() { ::setenv("no_proxy", "127.0.0.1", 1); }

  TestServer server;
  TemporaryDirectory folder;
  std::string content = made_content(5 * mib + 321, 1);
  std::vector<std::string> log;

  DownloadRequest request(std::vector<std::string> paths) {
    DownloadRequest wanted;
    wanted.part = folder.path() / "partial" / "file";
    for (const auto& path : paths) wanted.urls.push_back(server.url(path));
    wanted.sha256 = to_hex(sha256(content));
    wanted.size_bytes = static_cast<std::int64_t>(content.size());
    wanted.stall = std::chrono::milliseconds(300);
    wanted.log = [this](const std::string& line) { log.push_back(line); };
    return wanted;
  }
  void check_whole(const DownloadRequest& wanted, const Result<Downloaded>& got) {
    if (!got) FAIL(got.error().message);
    CHECK(read_file(wanted.part).value_or("") == content);
    CHECK(got->size_bytes == static_cast<std::int64_t>(content.size()));
  }
};

std::function<bool()> after_a_mebibyte(const fs::path& part) {
  return [part] {
    std::error_code ec;
    const auto size = fs::file_size(part, ec);
    return !ec && std::cmp_greater_equal(size, mib);
  };
}

TEST_CASE("a file comes over several connections and is verified") {
  Bench bench;
  bench.server.serve("/m", {bench.content});
  const auto wanted = bench.request({"/m"});
  const auto got = download(wanted);
  bench.check_whole(wanted, got);
  CHECK(got->received_bytes == static_cast<std::int64_t>(bench.content.size()));
  CHECK(got->cuts == 0);
  CHECK(bench.server.requests().size() > 3);
}

TEST_CASE("what an unknown size and a server without ranges leave open is found out") {
  Bench bench;
  auto parts = Served::Parts::yes;
  auto length = Served::Length::told;
  SUBCASE("the size is learned from a part") {}
  SUBCASE("the server ignores ranges") { parts = Served::Parts::no; }
  SUBCASE("the server does not even say how long it is") {
    parts = Served::Parts::no;
    length = Served::Length::chunked;
  }
  bench.server.serve("/m", {.content = bench.content, .parts = parts, .length = length});
  auto wanted = bench.request({"/m"});
  wanted.size_bytes.reset();
  const auto got = download(wanted);
  bench.check_whole(wanted, got);
  CHECK(got->received_bytes == static_cast<std::int64_t>(bench.content.size()));
}

TEST_CASE("an empty file is a file") {
  Bench bench;
  bench.content.clear();
  bench.server.serve("/m", {.content = "", .parts = Served::Parts::no});
  auto wanted = bench.request({"/m"});
  SUBCASE("of known size") {}
  SUBCASE("of unknown size") { wanted.size_bytes.reset(); }
  bench.check_whole(wanted, download(wanted));
}

TEST_CASE("a server that cuts again and again costs nothing twice") {
  Bench bench;
  bench.server.serve("/m", {.content = bench.content, .cut_after = 300'000});
  const auto wanted = bench.request({"/m"});
  const auto got = download(wanted);
  bench.check_whole(wanted, got);
  CHECK(got->cuts >= 5);
  CHECK(bench.server.sent_bytes() == static_cast<std::int64_t>(bench.content.size()));
}

TEST_CASE("a call goes on where an earlier one has stopped") {
  Bench bench;
  bench.server.serve("/m", {.content = bench.content, .cut_after = mib});
  auto wanted = bench.request({"/m"});
  wanted.connections = 1;
  wanted.stop = after_a_mebibyte(wanted.part);
  const auto stopped = download(wanted);
  REQUIRE(!stopped);
  CHECK(stopped.error().code == ErrorCode::cancelled);
  wanted.stop = {};
  const auto got = download(wanted);
  bench.check_whole(wanted, got);
  CHECK(got->found_bytes >= static_cast<std::int64_t>(mib));
  CHECK(got->received_bytes > 0);
  CHECK(got->found_bytes + got->received_bytes == static_cast<std::int64_t>(bench.content.size()));
}

TEST_CASE("what is damaged on the disk meanwhile is not believed") {
  Bench bench;
  bench.server.serve("/m", {.content = bench.content, .cut_after = mib});
  auto wanted = bench.request({"/m"});
  wanted.connections = 1;
  wanted.stop = after_a_mebibyte(wanted.part);
  REQUIRE(!download(wanted));
  wanted.stop = {};
  SUBCASE("a byte of it is another one") {
    std::fstream file(wanted.part, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1000);
    file.put('!').put('?');
    // All of it seems to come from one source, which is blamed: there is no telling them apart.
    file.close();
    wanted.urls.push_back(bench.server.url("/m?second"));
    bench.server.serve("/m?second", {bench.content});
  }
  SUBCASE("it is shorter than it was") { fs::resize_file(wanted.part, 100); }
  SUBCASE("its checkpoint is torn") {
    std::ofstream(PartFile::checkpoint_of(wanted.part)) << R"({"sha256":")";
  }
  bench.check_whole(wanted, download(wanted));
}

TEST_CASE("addresses may change between two calls, as signed ones do") {
  Bench bench;
  bench.server.serve("/m?sig=1", {.content = bench.content, .cut_after = mib});
  bench.server.serve("/m?sig=2", {.content = bench.content});
  auto wanted = bench.request({"/m?sig=1"});
  wanted.connections = 1;
  wanted.stop = after_a_mebibyte(wanted.part);
  REQUIRE(!download(wanted));
  wanted.stop = {};
  wanted.urls = {bench.server.url("/m?sig=2")};
  SUBCASE("what came from the first is kept") {
    const auto got = download(wanted);
    bench.check_whole(wanted, got);
    CHECK(got->found_bytes >= static_cast<std::int64_t>(mib));
  }
  SUBCASE("what came from the first was wrong, and the second is not blamed for it") {
    std::fstream file(wanted.part, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1000);
    file.put('!').put('?');
    file.close();
    const auto got = download(wanted);
    bench.check_whole(wanted, got);
    CHECK(got->dropped.empty());
  }
}

TEST_CASE("a finished file that somebody has taken is not written to any more") {
  Bench bench;
  bench.server.serve("/m", {bench.content});
  const auto wanted = bench.request({"/m"});
  bench.check_whole(wanted, download(wanted));
  const auto taken = bench.folder.path() / "taken";
  REQUIRE(PartFile::take(wanted.part, taken));
  const auto sent = bench.server.sent_bytes();
  bench.check_whole(wanted, download(wanted));
  CHECK(bench.server.sent_bytes() == sent);
  fs::remove(PartFile::checkpoint_of(wanted.part));
  bench.check_whole(wanted, download(wanted));
  CHECK(bench.server.sent_bytes() > sent);
  CHECK(fs::hard_link_count(taken) == 1);
  CHECK(read_file(taken).value_or("") == bench.content);
}

TEST_CASE("a mirror that lies is dropped, and the next one serves") {
  Bench bench;
  Served liar{.content = bench.content};
  SUBCASE("a byte is another one") { liar.content[12345] ^= 1; }
  SUBCASE("it is shorter") { liar.content.resize(1000); }
  SUBCASE("it is longer") { liar.content += "more"; }
  SUBCASE("it is longer and does not say so") {
    liar = {.content = bench.content + "more",
            .parts = Served::Parts::no,
            .length = Served::Length::chunked};
  }
  SUBCASE("it is shorter and does not say so") {
    liar = {.content = bench.content.substr(0, 1000),
            .parts = Served::Parts::no,
            .length = Served::Length::chunked};
  }
  SUBCASE("it has gone") { liar.status = 404; }
  SUBCASE("it leads to a file of this machine") {
    liar.status = 302;
    liar.location = "file:///etc/passwd";
  }
  SUBCASE("it leads in a circle") {
    liar.status = 302;
    liar.location = "/liar";
  }
  bench.server.serve("/liar", liar);
  bench.server.serve("/m", {bench.content});
  auto wanted = bench.request({"/liar", "/m"});
  const auto got = download(wanted);
  bench.check_whole(wanted, got);
  CHECK(got->dropped == std::vector<std::string>{bench.server.url("/liar")});

  wanted = bench.request({"/liar"});
  REQUIRE(PartFile::discard(wanted.part));
  const auto refused = download(wanted);
  CHECK(!refused);
}

TEST_CASE("bytes of two mirrors that do not fit together are fetched again from one") {
  Bench bench;
  auto other = bench.content;
  for (auto& byte : other) byte ^= 1;
  // The first stops for good in the middle; the second goes on with something else.
  bench.server.serve("/first", {.content = bench.content, .cut_after = mib});
  bench.server.serve("/second", {.content = other});
  bench.server.serve("/third", {.content = bench.content});
  auto wanted = bench.request({"/first", "/second", "/third"});
  wanted.connections = 1;
  wanted.stop = after_a_mebibyte(wanted.part);
  REQUIRE(!download(wanted));
  wanted.stop = {};
  bench.server.serve("/first", {.content = "", .status = 404});
  const auto got = download(wanted);
  bench.check_whole(wanted, got);
  CHECK(got->dropped.size() == 2);
}

TEST_CASE("a busy server is waited for as long as it asks") {
  Bench bench;
  int status = 429;
  SUBCASE("with 429") {}
  SUBCASE("with 503") { status = 503; }
  bench.server.serve(
      "/m", {.content = bench.content, .status = status, .status_times = 1, .retry_after_s = 1});
  const auto wanted = bench.request({"/m"});
  const auto began = std::chrono::steady_clock::now();
  bench.check_whole(wanted, download(wanted));
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::seconds(1));
}

TEST_CASE("a server that asks for too long a wait is given up, and says when to come again") {
  Bench bench;
  bench.server.serve("/m", {.content = bench.content, .status = 503, .retry_after_s = 7200});
  const auto got = download(bench.request({"/m"}));
  REQUIRE(!got);
  CHECK(got.error().code == ErrorCode::conflict);
  CHECK(got.error().reason == "source_busy");
  CHECK(got.error().details.at("retry_after_s") == 7200);
}

TEST_CASE("a silent connection is given up and the bytes so far are kept") {
  Bench bench;
  bench.server.serve("/m", {.content = bench.content, .stall_after = 600'000});
  const auto wanted = bench.request({"/m"});
  const auto got = download(wanted);
  bench.check_whole(wanted, got);
  CHECK(got->cuts > 0);
  CHECK(bench.server.sent_bytes() == static_cast<std::int64_t>(bench.content.size()));
}

TEST_CASE("a server that is not there is given up after a few tries") {
  Bench bench;
  auto wanted = bench.request({});
  wanted.urls = {"http://127.0.0.1:1/m"};
  const auto got = download(wanted);
  REQUIRE(!got);
  CHECK(got.error().code == ErrorCode::unavailable);
  CHECK(got.error().reason == "source_failed");
}

TEST_CASE("a rate limit is kept, all connections together") {
  Bench bench;
  bench.content.resize(2 * mib);
  bench.server.serve("/m", {bench.content});
  auto wanted = bench.request({"/m"});
  wanted.rate_limit_bytes_per_s = 2 * mib;
  const auto began = std::chrono::steady_clock::now();
  bench.check_whole(wanted, download(wanted));
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK(took >= std::chrono::milliseconds(600));
  CHECK(took <= std::chrono::seconds(5));
}

TEST_CASE("a disk without room is told before and during") {
  Bench bench;
  bench.server.serve("/m", {bench.content});
  auto wanted = bench.request({"/m"});
  wanted.free_bytes_min = std::int64_t{1} << 60U;
  SUBCASE("of known size") {}
  SUBCASE("of unknown size") { wanted.size_bytes.reset(); }
  const auto got = download(wanted);
  REQUIRE(!got);
  CHECK(got.error().code == ErrorCode::exhausted);
  CHECK(got.error().reason == "disk_full");
}

TEST_CASE("two at once do not write into one another's file") {
  Bench bench;
  auto wanted = bench.request({"/m"});
  const auto held = PartFile::open(wanted.part, wanted.sha256, wanted.urls, {});
  REQUIRE(held);
  const auto got = download(wanted);
  REQUIRE(!got);
  CHECK(got.error().reason == "part_busy");
}

}  // namespace
}  // namespace hub::transfer
