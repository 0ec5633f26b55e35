#include "cli/text.hpp"

#include <doctest/doctest.h>

namespace hub::cli {
namespace {

TEST_CASE("nothing in a text can steer a terminal") {
  CHECK(printable("a\x1b[31mred\x1b[0m\r\nb\tc") == "a [31mred [0m b c");
  CHECK(printable("one\xC2\x9Btwo") == "one two");  // a C1 control
  CHECK(printable("abc\xE2\x80\xAE"
                  "def") == "abc def");  // turns the direction
  CHECK(printable("bad \xFF byte") == "bad \xEF\xBF\xBD byte");
  CHECK(printable("  spaces   in between  ") == "spaces in between");
  CHECK(printable_lines("  in\x1b[2J\n\tout\r\n") == "  in [2J\n\tout\n");
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(width_of("weather") == 7);
  CHECK(width_of("Утренняя сводка") == 15);
  CHECK(width_of("天気予報") == 8);
  CHECK(width_of("e\xCC\x81") == 1);  // e and a combining accent
  CHECK(width_of("🙂") == 2);
  CHECK(width_of("") == 0);
}

TEST_CASE("a cut text ends in an ellipsis and fits") {
  CHECK(cut("weather", 7) == "weather");
  CHECK(cut("weather", 6) == "weath…");
  CHECK(cut("Утренняя сводка", 10) == "Утренняя…");
  CHECK(cut("天気予報", 8) == "天気予報");
  CHECK(cut("天気予報", 7) == "天気予…");
  CHECK(cut("天気予報", 6) == "天気…");  // half a character is none
  CHECK(cut("e\xCC\x81\x65\xCC\x81\x65\xCC\x81", 2) == "e\xCC\x81…");
  CHECK(cut("weather", 1) == "…");
  CHECK(cut("weather", 0).empty());
  for (int columns = 0; columns < 20; ++columns) {
    CHECK(width_of(cut("установка 天気 skill 🙂🙂", columns)) <= columns);
  }
}

TEST_CASE("wrapped lines break at spaces and lose nothing") {
  CHECK(wrapped("cannot fetch it: the disk is full", 12) ==
        std::vector<std::string>{"cannot fetch", "it: the disk", "is full"});
  CHECK(wrapped("unbreakable", 4) == std::vector<std::string>{"unbr", "eaka", "ble"});
  CHECK(wrapped("天気予報", 4) == std::vector<std::string>{"天気", "予報"});
  CHECK(wrapped("", 10).empty());
}

TEST_CASE("a line keeps its colours apart from its text") {
  Line line("ok", Paint::good);
  line.to_column(6).add("rest");
  CHECK(line.text(Colours::no) == "ok    rest");
  CHECK(line.text(Colours::yes) == "\x1b[32mok\x1b[0m    rest");
  CHECK(line.width() == 10);
  CHECK(Line("abcdef").to_column(3).add("g").text(Colours::no) == "abcdef g");
}

TEST_CASE("a line is cut across its colours") {
  Line line("one", Paint::bad);
  line.add("two").add("three", Paint::good);
  CHECK(line.cut_to(11).text(Colours::no) == "onetwothree");
  CHECK(line.cut_to(8).text(Colours::no) == "onetwot…");
  CHECK(line.cut_to(6).text(Colours::no) == "onetw…");
  CHECK(line.cut_to(3).text(Colours::yes) == "\x1b[31mon…\x1b[0m");
  CHECK(line.cut_to(0).text(Colours::no).empty());
}

}  // namespace
}  // namespace hub::cli
