#include "marketplace/search_index.hpp"

#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include "base/files.hpp"
#include "marketplace/test_market.hpp"

namespace hub::marketplace {
namespace {

using testing::catalog_of;
using testing::skill;

struct Bench {
  TemporaryDirectory directory;
  fs::path file = directory.path() / "search.db";
  std::unique_ptr<SearchIndex> index = std::make_unique<SearchIndex>(file);
  std::shared_ptr<const Catalog> catalog;
  SharedRows rows;

  SearchIndex::Update take(std::vector<CatalogEntry> entries) {
    catalog = catalog_of(std::move(entries));
    auto update = index->update(*catalog);
    rows = update.rows;
    return update;
  }
  Found found(const std::string& question) { return index->find(question_words(question), *rows); }
  std::vector<std::string> names(const std::string& question) {
    std::vector<std::string> all;
    found(question).anywhere.for_each(
        [&](std::size_t at) { all.push_back(catalog->entries.at(at).name); });
    return all;
  }
};

using Names = std::vector<std::string>;

std::vector<CatalogEntry> some_entries() {
  CatalogEntry weather = skill("weather_skill");
  weather.title_i18n = {{"en", "Weather"}, {"ru", "Погода"}};
  weather.description = "Forecast for today";
  weather.tags = {"home"};
  CatalogEntry notes = skill("notes_skill");
  notes.title = "Заметки";
  notes.publisher = "Ada Lovelace";
  notes.description = "Keeps what you say about the weather";
  CatalogEntry lights = skill("tree_lights");
  lights.title = "Ёлка у камина";
  return {weather, notes, lights};
}

TEST_CASE("words are found by their beginning, in names, titles, tags, publisher, description") {
  Bench bench;
  bench.take(some_entries());
  CHECK(bench.names("wea") == Names{"weather_skill", "notes_skill"});
  CHECK(bench.names("sk") == Names{"weather_skill", "notes_skill"});
  CHECK(bench.names("HOME") == Names{"weather_skill"});
  CHECK(bench.names("love") == Names{"notes_skill"});
  CHECK(bench.names("forecast weather") == Names{"weather_skill"});
  CHECK(bench.names("forecast lovelace").empty());
  const auto weather = bench.found("weather");
  CHECK(weather.named.count() == 1);
  CHECK(weather.named.has(0));
}

TEST_CASE("Russian words are found in other forms, and with one letter for another") {
  Bench bench;
  bench.take(some_entries());
  CHECK(bench.names("погоду") == Names{"weather_skill"});
  CHECK(bench.names("ПОГОДЫ") == Names{"weather_skill"});
  CHECK(bench.names("заметок") == Names{"notes_skill"});
  CHECK(bench.names("елка") == Names{"tree_lights"});
}

TEST_CASE("a mistyped word finds what was meant, and says so") {
  Bench bench;
  bench.take(some_entries());
  for (const char* typed : {"wether", "weahter", "weatherr", "waether"}) {
    CAPTURE(typed);
    const auto found = bench.found(typed);
    CHECK(found.anywhere.has(0));
    REQUIRE(found.corrections.size() == 1);
    CHECK(found.corrections[0].word == typed);
    CHECK(found.corrections[0].instead == Names{"weather"});
  }
  CHECK(bench.names("ights") == Names{"tree_lights"});
  CHECK(bench.names("пагода") == Names{"weather_skill"});
  CHECK(bench.names("zzzzzz").empty());
  CHECK(bench.names("wether lovelace") == Names{"notes_skill"});
}

TEST_CASE("what a question holds beside words harms nobody") {
  Bench bench;
  bench.take(some_entries());
  for (const char* question : {"\"", "weather\" OR \"notes", "NEAR(a b)", "name:weather", "*",
                               "a*b", "^weather", "(", "weather AND", "-weather", "\xff\xfe"}) {
    CAPTURE(question);
    CHECK_NOTHROW(bench.found(question));
  }
  CHECK(bench.names("\"weather\"*") == Names{"weather_skill", "notes_skill"});
}

TEST_CASE("an update writes what differs, and only that") {
  Bench bench;
  auto entries = some_entries();
  const auto first = bench.take(entries);
  CHECK(first.added == 3);
  const auto same = bench.take(entries);
  CHECK(same.added + same.changed + same.removed == 0);

  std::swap(entries[0], entries[2]);
  const auto moved = bench.take(entries);
  CHECK(moved.added + moved.changed + moved.removed == 0);
  CHECK(bench.names("wea") == Names{"notes_skill", "weather_skill"});

  entries[1].description = "Something else";
  entries.erase(entries.begin());
  entries.push_back(skill("timer"));
  const auto changed = bench.take(entries);
  CHECK(changed.added == 1);
  CHECK(changed.changed == 1);
  CHECK(changed.removed == 1);
  CHECK(bench.names("wea") == Names{"weather_skill"});
  CHECK(bench.names("елка").empty());
  CHECK(bench.names("time") == Names{"timer"});
}

TEST_CASE("an update that is stopped changes nothing") {
  Bench bench;
  bench.take(some_entries());
  std::vector<CatalogEntry> many;
  for (int at = 0; at < 1'500; ++at) many.push_back(skill("s" + std::to_string(at)));
  const auto stopped = bench.index->update(*catalog_of(many), [] { return true; });
  CHECK_FALSE(stopped.rows);
  CHECK(bench.names("wea").size() == 2);
}

TEST_CASE("the file is kept for the next start, and one that is damaged is made again") {
  Bench bench;
  bench.take(some_entries());
  bench.index.reset();
  bench.index = std::make_unique<SearchIndex>(bench.file);
  CHECK(bench.take(some_entries()).added == 0);
  bench.index.reset();
  std::ofstream(bench.file, std::ios::trunc) << "this is no database, whatever its name says";
  bench.index = std::make_unique<SearchIndex>(bench.file);
  CHECK(bench.take(some_entries()).added == 3);
  CHECK(bench.names("wea").size() == 2);
}

TEST_CASE("questions are answered while the index is updated") {
  Bench bench;
  bench.take(some_entries());
  const auto rows = bench.rows;
  std::atomic<bool> over{false};
  std::thread asking([&] {
    while (!over) {
      const auto found = bench.index->find({"weather"}, *rows);
      CHECK(found.anywhere.count() <= 2);
    }
  });
  for (int round = 0; round < 10; ++round) {
    auto entries = some_entries();
    entries[0].description = "round " + std::to_string(round);
    CHECK(bench.index->update(*catalog_of(entries)).changed == 1);
  }
  over = true;
  asking.join();
}

}  // namespace
}  // namespace hub::marketplace
