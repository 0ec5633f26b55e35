#include "marketplace/marketplace_catalog.hpp"

#include <doctest/doctest.h>

#include "marketplace/test_market.hpp"

namespace hub::marketplace {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): this room's own helpers

TEST_CASE("what is installed is hidden, per kind and over all its aliases") {
  CatalogEntry vision = entry_of(ArtifactKind::scenario, "new_face_vision");
  vision.id = "new_face_vision_scenario";
  const auto market =
      market_of({skill("notes"), entry_of(ArtifactKind::scenario, "notes"), vision});
  InstalledArtifact old = installed_from(entry_of(ArtifactKind::scenario, "older_name"));
  old.id = "NEW_FACE_VISION_Scenario";
  const InstalledArtifact here[] = {installed_from(skill("Notes")), old};
  const auto view = market.view(here, {}, {}).value();
  CHECK(names_of(view) == std::vector<std::string>{"scenario:notes"});
  CHECK(view.counts.hidden_installed == 2);
  const auto all = market.view(here, {}, {.installed = Installed::show}).value();
  CHECK(all.rows.size() == 3);
  CHECK(all.rows[0].installed);
  CHECK(all.rows[0].install_disabled);
  CHECK(all.rows[0].disabled_reason == "installed");
  CHECK_FALSE(all.rows[2].installed);
  CHECK_FALSE(all.rows[2].install_disabled);
}

TEST_CASE("an update is a higher version, or the same one with other bytes") {
  const auto update = [](const std::string& published, const std::string& mine,
                         const std::string& my_tree) {
    CatalogEntry entry = skill("notes", published);
    entry.tree = "sha256:published";
    InstalledArtifact installed = installed_from(skill("notes", mine));
    installed.tree = my_tree;
    const auto view =
        market_of({entry}).view({&installed, 1}, {}, {.installed = Installed::show}).value();
    const auto& row = view.rows.at(0);
    CHECK(view.counts.updates == (row.update_available ? 1 : 0));
    return std::pair(row.update_available, row.content_differs);
  };
  CHECK(update("1.10.0", "1.9.0", "sha256:x") == std::pair(true, false));
  CHECK(update("1.9.0", "1.10.0", "sha256:x") == std::pair(false, false));
  CHECK(update("1.0.0", "1.0.0", "sha256:published") == std::pair(false, false));
  CHECK(update("1.0.0", "1.0.0", "sha256:x") == std::pair(true, true));
  CHECK(update("1.0.0", "1.0.0", "") == std::pair(false, false));
  CHECK(update("1.0.0", "1.0.0-rc.1", "sha256:x") == std::pair(true, false));
  CHECK(update("1.0.0", "0.2", "sha256:x") == std::pair(true, false));
}

TEST_CASE("a row whose resource a live operation holds is disabled and shows it") {
  const auto market = market_of({skill("notes"), skill("timer")});
  OperationState waiting = operation_on("skill:notes", "op_0");
  waiting.status = OperationStatus::accepted;
  OperationState done = operation_on("skill:timer", "op_2");
  done.status = OperationStatus::succeeded;
  const OperationState operations[] = {waiting, operation_on("skill:notes"), done,
                                       operation_on("scenario:timer", "op_3")};
  const auto view = market.view({}, operations, {}).value();
  const auto& notes = view.rows.at(0);
  CHECK(notes.install_disabled);
  CHECK(notes.disabled_reason == "operation_active");
  CHECK(notes.operation_id->text() == "op_1");
  CHECK(notes.operation_status == OperationStatus::running);
  CHECK(*notes.operation_step == "fetch");
  CHECK(*notes.progress == 42);
  const auto& timer = view.rows.at(1);
  CHECK_FALSE(timer.install_disabled);
  CHECK_FALSE(timer.operation_id);
}

TEST_CASE("a scenario whose skills are nowhere to be found cannot be installed") {
  CatalogEntry brief = entry_of(ArtifactKind::scenario, "brief");
  brief.requires_skills = {"Notes", "lost"};
  CatalogEntry notes = skill("notes");
  notes.title = "Notes keeper";
  const auto market = market_of({notes, brief});
  const auto row = market.view({}, {}, {.kind = ArtifactKind::scenario}).value().rows.at(0);
  CHECK(row.install_disabled);
  CHECK(row.disabled_reason == "requires_missing");
  REQUIRE(row.requires_.size() == 2);
  CHECK(row.requires_[0].title == "Notes keeper");
  CHECK(row.requires_[0].available);
  CHECK_FALSE(row.requires_[1].available);
  const InstalledArtifact lost = installed_from(skill("lost"));
  const auto found =
      market.view({&lost, 1}, {}, {.kind = ArtifactKind::scenario}).value().rows.at(0);
  CHECK_FALSE(found.install_disabled);
  CHECK(found.requires_[1].installed);
}

