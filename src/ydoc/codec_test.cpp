#include <doctest/doctest.h>

#include "base/hash.hpp"
#include "ydoc/filter.hpp"
#include "ydoc/message.hpp"
#include "ydoc/update.hpp"

namespace hub::ydoc {
namespace {

std::string hex(std::string_view bytes) { return to_hex(bytes); }

std::string any_of(const Json& value) {
  Writer out;
  out.any(value);
  return out.take();
}

bool readable_any(std::string_view bytes) {
  Reader in(bytes);
  in.skip_any();
  return in.ok() && in.remaining() == 0;
}

// new Y.Doc(), clientID 70000: getMap('ui').set('a', 1), getText('t').insert(0, 'a🙂b'), written
// by Yjs 13.6.
constexpr std::string_view kFromYjs{
    "\x01\x02\xF0\xA2\x04\x00\x28\x01\x02ui\x01"
    "a\x01\x7D\x01\x04\x01\x01t\x06"
    "a\xF0\x9F\x99\x82"
    "b\x00",
    28};

TEST_CASE("integers are written as lib0 ints, so that none becomes a BigInt") {
  CHECK(hex(any_of(0)) == "7d00");
  CHECK(hex(any_of(-1)) == "7d41");
  CHECK(hex(any_of(63)) == "7d3f");
  CHECK(hex(any_of(64)) == "7d8001");
  CHECK(hex(any_of(-64)) == "7dc001");
  CHECK(any_of(std::uint64_t{kVarUintMax}).front() == 125);
  CHECK(any_of(std::int64_t{1} << 60U).front() == 124);  // a power of two is exact as float32
  CHECK(any_of((std::int64_t{1} << 60U) + 1).front() != 125);
}

TEST_CASE("every JSON value is written as an Any that reads back whole") {
  const Json value = {{"null", nullptr},       {"yes", true},
                      {"no", false},           {"half", 0.5},
                      {"tenth", 0.1},          {"text", "слово🙂"},
                      {"list", {1, {2, {3}}}}, {"empty", boost::json::object{}}};
  CHECK(readable_any(any_of(value)));
}

TEST_CASE("text that is not UTF-8 is mended before a browser sees it") {
  CHECK(valid_utf8("a\xFFz") == "a\xEF\xBF\xBDz");
  CHECK(valid_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  CHECK(readable_any(any_of(Json("log: \xC3"))));
}

TEST_CASE("strings are counted and cut as JavaScript does") {
  CHECK(utf16_length("aя🙂") == 4);
  CHECK_FALSE(utf16_length("\xC0\x80"));
  CHECK(utf16_slice("aя🙂b", 1, 4) == "я🙂");
  CHECK(utf16_slice("a🙂b", 2, 4) ==
        "\xEF\xBF\xBD"
        "b");
}

TEST_CASE("hostile values are refused without being followed") {
  CHECK_FALSE(readable_any("\x75\xFF\xFF\xFF\x7F"));  // a list of 2^28
  CHECK_FALSE(
      readable_any("\x77\x05"
                   "ab"));                    // a string that ends early
  CHECK_FALSE(readable_any("\x77\x01\xFF"));  // not UTF-8
  CHECK_FALSE(readable_any("\x01"));          // no such tag
  CHECK_FALSE(readable_any(std::string("\x7D") + std::string(9, '\xFF') + "\x01"));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "\x75\x01";
  CHECK_FALSE(readable_any(deep + "\x7E"));
  CHECK(readable_any(deep.substr(0, 64) + "\x7E"));  // 32 levels
}

TEST_CASE("what Yjs writes is read, with lengths in its own units") {
  UpdateReader in(kFromYjs);
  const auto header = in.next_client();
  REQUIRE(header);
  CHECK(header->client == 70000);
  const auto first = in.next_struct();
  REQUIRE(first);
  CHECK(first->root == "ui");
  CHECK(first->key == "a");
  const auto second = in.next_struct();
  REQUIRE(second);
  CHECK(second->clock == 1);
  CHECK(second->length == 4);  // a, two units, b
  CHECK_FALSE(in.next_struct());
  CHECK_FALSE(in.next_client());
  CHECK(in.deletes().empty());
  CHECK(in.end());
}

TEST_CASE("an update that is cut anywhere, or goes on, is refused as a whole") {
  const auto readable = [](std::string_view bytes) {
    UpdateReader in(bytes);
    while (in.next_client()) {
      while (in.next_struct()) {
      }
    }
    in.deletes();
    return in.end();
  };
  REQUIRE(readable(kFromYjs));
  for (std::size_t length = 0; length < kFromYjs.size(); ++length) {
    CHECK(readable(kFromYjs.substr(0, length)).error().reason == "malformed_update");
  }
  CHECK_FALSE(readable(std::string(kFromYjs) + '\0'));
}

TEST_CASE("a split text is what Yjs would split it into, and joins again") {
  UpdateReader in(kFromYjs);
  in.next_client();
  in.next_struct();
  const Struct text = *in.next_struct();
  const std::string head = struct_part(text, 70000, {1, 4}),
                    tail = struct_part(text, 70000, {4, 5});
  Reader head_in(head), tail_in(tail);
  const Struct left = read_struct(head_in, 70000, 1), right = read_struct(tail_in, 70000, 4);
  CHECK(left.root == "t");
  CHECK(right.origin == StructId{70000, 3});
  CHECK(joined_structs(left, right, 70000) == std::string(text.bytes));
  CHECK_FALSE(joined_structs(right, left, 70000));
}

TEST_CASE("clocks past 2^31 and structs that refer to themselves are refused") {
  const auto refused = [](ClientId client, Clock clock, std::string_view bytes) {
    Reader in(bytes);
    read_struct(in, client, clock);
    return !in.ok();
  };
  CHECK(refused(9, kClockMax - 2, std::string("\x00\x05", 2)));
  CHECK(refused(9, 3, std::string("\x88\x09\x03\x01\x7E", 5)));  // origin (9, 3)
  CHECK_FALSE(refused(9, 4, std::string("\x88\x09\x03\x01\x7E", 5)));
}

TEST_CASE("a subdocument is let go of, and what follows it stays") {
  // 1 client, 2 structs of client 100000 from clock 0: ui.g = a document, ui.h = 1; no deletes.
  const std::string update(
      "\x01\x02\xA0\x8D\x06\x00"
      "\x29\x01\x02ui\x01g\x01"
      "d\x76\x00"
      "\x28\x01\x02ui\x01h\x01\x7D\x01\x00",
      28);
  const auto filtered = filter_update(update);
  REQUIRE(filtered);
  CHECK(filtered->forged_structs == 1);
  UpdateReader in(filtered->rewritten);
  REQUIRE(in.next_client());
  const auto gone = in.next_struct(), kept = in.next_struct();
  REQUIRE((gone && kept));
  CHECK(gone->kind == StructKind::gc);
  CHECK(gone->length == 1);
  CHECK(kept->key == "h");
}

TEST_CASE("ranges join where they touch and are cut out where they overlap") {
  RangeSet set({{5, 7}, {0, 2}, {7, 9}, {1, 3}, {4, 4}});
  CHECK(set.ranges() == std::vector<Range>{{0, 3}, {5, 9}});
  set.add({3, 5});
  CHECK(set.ranges() == std::vector<Range>{{0, 9}});
  CHECK(set.covers({2, 9}));
  CHECK_FALSE(set.covers({8, 10}));
  CHECK(RangeSet({{0, 10}}).without(RangeSet({{0, 2}, {4, 5}, {9, 20}})).ranges() ==
        std::vector<Range>{{2, 4}, {5, 9}});
}

TEST_CASE("messages of y-websocket are told apart, and unknown kinds are no error") {
  CHECK(hex(*keep_alive_frame()) == "010100");
  CHECK(hex(*denied_frame("no")) == "0200026e6f");
  CHECK(hex(*step1_frame({{5, 7}})) == "000003010507");
  const Frame update = update_frame("xy");
  CHECK(decode_message(*update)->kind == MessageKind::update);
  CHECK(decode_message(*update)->payload == "xy");
  CHECK(decode_message("\x03")->kind == MessageKind::query_awareness);
  CHECK(decode_message("\x09whatever")->kind == MessageKind::unknown);
  CHECK_FALSE(decode_message(""));
  CHECK_FALSE(decode_message(*update + "x"));
  CHECK_FALSE(decode_message(std::string("\x00\x07\x00", 3)));
}

TEST_CASE("awareness with a state that is no JSON is refused, for it throws in every browser") {
  const std::string good = encode_awareness({{7, 1, R"({"name":"Анна"})"}, {8, 2, "null"}});
  const auto read = decode_awareness(good);
  REQUIRE(read);
  CHECK(read->at(0).state == R"({"name":"Анна"})");
  CHECK(read->at(1).clock == 2);
  CHECK_FALSE(decode_awareness(encode_awareness({{7, 1, "{name}"}})));
  CHECK_FALSE(decode_awareness(encode_awareness({{7, 1, "undefined"}})));
}

TEST_CASE("a state vector comes back as it was") {
  const StateVector vector{{1, 5}, {kVarUintMax, kClockMax}};
  CHECK(decode_state_vector(encode_state_vector(vector)).value() == vector);
  CHECK_FALSE(decode_state_vector("\x02\x01\x01"));
  CHECK_FALSE(decode_state_vector(std::string("\x00\x00", 2)));
}

}  // namespace
}  // namespace hub::ydoc
