#include "marketplace/marketplace_catalog.hpp"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "base/json.hpp"

namespace hub::marketplace {
namespace {

CatalogEntry entry_of(ArtifactKind kind, const std::string& name,
                      const std::string& version = "1.0.0") {
  CatalogEntry entry;
  entry.kind = kind;
  entry.name = entry.id = name;
  entry.version = version;
  entry.tree = "sha256:" + name + version;
  return entry;
}

CatalogEntry skill(const std::string& name, const std::string& version = "1.0.0") {
  return entry_of(ArtifactKind::skill, name, version);
}

InstalledArtifact installed_from(const CatalogEntry& entry) {
  InstalledArtifact installed;
  installed.kind = entry.kind;
  installed.name = entry.name;
  installed.id = entry.id;
  installed.version = entry.version;
  installed.tree = entry.tree;
  return installed;
}

OperationState operation_on(const std::string& resource, const std::string& id = "op_1") {
  OperationState state;
  state.operation_id = OperationId(id);
  state.status = OperationStatus::running;
  state.current_step = "fetch";
  state.progress = 42;
  state.resources = {Resource(resource)};
  return state;
}

MarketplaceCatalog market_of(std::vector<CatalogEntry> entries) {
  auto catalog = std::make_shared<Catalog>();
  catalog->entries = std::move(entries);
  return MarketplaceCatalog(catalog);
}

std::vector<std::string> names_of(const View& view) {
  std::vector<std::string> names;
  for (const auto& row : view.rows) names.push_back(to_text(row.kind) + ":" + row.name);
  return names;
}

std::string text_of(const View& view) {
  std::string text;
  for (const auto& row : view.rows) text += boost::json::serialize(to_wire(row)) + "\n";
  const std::string reason =
      view.empty_reason ? boost::json::serialize(to_json(*view.empty_reason)) : "";
  return text + boost::json::serialize(to_json(view.counts)) + reason;
}

TEST_CASE("what is installed is hidden, per kind and over all its aliases") {
  CatalogEntry vision = entry_of(ArtifactKind::scenario, "new_face_vision");
  vision.id = "new_face_vision_scenario";
  const auto market =
      market_of({skill("notes"), entry_of(ArtifactKind::scenario, "notes"), vision});
  InstalledArtifact old = installed_from(entry_of(ArtifactKind::scenario, "older_name"));
  old.id = "NEW_FACE_VISION_Scenario";
  const InstalledArtifact here[] = {installed_from(skill("Notes")), old};
  const auto view = market.view(here, {}, {});
  CHECK(names_of(view) == std::vector<std::string>{"scenario:notes"});
  CHECK(view.counts.hidden_installed == 2);
  const auto all = market.view(here, {}, {.installed = Installed::show});
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
    const auto view = market_of({entry}).view({&installed, 1}, {}, {.installed = Installed::show});
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
  const auto view = market.view({}, operations, {});
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
  const auto row = market.view({}, {}, {.kind = ArtifactKind::scenario}).rows.at(0);
  CHECK(row.install_disabled);
  CHECK(row.disabled_reason == "requires_missing");
  REQUIRE(row.requires_.size() == 2);
  CHECK(row.requires_[0].title == "Notes keeper");
  CHECK(row.requires_[0].available);
  CHECK_FALSE(row.requires_[1].available);
  const InstalledArtifact lost = installed_from(skill("lost"));
  const auto found = market.view({&lost, 1}, {}, {.kind = ArtifactKind::scenario}).rows.at(0);
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
  const auto found = [&](const std::string& q) { return names_of(market.view({}, {}, {.q = q})); };
  using Names = std::vector<std::string>;
  CHECK(found("ПОГОДА") == Names{"skill:weather_skill"});
  CHECK(found("forecast") == Names{"skill:weather_skill"});
  CHECK(found("HOME") == Names{"skill:weather_skill"});
  CHECK(found("vane.title").empty());
  CHECK(found("Weather_Skill") == Names{"skill:weather_skill", "skill:vane"});
  CHECK(found("").size() == 3);
  CHECK(market.view({}, {}, {.q = "weather_skill"}).counts.hidden_filtered == 1);
}

TEST_CASE("a title is never empty") {
  CatalogEntry plain = skill("plain"), keyed = skill("keyed"), titled = skill("titled");
  keyed.title_i18n = {{"key", "k"}, {"fallback", "Keyed"}};
  titled.title = "Titled";
  const auto rows = market_of({plain, keyed, titled}).view({}, {}, {}).rows;
  CHECK(rows.at(0).title == "Keyed");
  CHECK(rows.at(1).title == "plain");
  CHECK(rows.at(2).title == "Titled");
  CHECK(rows.at(2).install_action.value.target_kind == "skill");
  CHECK(rows.at(2).install_action.value.target_id == "titled");
}

TEST_CASE("an empty list says why") {
  const auto reason = [](const MarketplaceCatalog& market, std::span<const InstalledArtifact> here,
                         const Query& query) { return market.view(here, {}, query).empty_reason; };
  const auto market = market_of({skill("notes")});
  const InstalledArtifact notes = installed_from(skill("notes"));
  CHECK(reason(MarketplaceCatalog(nullptr), {}, {}) == EmptyReason::unavailable);
  CHECK(reason(market_of({}), {}, {}) == EmptyReason::empty);
  CHECK(reason(market, {&notes, 1}, {}) == EmptyReason::all_installed);
  CHECK(reason(market, {&notes, 1}, {.q = "xyzzy"}) == EmptyReason::no_match);
  CHECK(reason(market, {}, {.kind = ArtifactKind::scenario}) == EmptyReason::no_match);
  CHECK_FALSE(reason(market, {}, {}));
}

// A small random world. Few names, so that all meet each other.
struct World {
  std::vector<CatalogEntry> entries;
  std::vector<InstalledArtifact> installed;
  std::vector<OperationState> operations;
  Query query;