TEST_CASE("a query looks into names, titles, texts and tags of every language") {
  CatalogEntry weather = skill("weather_skill");
  weather.title_i18n = {{"en", "Weather"}, {"ru", "Погода"}};
  weather.description = "Forecast for today";
  weather.tags = {"home"};
  CatalogEntry vane = skill("vane");
  vane.description = "weather_skill's friend";
  vane.title_i18n = {{"key", "vane.title"}, {"fallback", "Vane"}};
  const auto market = market_of({vane, weather, skill("timer")});
  const auto found = [&](const std::string& q) {
    return names_of(market.view({}, {}, {.q = q}).value());
  };
  using Names = std::vector<std::string>;
  CHECK(found("ПОГОДА") == Names{"skill:weather_skill"});
  CHECK(found("forecast") == Names{"skill:weather_skill"});
  CHECK(found("HOME") == Names{"skill:weather_skill"});
  CHECK(found("vane.title").empty());
  CHECK(found("Weather_Skill") == Names{"skill:weather_skill", "skill:vane"});
  CHECK(found("").size() == 3);
  CHECK(market.view({}, {}, {.q = "weather_skill"}).value().counts.hidden_filtered == 1);
}

TEST_CASE("a title is never empty") {
  CatalogEntry plain = skill("plain"), keyed = skill("keyed"), titled = skill("titled");
  keyed.title_i18n = {{"key", "k"}, {"fallback", "Keyed"}};
  titled.title = "Titled";
  const auto rows = market_of({plain, keyed, titled}).view({}, {}, {}).value().rows;
  CHECK(rows.at(0).title == "Keyed");
  CHECK(rows.at(1).title == "plain");
  CHECK(rows.at(2).title == "Titled");
  CHECK(rows.at(2).install_action.value.target_kind == "skill");
  CHECK(rows.at(2).install_action.value.target_id == "titled");
}

TEST_CASE("an empty list says why") {
  const auto reason = [](const MarketplaceCatalog& market, std::span<const InstalledArtifact> here,
                         const Query& query) {
    return market.view(here, {}, query).value().empty_reason;
  };
  const auto market = market_of({skill("notes")});
  const InstalledArtifact notes = installed_from(skill("notes"));
  CHECK(reason(MarketplaceCatalog(nullptr), {}, {}) == EmptyReason::unavailable);
  CHECK(reason(market_of({}), {}, {}) == EmptyReason::empty);
  CHECK(reason(market, {&notes, 1}, {}) == EmptyReason::all_installed);
  CHECK(reason(market, {&notes, 1}, {.q = "xyzzy"}) == EmptyReason::no_match);
  CHECK(reason(market, {}, {.kind = ArtifactKind::scenario}) == EmptyReason::no_match);
  CHECK_FALSE(reason(market, {}, {}));
}

TEST_CASE("filters narrow the list, and facets say what is left in it") {
  CatalogEntry lamp = skill("lamp"), radio = skill("radio"), brief = skill("brief");
  lamp.tags = {"Home", "light"};
  lamp.publisher = "ada";
  radio.tags = {"home", "home", "Sound"};
  radio.publisher = "Bob";
  brief.kind = ArtifactKind::scenario;
  brief.publisher = "ada";
  const auto market = market_of({lamp, radio, brief});
  const auto names = [&](const Query& query) {
    return names_of(market.view({}, {}, query).value());
  };
  using Names = std::vector<std::string>;
  CHECK(names({.tags = {"HOME"}}) == Names{"skill:lamp", "skill:radio"});
  CHECK(names({.tags = {"home", "sound"}}) == Names{"skill:radio"});
  CHECK(names({.tags = {"nothing has it"}}).empty());
  CHECK(names({.publisher = "ADA"}) == Names{"skill:lamp", "scenario:brief"});
  CHECK(names({.publisher = "eve"}).empty());
  const auto facets = market.view({}, {}, {}).value().facets;
  CHECK(boost::json::serialize(to_json(facets)) ==
        R"({"kinds":[{"value":"skill","count":2},{"value":"scenario","count":1}],)"
        R"("tags":[{"value":"Home","count":2},{"value":"Sound","count":1},)"
        R"({"value":"light","count":1}],)"
        R"("publishers":[{"value":"ada","count":2},{"value":"Bob","count":1}]})");
  CHECK(market.view({}, {}, {.publisher = "bob"}).value().facets.tags.size() == 2);
}

