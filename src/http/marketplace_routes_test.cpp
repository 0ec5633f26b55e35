#include "http/marketplace_routes.hpp"

#include <doctest/doctest.h>

#include "http/test_hub.hpp"
#include "registry/test_artifacts.hpp"

namespace hub::http {
namespace {

using registry::testing::Bench;
using registry::testing::write_file;

// A registry with a skill in two versions and a scenario that needs it, and a hub that knows it.
struct Market {
  Bench bench;
  TestHub hub;
  std::unique_ptr<store::Database> database =
      store::Database::open(hub.directory.path() / "hub.db").value();
  store::OperationStore store{*database, hub.clock};
  store::ProgressBoard board;
  registry::Mirror mirror{hub.directory.path() / "mirror", bench.registry.string(), hub.clock};
  registry::CatalogKeeper keeper{mirror, hub.clock, std::chrono::hours(1),
                                 hub.directory.path() / "copy" / "registry.json"};
  marketplace::Marketplace marketplace{keeper, hub.directory.path() / "search.db"};

  Market() {
    add_marketplace_routes(hub.router, {marketplace, keeper, store, board, hub.workers});
    hub.start();
  }
  ~Market() { hub.server->stop(std::chrono::seconds(5)); }

  void publish() {
    const auto notes = bench.sources / "notes_skill";
    write_file(notes / "README.md", "# Notes\n\n<script>x</script> [bad](javascript:x)\n");
    write_file(notes / "README.ru.md", "# Заметки\n");
    write_file(notes / "CHANGELOG.md", "## 1.1.0\n\n- calmer\n\n## 1.0.0\n\n- first\n");
    REQUIRE(bench.push_skill("notes_skill", "1.0.0"));
    REQUIRE(bench.push_skill("notes_skill", "1.1.0",
                             "description: Keeps what you say\ntags: [memory]\n"
                             "dependencies: [tinydb]\n"));
    const auto brief = registry::testing::write_scenario(bench.sources, "morning_brief", "1.0.0",
                                                         "depends: [notes_skill]\ntitle: Утро\n");
    REQUIRE(registry::push(bench.request(brief, ArtifactKind::scenario), hub.clock));
    REQUIRE(keeper.refresh());
  }