  explicit World(unsigned seed) : random_(seed) {
    for (const auto kind : {ArtifactKind::skill, ArtifactKind::scenario}) {
      for (int at = 0; at < 8; ++at) {
        if (one_in(2)) add_entry(kind, "name_" + std::to_string(at));
        if (one_in(3)) {
          installed.push_back(
              installed_from(entry_of(kind, "NAME_" + std::to_string(at), version())));
        }
      }
    }
    for (int at = 0; at < 4; ++at) {
      operations.push_back(
          operation_on((one_in(2) ? "skill:name_" : "scenario:name_") + std::to_string(pick(8)),
                       "op_" + std::to_string(at)));
      if (one_in(3)) operations.back().status = OperationStatus::failed;
    }
    if (one_in(3)) query.kind = ArtifactKind::skill;
    if (one_in(2)) query.q = "name_" + std::to_string(pick(8));
    if (one_in(2)) query.installed = Installed::show;
  }
  View view() const { return market_of(entries).view(installed, operations, query); }
  void shuffle() {
    std::ranges::shuffle(entries, random_);
    std::ranges::shuffle(installed, random_);
    std::ranges::shuffle(operations, random_);
  }
  std::string version() { return std::to_string(pick(3)) + ".0.0"; }

 private:
  void add_entry(ArtifactKind kind, const std::string& name) {
    entries.push_back(entry_of(kind, name, version()));
    if (one_in(4)) entries.back().id = name + "_id";
    if (kind == ArtifactKind::scenario) {
      entries.back().requires_skills = {"name_" + std::to_string(pick(8))};
    }
  }
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_()) % below; }
  bool one_in(unsigned n) { return pick(n) == 0; }

  std::mt19937 random_;
};

TEST_CASE("in random worlds the rules hold") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    World world(seed);
    const View view = world.view();

    // The order of the inputs plays no part, and nothing else does.
    World shuffled = world;
    shuffled.shuffle();
    CHECK(text_of(shuffled.view()) == text_of(view));

    // Nothing vanishes.
    const auto& counts = view.counts;
    CHECK(counts.shown == std::ssize(view.rows));
    CHECK(counts.skills + counts.scenarios == counts.shown);
    CHECK(counts.shown + counts.hidden_installed + counts.hidden_filtered ==
          std::ssize(world.entries));
    CHECK(view.empty_reason.has_value() == view.rows.empty());

    for (const auto& row : view.rows) {
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

    // An exact name or id is first.
    const auto exact = [&](const MarketplaceRow& row) {
      return row.name == world.query.q || row.id == world.query.q;
    };
    if (!world.query.q.empty() && std::ranges::any_of(view.rows, exact)) {
      CHECK(exact(view.rows.front()));
    }

    // Hidden and installed together are all; one more installed never adds a row.
    World hide = world, show = world, more = world;
    hide.query.installed = Installed::hide;
    show.query.installed = Installed::show;
    CHECK(hide.view().counts.shown + hide.view().counts.hidden_installed ==
          show.view().counts.shown);
    more.query.installed = Installed::hide;
    more.installed.push_back(installed_from(skill("name_3")));
    CHECK(more.view().counts.shown <= hide.view().counts.shown);
  }
}

}  // namespace
}  // namespace hub::marketplace