TEST_CASE("what its publisher hides is counted, and an unlisted one is found by its exact name") {
  CatalogEntry lab = skill("lab_bench"), secret = skill("secret");
  lab.visibility = Visibility::unlisted;
  secret.visibility = Visibility::hidden;
  const auto market = market_of({lab, secret});
  const auto all = market.view({}, {}, {}).value();
  CHECK(all.rows.empty());
  CHECK(all.counts.hidden_unlisted == 2);
  CHECK(all.empty_reason == EmptyReason::hidden);
  CHECK(market.view({}, {}, {.q = "lab"}).value().rows.empty());
  CHECK(market.view({}, {}, {.q = "Lab_Bench"}).value().rows.size() == 1);
  CHECK(market.view({}, {}, {.q = "secret"}).value().empty_reason == EmptyReason::hidden);
  const InstalledArtifact mine = installed_from(secret);
  CHECK(market.view({&mine, 1}, {}, {.installed = Installed::show}).value().rows.size() == 1);
}

TEST_CASE("a list is sorted as it is asked for") {
  CatalogEntry old = skill("a_old"), young = skill("b_young"), unknown = skill("c_unknown");
  old.updated_at = "2025-01-01T00:00:00+00:00";
  young.updated_at = "2026-01-01T00:00:00+00:00";
  old.size_bytes = 20;
  young.size_bytes = 10;
  const auto market = market_of({unknown, old, young});
  const auto first = [&](Sort sort) {
    return market.view({}, {}, {.sort = sort}).value().rows.at(0).name;
  };
  CHECK(first(Sort::relevance) == "a_old");
  CHECK(first(Sort::name) == "a_old");
  CHECK(first(Sort::updated) == "b_young");
  CHECK(first(Sort::size) == "b_young");
}

TEST_CASE("pages together are the whole list, also when a row of the page before is gone") {
  std::vector<CatalogEntry> entries;
  for (int at = 0; at < 7; ++at) entries.push_back(skill("part_" + std::to_string(at)));
  const auto market = market_of(entries);
  Query query{.q = "part", .limit = 3};
  const auto first = market.view({}, {}, query).value();
  CHECK(first.rows.size() == 3);
  CHECK(first.counts.shown == 7);
  query.after = first.next_cursor;
  const InstalledArtifact taken = installed_from(entries.at(2));
  const auto second = market.view({&taken, 1}, {}, query).value();
  CHECK(names_of(second) ==
        std::vector<std::string>{"skill:part_3", "skill:part_4", "skill:part_5"});
  query.after = second.next_cursor;
  const auto third = market.view({}, {}, query).value();
  CHECK(names_of(third) == std::vector<std::string>{"skill:part_6"});
  CHECK(third.next_cursor.empty());
  query.after = "skill:nothing";
  CHECK(market.view({}, {}, query).error().reason == "bad_cursor");
}

TEST_CASE("a skill says which scenarios need it") {
  CatalogEntry brief = entry_of(ArtifactKind::scenario, "brief");
  brief.requires_skills = {"NOTES"};
  CatalogEntry desk = entry_of(ArtifactKind::scenario, "desk");
  desk.optional_skills = {"notes", "notes_id"};
  CatalogEntry notes = skill("notes");
  notes.id = "notes_id";
  const auto market = market_of({brief, notes, desk});
  const auto dependents = market.dependents({}, {}, "Notes_ID");
  REQUIRE(dependents.size() == 2);
  CHECK(dependents[0].name == "brief");
  CHECK(market.dependents({}, {}, "nothing").empty());
  CHECK(market.row({}, {}, ArtifactKind::skill, "notes_ID")->name == "notes");
  CHECK_FALSE(market.row({}, {}, ArtifactKind::scenario, "notes"));
}

}  // namespace
}  // namespace hub::marketplace
