#include "marketplace/marketplace.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "base/files.hpp"
#include "marketplace/test_market.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::marketplace {
namespace {

struct Shop {
  registry::testing::Bench bench;
  ManualClock clock{from_millis(1'767'323'045'000)};
  fs::path index_file = bench.directory.path() / "search.db";
  registry::Mirror mirror{bench.directory.path() / "mirror", bench.registry.string(), clock};
  registry::CatalogKeeper keeper{mirror, clock, std::chrono::hours(1),
                                 bench.directory.path() / "copy.json"};
  std::unique_ptr<Marketplace> shop = std::make_unique<Marketplace>(keeper, index_file);

  // As if somebody had published so many skills, in one commit.
  void publish_skills(int count) {
    std::string text = "{\"version\": 2, \"skills\": [";
    for (int at = 0; at < count; ++at) {
      const std::string name = "part_" + std::to_string(at);
      text += (at == 0 ? "" : ",") + std::string("{\"kind\": \"skill\", \"name\": \"") + name +
              R"(", "id": ")" + name + R"(", "version": "1.0.0", "title": "Weather"})";
    }
    text += "], \"scenarios\": []}\n";
    auto repository = git::Repository::open(bench.registry).value();
    const auto commit = repository
                            .commit({.parent = repository.tip().value(),
                                     .blobs = {{"registry.json", text}},
                                     .author = {"Ada", "ada@example.org", clock.now()},
                                     .message = "many\n"})
                            .value()
                            .value();
    REQUIRE(repository.set_reference(git::main_branch, commit));
    REQUIRE(keeper.refresh());
  }
  Answer ask(const std::string& q) const { return shop->ask({}, {}, {.q = q, .limit = 5}).value(); }
  // Answers by index come once the thread has made it.
  Answer ask_until_indexed(const std::string& q) const {
    for (int tries = 0; tries < 600; ++tries) {
      auto answer = ask(q);
      if (answer.searched_by == SearchedBy::index) return answer;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    FAIL("the index never came");
    return {};
  }
};

TEST_CASE("a large catalogue is searched before it is in the index, and found the same after") {
  Shop at;
  at.publish_skills(2'100);
  const auto scanned = at.ask("weath");
  CHECK(scanned.searched_by == SearchedBy::scan);
  CHECK(scanned.view.counts.shown == 2'100);
  at.shop->start();
  const auto indexed = at.ask_until_indexed("weath");
  CHECK(testing::text_of(indexed.view) == testing::text_of(scanned.view));
  const auto before = at.shop->revision();
  at.publish_skills(2'101);
  CHECK(at.shop->revision() != before);
  CHECK(at.ask_until_indexed("weath").view.counts.shown == 2'101);
  CHECK(at.ask_until_indexed("waether").corrections.at(0).instead.at(0) == "weather");
}

TEST_CASE("the index may be deleted while no hub runs, and damaged whenever") {
  Shop at;
  at.publish_skills(3);
  CHECK(at.ask("weath").searched_by == SearchedBy::index);
  at.shop.reset();
  fs::remove(at.index_file);
  at.shop = std::make_unique<Marketplace>(at.keeper, at.index_file);
  CHECK(at.ask("weath").view.counts.shown == 3);
  at.shop.reset();
  std::ofstream(at.index_file, std::ios::trunc) << std::string(20'000, 'x');
  at.shop = std::make_unique<Marketplace>(at.keeper, at.index_file);
  const auto answer = at.ask("weath");
  CHECK(answer.searched_by == SearchedBy::index);
  CHECK(answer.view.counts.shown == 3);
}

TEST_CASE("without a directory for its index the marketplace goes on") {
  Shop at;
  at.publish_skills(3);
  at.shop = std::make_unique<Marketplace>(at.keeper, at.bench.directory.path() / "no" / "such.db");
  const auto answer = at.ask("weath");
  CHECK(answer.searched_by == SearchedBy::scan);
  CHECK(answer.view.counts.shown == 3);
}

}  // namespace
}  // namespace hub::marketplace
