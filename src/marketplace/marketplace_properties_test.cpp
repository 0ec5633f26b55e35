// What holds in every marketplace, whatever is in it.
#include <doctest/doctest.h>

#include "base/files.hpp"
#include "marketplace/search_index.hpp"
#include "marketplace/test_market.hpp"
#include "registry/text.hpp"

namespace hub::marketplace {
namespace {

using testing::catalog_of;
using testing::installed_from;
using testing::market_of;
using testing::skill;
using testing::text_of;
using testing::World;

constexpr unsigned worlds = 300;

template <class Check>
void in_random_worlds(Check check) {
  for (unsigned seed = 0; seed < worlds; ++seed) {
    CAPTURE(seed);
    check(World(seed));
  }
}

TEST_CASE("the order of the inputs plays no part") {
  in_random_worlds([](const World& world) {
    World shuffled = world;
    shuffled.shuffle();
    CHECK(text_of(shuffled.view()) == text_of(world.view()));
  });
}

TEST_CASE("every entry is shown or counted as hidden, once") {
  in_random_worlds([](const World& world) {
    const View view = world.view();
    const auto& counts = view.counts;
    CHECK(counts.shown == std::ssize(view.rows));
    CHECK(counts.skills + counts.scenarios == counts.shown);
    CHECK(counts.shown + counts.hidden_installed + counts.hidden_filtered +
              counts.hidden_unlisted ==
          std::ssize(world.entries));
    CHECK(view.empty_reason.has_value() == view.rows.empty());
    std::int64_t by_kind = 0;
    for (const auto& facet : view.facets.kinds) by_kind += facet.count;
    CHECK(by_kind == counts.shown);
    for (const auto& facet : view.facets.tags) {
      const auto have = std::ranges::count_if(view.rows, [&](const MarketplaceRow& row) {
        return std::ranges::any_of(row.tags, [&](const std::string& tag) {
          return registry::fold(tag) == registry::fold(facet.value);
        });
      });
      CHECK(have == facet.count);
    }
  });
}

TEST_CASE("a row is disabled exactly with a reason, and held when its resource is") {
  in_random_worlds([](const World& world) {
    for (const auto& row : world.view().rows) {
      const bool held = std::ranges::any_of(world.operations, [&](const OperationState& one) {
        const std::string resource = one.resources.at(0).text();
        const std::string kind = to_text(row.kind) + ":";
        return !is_terminal(one.status) &&
               (resource == kind + row.name || resource == kind + row.id);
      });
      CHECK(held == row.operation_id.has_value());
      if (held) CHECK(row.disabled_reason == "operation_active");
      CHECK(row.install_disabled == !row.disabled_reason.empty());
      if (row.content_differs) CHECK(row.update_available);
      if (row.update_available) CHECK(row.installed);
      CHECK_FALSE(row.title.empty());
    }
  });
}

TEST_CASE("an exact name or id is the first row") {
  int exact_ones = 0;
  in_random_worlds([&](World world) {
    world.query.sort = Sort::relevance;
    const View view = world.view();
    const auto exact = [&](const MarketplaceRow& row) {
      return row.name == world.query.q || row.id == world.query.q;
    };
    if (world.query.q.empty() || std::ranges::none_of(view.rows, exact)) return;
    ++exact_ones;
    CHECK(exact(view.rows.front()));
  });
  CHECK(exact_ones > 10);
}

TEST_CASE("what is installed and what is not make up all") {
  in_random_worlds([](const World& world) {
    World hide = world, only = world, show = world, more = world;
    hide.query.installed = more.query.installed = Installed::hide;
    only.query.installed = Installed::only;
    show.query.installed = Installed::show;
    CHECK(hide.view().counts.shown + only.view().counts.shown == show.view().counts.shown);
    more.installed.push_back(installed_from(skill("name_3")));
    CHECK(more.view().counts.shown <= hide.view().counts.shown);
  });
}

TEST_CASE("pages together are the list without pages") {
  in_random_worlds([](World world) {
    const auto market = market_of(world.entries);
    const auto whole = market.view(world.installed, world.operations, world.query).value();
    std::vector<std::string> names;
    world.query.limit = 3;
    for (int page = 0; page < 20; ++page) {
      const auto view = market.view(world.installed, world.operations, world.query).value();
      for (const auto& name : testing::names_of(view)) names.push_back(name);
      CHECK(view.counts.shown == whole.counts.shown);
      world.query.after = view.next_cursor;
      if (view.next_cursor.empty()) break;
    }
    CHECK(names == testing::names_of(whole));
  });
}

TEST_CASE("an index that follows from world to world finds what a look at each entry finds") {
  const TemporaryDirectory directory;
  SearchIndex index(directory.path() / "search.db");
  int answers = 0, named = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    World world(seed);
    const auto catalog = catalog_of(world.entries);
    const auto rows = index.update(*catalog).rows;
    for (int at = 0; at < 5; ++at) {
      const auto words = question_words(world.question());
      const auto looked = scan(*catalog, words);
      const auto found = index.find(words, *rows);
      if (!found.corrections.empty()) continue;
      for (std::size_t place = 0; place < catalog->entries.size(); ++place) {
        CHECK(found.anywhere.has(place) == looked.anywhere.has(place));
        CHECK(found.named.has(place) == looked.named.has(place));
      }
      if (!looked.anywhere.empty()) ++answers;
      if (!looked.named.empty()) ++named;
    }
  }
  CHECK(answers > 50);
  CHECK(named > 20);
}

}  // namespace
}  // namespace hub::marketplace
