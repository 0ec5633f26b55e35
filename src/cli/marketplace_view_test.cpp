#include "cli/marketplace_view.hpp"

#include <doctest/doctest.h>

namespace hub::cli {
namespace {

boost::json::object object(std::string_view text) { return boost::json::parse(text).as_object(); }

std::string shown(const Lines& lines) { return text_of(lines, Colours::no); }

TEST_CASE("rows stand in columns that fit the screen") {
  const auto answer = object(R"({
    "catalog": {"state": "fresh"}, "total": 3, "counts": {"hidden_installed": 2}, "rows": [
    {"kind": "skill", "name": "weather_skill", "version": "1.2.0", "title": "Погода",
     "description": "Forecast for today, and a long text after it", "installed": true,
     "installed_version": "1.1.0", "update_available": true},
    {"kind": "scenario", "name": "brief", "version": "1.0.0", "title": "Brief\u001b[31m"}]})");
  CHECK(shown(marketplace_table(answer, {})) ==
        "NAME           KIND      VERSION        STATE      WHAT\n"
        "weather_skill  skill     1.1.0 > 1.2.0  update     Погода: Forecast for today, and a long "
        "text after it\n"
        "brief          scenario  1.0.0          available  Brief [31m\n"
        "1 more: --limit N shows them; 2 installed: --installed shows them\n");
  for (const int columns : {20, 40, 60, 80}) {
    View view;
    view.columns = columns;
    for (const auto& line : marketplace_table(answer, view)) CHECK(line.width() <= columns);
  }
}

TEST_CASE("an empty answer says why, and an old catalogue how old") {
  const auto reason = [](const std::string& why) {
    return shown(marketplace_table(object(R"({"rows": [], "empty_reason": ")" + why + "\"}"), {}));
  };
  CHECK(reason("no_match") == "nothing matches\n  what to do: try fewer or other words\n");
  CHECK(reason("all_installed").find("--installed") != std::string::npos);
  CHECK(reason("hidden").find("exact name") != std::string::npos);
  CHECK(reason("empty").find("skill push") != std::string::npos);
  CHECK(reason("unavailable").find("registry refresh") != std::string::npos);
  CHECK(reason("of a newer hub") == "nothing to show\n");
  const auto offline = object(R"({"rows": [], "empty_reason": "no_match",
    "catalog": {"state": "offline", "age_s": 7200},
    "search": {"corrections": [{"word": "wether", "instead": ["weather", "whether"]}]}})");
  CHECK(shown(marketplace_table(offline, {})) ==
        "the registry does not answer: this is the catalogue of 2 h ago\n"
        "nothing has \"wether\": looked for weather, whether instead\n"
        "nothing matches\n  what to do: try fewer or other words\n");
}

TEST_CASE("one artifact is told from its row to its README") {
  const auto answer = object(R"({
    "row": {"kind": "scenario", "name": "brief", "title": "Morning brief", "version": "1.1.0",
            "description": "Notes of the day", "publisher": "ada", "tags": ["daily", "home"],
            "size": 4096, "verified": true},
    "requirements": {"skills": [
        {"name": "notes", "version": "1.0.0", "installed": false, "will_install": true},
        {"name": "lost", "version": null, "installed": false, "available": false}],
      "optional": [], "packages": ["tinydb"]},
    "dependents": [{"kind": "scenario", "name": "desk", "installed": true}],
    "versions": [{"version": "1.1.0", "published_at": "2026-01-02T00:00:00.000Z",
                  "subject": "publish it"}],
    "changelog": [{"version": "1.1.0", "newer": false, "nodes": [
      {"type": "list", "ordered": false, "children": [
        {"type": "item", "children": [{"type": "text", "text": "calmer"}]}]}]}],
    "readme": {"file": "README.md", "nodes": [
      {"type": "heading", "level": 1, "children": [{"type": "text", "text": "Brief"}]},
      {"type": "paragraph", "children": [{"type": "text", "text": "See "},
        {"type": "link", "href": "https://example.org", "children": [
          {"type": "text", "text": "there"}]}]},
      {"type": "code_block", "language": "py", "text": "x = 1\n"},
      {"type": "of a newer hub", "children": [{"type": "text", "text": "inside"}]}]}})");
  CHECK(shown(marketplace_details(answer, {})) ==
        "Morning brief  scenario brief\n"
        "Notes of the day\n"
        "\n"
        "state       available\n"
        "version     1.1.0\n"
        "publisher   ada\n"
        "tags        daily, home\n"
        "size        4 KiB\n"
        "content     checked at install\n"
        "\n"
        "Needs\n"
        "  skill notes 1.0.0  will be installed with it\n"
        "  skill lost   not in the registry\n"
        "  packages: tinydb\n"
        "\n"
        "Needed by\n"
        "  scenario desk  installed\n"
        "\n"
        "Versions\n"
        "  1.1.0  2026-01-02  publish it\n"
        "\n"
        "What 1.1.0 changed\n"
        "  - calmer\n"
        "\n"
        "README.md\n"
        "  Brief\n"
        "  See there <https://example.org>\n"
        "      x = 1\n"
        "  inside\n"
        "\n"
        "install it with: adaos-hub scenario install brief\n");
}

}  // namespace
}  // namespace hub::cli
