#include "base/described_text.hpp"

#include <doctest/doctest.h>

namespace hub {

enum class Colour { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Part {
  std::string name;
  int weight = 1;
  std::optional<Time> at;
};
BOOST_DESCRIBE_STRUCT(Part, (), (name, weight, at))

// One of each kind of field.
struct Whole {
  Id<struct WholeTag> id;
  std::string text;
  bool yes = false;
  std::int64_t number = 0;
  Colour colour = Colour::red;
  Time at{};
  Nullable<Part> part;
  Nullable<Json> any;
  std::optional<std::vector<std::string>> words;
  std::vector<Part> parts;
  boost::json::object object;
};
BOOST_DESCRIBE_STRUCT(Whole, (),
                      (id, text, yes, number, colour, at, part, any, words, parts, object))

namespace {

template <class T>
void check_same(const T& value) {
  CHECK(described_text(value) == boost::json::serialize(to_json(value)));
}

TEST_CASE("a described value has the same text with and without a tree between") {
  check_same(Whole{});
  Whole whole;
  whole.id = Id<WholeTag>("op_0198");
  whole.text = "says \"no\" \\ and\ttabs\r\n, \x01\x1f\x7f, \xD0\xBC\xD0\xB8\xD1\x80 </b>";
  whole.yes = true;
  whole.number = -9'223'372'036'854'775'807;
  whole.colour = Colour::green;
  whole.part = Part{"a", -7, from_millis(1'767'323'045'678)};
  whole.any = Json{{"a", {1, 2.5, nullptr, "x\ny"}}, {"b", boost::json::object{}}};
  whole.words = {"one", ""};
  whole.parts = {{"b", 0, {}}, {"c", 2, from_millis(-1)}};
  whole.object = {{"name", "a"}};
  check_same(whole);
  whole.words->clear();
  whole.any = Json(nullptr);
  check_same(std::vector{whole, Whole{}});
}

TEST_CASE("every character of a string is written as the JSON library writes it") {
  std::string all;
  for (int c = 1; c < 0x80; ++c) all.push_back(static_cast<char>(c));
  check_same(all);
  check_same(std::string("\0", 1));
  check_same(std::string());
}

TEST_CASE("times have the text they have everywhere, before the epoch and far away too") {
  for (const std::int64_t millis :
       {0LL, -1LL, 999LL, 1'767'323'045'678LL, 951'782'400'000LL, 253'402'300'799'999LL,
        253'402'300'800'000LL, -62'167'219'200'000LL}) {
    check_same(from_millis(millis));
  }
}

}  // namespace
}  // namespace hub
