#include "transfer/extents.hpp"

#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "transfer/source_url.hpp"

namespace hub::transfer {
namespace {

TEST_CASE("extents know the same as a list of single bytes, whatever comes in whatever order") {
  constexpr int size = 60;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<int> bytes(size, -1);  // by source
    Extents extents;
    for (int turn = 0; turn < 15; ++turn) {
      const int begin = static_cast<int>(random() % size);
      const int end = begin + static_cast<int>(random() % static_cast<unsigned>(size - begin + 1));
      const int source = static_cast<int>(random() % 3);
      int added = 0;
      for (int at = begin; at < end; ++at) {
        auto& byte = bytes[static_cast<std::size_t>(at)];
        if (byte >= 0) continue;
        byte = source;
        ++added;
      }
      CHECK(extents.add({begin, end, source}) == added);
    }
    std::vector<int> known(size, -1);
    std::int64_t before = -1;
    for (const auto& extent : extents.all()) {
      CHECK(extent.begin >= before);
      CHECK(extent.size() > 0);
      before = extent.end;
      for (auto at = extent.begin; at < extent.end; ++at) {
        known[static_cast<std::size_t>(at)] = extent.source;
      }
    }
    CHECK(known == bytes);
    CHECK(extents.bytes() == size - std::ranges::count(bytes, -1));
    const auto hole = std::ranges::find(bytes, -1);
    CHECK(extents.prefix() == hole - bytes.begin());
    const auto gap = extents.gap(0, size, size);
    CHECK(gap.has_value() == (hole != bytes.end()));
    if (gap) CHECK(gap->begin == extents.prefix());
  }
}

TEST_CASE("a gap is no longer than was asked for") {
  Extents extents;
  extents.add({10, 20, 0});
  CHECK(extents.gap(0, 100, 4)->end == 4);
  CHECK(extents.gap(0, 100, 40)->end == 10);
  CHECK(extents.gap(12, 100, 40)->begin == 20);
  CHECK(!extents.gap(10, 20, 5));
}

TEST_CASE("only http and https are fetched from, and what is shown holds no secret") {
  CHECK(check_source_url("https://models.example/a.bin"));
  CHECK(check_source_url("http://user:pass@127.0.0.1:8000/a?token=b"));
  for (const char* url :
       {"ftp://models.example/a", "file:///etc/passwd", "a.bin", "", "http://", "javascript:1"}) {
    CAPTURE(url);
    CHECK(!check_source_url(url));
  }
  CHECK(!check_source_url("http://h/" + std::string(5000, 'a')));
  CHECK(shown_url("http://user:pass@host:81/a?token=b#c") == "http://host:81/a");
}

}  // namespace
}  // namespace hub::transfer