  Answer get(const std::string& target, const std::string& headers = {}) const {
    return TestClient(hub.port).ask("GET", target, hub.token_header() + headers);
  }
};

std::string first_name(const Answer& answer) {
  const auto rows = answer.json().at("rows").as_array();
  return rows.empty() ? "" : std::string(rows.at(0).at("name").as_string());
}

TEST_CASE("the marketplace over HTTP: pages, filters, refusals, one artifact") {
  Market at;

  SUBCASE("a hub that was never answered says so, and gives no error") {
    const auto answer = at.get("/api/marketplace");
    CHECK(answer.status == 200);
    CHECK(answer.json().at("empty_reason") == "unavailable");
    CHECK(answer.json().at("catalog").at("state") == "unavailable");
    const auto one = at.get("/api/marketplace/skill/notes_skill");
    CHECK(one.status == 503);
    CHECK(one.json().at("code") == "catalog_unavailable");
  }

  SUBCASE("rows are found by words in any language, and mistyped ones") {
    at.publish();
    const auto all = at.get("/api/marketplace");
    CHECK(all.json().at("total") == 2);
    CHECK(all.json().at("catalog").at("state") == "fresh");
    CHECK(all.json().at("facets").at("tags").at(0).at("value") == "memory");
    CHECK(first_name(at.get("/api/marketplace?q=say")) == "notes_skill");
    CHECK(first_name(at.get("/api/marketplace?q=%D1%83%D1%82%D1%80%D0%BE")) == "morning_brief");
    const auto mistyped = at.get("/api/marketplace?q=notse");
    CHECK(first_name(mistyped) == "notes_skill");
    CHECK(mistyped.json().at("search").at("by") == "index");
    CHECK(mistyped.json().at("search").at("corrections").at(0).at("instead").at(0) == "notes");
    CHECK(first_name(at.get("/api/marketplace?kind=scenario")) == "morning_brief");
    CHECK(first_name(at.get("/api/marketplace?tag=Memory&tag=memory")) == "notes_skill");
    const auto none = at.get("/api/marketplace?q=xyzzyx");
    CHECK(none.json().at("empty_reason") == "no_match");
    CHECK(none.json().at("counts").at("hidden_filtered") == 2);
  }

  SUBCASE("pages follow each other by cursor") {
    at.publish();
    const auto first = at.get("/api/marketplace?limit=1&sort=name").json();
    CHECK(first.at("rows").as_array().size() == 1);
    const std::string cursor(first.at("next_cursor").as_string());
    const auto second = at.get("/api/marketplace?limit=1&sort=name&cursor=" + cursor).json();
    CHECK(second.at("rows").at(0).at("name") == "morning_brief");
    CHECK(second.at("next_cursor").is_null());
    CHECK(at.get("/api/marketplace?after=skill:nothing").json().at("code") == "bad_cursor");
  }

  SUBCASE("the same question is answered with 304 until something changes") {
    at.publish();
    for (const char* target : {"/api/marketplace?q=notes", "/api/marketplace/skill/notes_skill"}) {
      CAPTURE(target);
      const auto etag = at.get(target).header("etag");
      const std::string header = "If-None-Match: " + etag + "\r\n";
      const auto same = at.get(target, header);
      CHECK(same.status == 304);
      CHECK(same.body.empty());
      CHECK(at.get(std::string(target) + "?installed=1", header).status == 200);
    }
    const auto etag = at.get("/api/marketplace").header("etag");
    REQUIRE(at.bench.push_skill("timer_skill", "1.0.0"));
    REQUIRE(at.keeper.refresh());
    const auto changed = at.get("/api/marketplace", "If-None-Match: " + etag + "\r\n");
    CHECK(changed.status == 200);
    CHECK(changed.json().at("total") == 3);
  }

  SUBCASE("what cannot be asked is refused with its reason") {
    at.publish();
    const auto code = [&](const std::string& query) {
      const auto answer = at.get("/api/marketplace?" + query);
      CHECK(answer.status == 400);
      return answer.json().at("code");
    };
    CHECK(code("kind=bundle") == "bad_kind");
    CHECK(code("sort=best") == "bad_sort");
    CHECK(code("installed=maybe") == "bad_installed");
    CHECK(code("limit=0") == "bad_limit");
    CHECK(code("limit=1001") == "bad_limit");
    CHECK(code("q=" + std::string(1'001, 'x')) == "question_too_long");
  }

  SUBCASE("one artifact: README, versions, changelog, what comes with it, who needs it") {
    at.publish();
    const auto skill = at.get("/api/marketplace/skills/NOTES_skill").json();
    CHECK(skill.at("row").at("version") == "1.1.0");
    const std::string readme = boost::json::serialize(skill.at("readme"));
    CHECK(readme.find("<script>x</script> bad") != std::string::npos);  // text, no link
    CHECK(readme.find("javascript") == std::string::npos);
    REQUIRE(skill.at("versions").as_array().size() == 2);
    CHECK(skill.at("versions").at(0).at("version") == "1.1.0");
    CHECK(skill.at("versions_complete") == true);
    CHECK(skill.at("changelog").at(0).at("version") == "1.1.0");
    CHECK(skill.at("requirements").at("packages").at(0) == "tinydb");
    CHECK(skill.at("dependents").at(0).at("name") == "morning_brief");
    CHECK(skill.at("dependents").at(0).at("required") == true);
    const auto russian = at.get("/api/marketplace/skill/notes_skill?lang=ru").json();
    CHECK(russian.at("readme").at("file") == "README.ru.md");

    const auto brief = at.get("/api/marketplace/scenario/morning_brief").json();
    CHECK(brief.at("readme").is_null());
    CHECK(brief.at("requirements").at("skills").at(0).at("will_install") == true);
    CHECK(boost::json::serialize(brief.at("requirements").at("will_install")) ==
          R"(["skill:notes_skill","scenario:morning_brief"])");
    CHECK(brief.at("requirements").at("download_bytes").as_int64() > 0);

    const auto missing = at.get("/api/marketplace/skill/notez_skill");
    CHECK(missing.status == 404);
    CHECK(missing.json().at("code") == "unknown_skill");
    CHECK(missing.json().at("hint").as_string().find("notes_skill") != std::string::npos);
    CHECK(at.get("/api/marketplace/bundle/x").status == 404);
  }
}

}  // namespace
}  // namespace hub::http
