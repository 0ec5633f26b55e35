#include "marketplace/search_text.hpp"

#include <doctest/doctest.h>

namespace hub::marketplace {
namespace {

using Words = std::vector<std::string>;

TEST_CASE("text is seen as words without case, marks and punctuation") {
  CHECK(search_words("weather_skill v2.6") == Words{"weather", "skill", "v2", "6"});
  CHECK(search_words("Ёлка, Café — СТРАССЕ!") == Words{"елка", "cafe", "страссе"});
  CHECK(search_words("Straße") == Words{"strasse"});
  CHECK(search_words("e\u0301te\u0301") == Words{"ete"});
  CHECK(search_words("天気 予報") == Words{"天気", "予報"});
  CHECK(search_words("🙂 ++ --").empty());
  CHECK(search_words("").empty());
  CHECK(search_words("a b c d", 2) == Words{"a", "b"});
  CHECK(search_words("one\xff two\xc3") == Words{"one", "two"});
}

TEST_CASE("a word without end is cut, never inside a letter") {
  CHECK(search_words(std::string(500, 'x')).at(0).size() == word_bytes_max);
  std::string russian = "x";
  for (int i = 0; i < 200; ++i) russian += "я";
  CHECK(search_words(russian).at(0).size() == word_bytes_max - 1);
}

TEST_CASE("the forms of a word share its stem") {
  CHECK(stem_of("погода") == "погод");
  CHECK(stem_of("погоду") == "погод");
  CHECK(stem_of("заметки") == "замет");
  CHECK(stem_of("свет") == "свет");
  CHECK(stem_of("timers") == "timer");
  CHECK(stem_of("press") == "press");
  CHECK(stem_of("bus") == "bus");
  CHECK(stem_of("weather") == "weather");
}

TEST_CASE("typing mistakes are counted in letters") {
  CHECK(typing_distance("weather", "weather", 2) == 0);
  CHECK(typing_distance("wether", "weather", 2) == 1);
  CHECK(typing_distance("weahter", "weather", 2) == 1);
  CHECK(typing_distance("погода", "пагода", 1) == 1);
  CHECK(typing_distance("timer", "weather", 2) == 3);
  CHECK(typing_distance("", "ab", 2) == 2);
}

}  // namespace
}  // namespace hub::marketplace
