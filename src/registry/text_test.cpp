#include "registry/text.hpp"

#include <doctest/doctest.h>

#include "registry/semver.hpp"

namespace hub::registry {
namespace {

TEST_CASE("names that a person reads alike fold alike") {
  CHECK(fold("Weather_Skill") == "weather_skill");
  CHECK(fold("Straße") == fold("STRASSE"));
  CHECK(fold("Й") == fold("и\u0306"));
  CHECK(fold("ПОГОДА") == "погода");
  CHECK(fold("\xff") == "\xff");
}

TEST_CASE("the normal form of Unicode is told") {
  CHECK(is_nfc("й"));
  CHECK_FALSE(is_nfc("и\u0306"));
  CHECK_FALSE(is_nfc("\xff"));
  CHECK(utf8_prefix("ab\xff") == 2);
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));  // a lone surrogate
}

TEST_CASE("the nearest names are those that contain the wanted one, then those a few edits away") {
  const std::vector<std::string> names{"weather_skill", "whether_skill", "notes", "timer_skill"};
  CHECK(nearest_names("weather", names).at(0) == "weather_skill");
  CHECK(nearest_names("notez", names) == std::vector<std::string>{"notes"});
  CHECK(nearest_names("WEATHER_SKIL", names).size() == 2);
  CHECK(nearest_names("xyzzy", names).empty());
  CHECK(nearest_names("skill", {"a_skill", "b_skill", "c_skill", "d_skill"}, 2).size() == 2);
}

TEST_CASE("versions are ordered as semver.org orders them") {
  const std::vector<std::string> rising{"0.0.0-legacy.0123456789ab",
                                        "0.1.73-local.1",
                                        "0.1.73",
                                        "1.0.0-alpha",
                                        "1.0.0-alpha.1",
                                        "1.0.0-alpha.beta",
                                        "1.0.0-beta",
                                        "1.0.0-beta.2",
                                        "1.0.0-beta.11",
                                        "1.0.0-rc.1",
                                        "1.0.0",
                                        "2.0.0",
                                        "2.1.0",
                                        "2.1.1",
                                        "2.10.0",
                                        "10.0.0-99999999999999999999",
                                        "10.0.0"};
  for (std::size_t a = 0; a < rising.size(); ++a) {
    for (std::size_t b = 0; b < rising.size(); ++b) {
      CHECK((compare_versions(rising[a], rising[b]) < 0) == (a < b));
    }
  }
  CHECK(compare_versions("1.0.0+a", "1.0.0+b") == std::partial_ordering::equivalent);
}

TEST_CASE("what is not a semantic version is lower than any that is") {
  for (const char* bad : {"", "1", "0.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+",
                          "v1.2.3", "1.2.x", "1.2.3-a..b", "latest", "99999999999999999999.0.0"}) {
    CHECK_MESSAGE(!parse_semver(bad), bad);
    CHECK(compare_versions(bad, "0.0.1") < 0);
  }
  CHECK(compare_versions("0.2", "0.3") == std::partial_ordering::unordered);
  CHECK(compare_versions("0.2", "0.2") == std::partial_ordering::equivalent);
}

}  // namespace
}  // namespace hub::registry
