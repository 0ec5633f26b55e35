#include <stdexcept>

#include <doctest/doctest.h>

#include "ydoc/shared_document.hpp"

namespace hub::ydoc {
namespace {

constexpr ClientId kBrowser = 70'000;

// One item by a browser at (client, clock): a value under a key of a root or container.
struct Write {
  ClientId client = kBrowser;
  Clock clock = 0;
  ItemHead head;
};

std::string update_of(const std::vector<Write>& writes, const DeleteSet& deletes = {}) {
  UpdateWriter out;
  for (const Write& write : writes) {
    Writer item;
    write_item_head(item, write.head, ContentKind::any);
    item.var_uint(1);
    item.any(write.clock);
    out.client({write.client, write.clock}, 1, item.take());
  }
  for (const auto& [client, set] : deletes) out.deletes(client, set);
  return out.take();
}

ItemHead at_root(std::string_view root, std::string_view key) {
  ItemHead head;
  head.root = root;
  head.key = key;
  return head;
}

ItemHead at_parent(StructId parent, std::string_view key) {
  ItemHead head;
  head.parent = parent;
  head.key = key;
  return head;
}

ItemHead after(StructId origin) {
  ItemHead head;
  head.origin = origin;
  return head;
}

std::vector<Struct> structs_of(std::string_view update) {
  std::vector<Struct> out;
  UpdateReader in(update);
  while (in.next_client()) {
    while (const auto one = in.next_struct()) out.push_back(*one);
  }
  return out;
}

Result<Reaction> send(SharedDocument& document, std::string_view update) {
  return document.handle({MessageKind::update, update});
}

SharedDocument opened(ClientId author = 5) {
  SharedDocument document(author, 1, ForeignStore());
  document.authored().set_map({"runtime", "meta"});
  document.authored().set({"runtime", "meta", "seq"}, 1);
  document.commit();
  return document;
}

TEST_CASE("only what differs is written, and a tick takes tens of bytes") {
  AuthoredDocument document(3);
  document.set_map({"runtime", "operations"});
  document.set({"runtime", "operations", "progress"}, 1);
  CHECK_FALSE(document.commit().empty());
  document.set({"runtime", "operations", "progress"}, 1);
  document.set_map({"runtime", "operations"});
  CHECK(document.commit().empty());
  document.set({"runtime", "operations", "progress"}, 2);
  CHECK(document.commit().size() < 24);
  CHECK(document.to_json().at("runtime").at("operations").at("progress") == 2);
}

TEST_CASE("the hub writes nowhere but in its own places") {
  AuthoredDocument document(3);
  CHECK_THROWS_AS(document.set({"ui", "theme"}, "dark"), std::logic_error);
  CHECK_THROWS_AS(document.set({"data", "desktop"}, "mine"), std::logic_error);
  CHECK_THROWS_AS(document.set({"data", "desktop", "installed"}, 1), std::logic_error);
  CHECK_THROWS_AS(document.set({"runtime", "no", "map"}, 1), std::logic_error);
  CHECK_THROWS_AS(AuthoredDocument(65'536), std::logic_error);
}

TEST_CASE(
    "four hundred thousand writes leave a document under 64 KB when its container is rotated") {
  AuthoredDocument document(3);
  const auto key = [](int op, const char* name) {
    return Path{"runtime", "operations", "op" + std::to_string(op), name};
  };
  document.set_map({"runtime", "operations"});
  for (int op = 0; op < 4; ++op)
    document.set_map({"runtime", "operations", "op" + std::to_string(op)});
  for (int tick = 0; tick < 100'000; ++tick) {  // four keys each
    document.set(key(tick % 4, "progress"), tick);
    document.set(key(tick % 4, "updated_at"), tick);
    document.set(key(tick % 4, "message"), tick);
    document.set(key(tick % 4, "step"), tick);
    document.commit();
    if (document.structs() > 2000) document.rotate({"runtime", "operations"});
  }
  document.commit();
  CHECK(document.encode_state().size() < 65'536);
}

TEST_CASE("a difference has only what the other lacks") {
  AuthoredDocument document(3);
  document.set({"runtime", "a"}, Json(std::string(1000, 'x')));
  document.commit();
  StateVector then;
  document.add_to(then);
  document.set({"runtime", "b"}, 1);
  document.commit();
  CHECK(document.encode_state().size() > 1000);
  CHECK(document.encode_diff(then).size() < 32);
}

TEST_CASE("a browser's own writes go through as they are") {
  auto document = opened();
  const std::string update = update_of({{.head = at_root("ui", "theme")}});
  const auto reaction = send(document, update);
  REQUIRE(reaction);
  CHECK_FALSE(reaction->forged);
  CHECK(reaction->persist == update);
  CHECK(*reaction->broadcast == *update_frame(update));
  CHECK_FALSE(send(document, update)->broadcast);  // known by now
}

TEST_CASE("whatever touches the hub's part becomes a GC struct, so that no clock has a gap") {
  const std::vector<ItemHead> forged{at_root("runtime", "x"),
                                     at_root("registry", "x"),
                                     at_root("data", "infrastate"),
                                     at_root("data", "desktop"),
                                     at_parent({5, 0}, "seq"),
                                     at_parent(kDesktopContainer, "toasts"),
                                     after({5, 1}),
                                     after(kDesktopContainer)};
  for (const ItemHead& head : forged) {
    auto document = opened();
    const auto reaction = send(document, update_of({{.head = head}}));
    REQUIRE(reaction);
    CHECK(reaction->forged);
    const auto kept = structs_of(reaction->persist);
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].kind == StructKind::gc);
    CHECK(kept[0].length == 1);
  }
}

TEST_CASE("browsers share data.desktop with the hub") {
  auto document = opened();
  const auto reaction =
      send(document, update_of({{.head = at_parent(kDesktopContainer, "installed")}}));
  REQUIRE(reaction);
  CHECK_FALSE(reaction->forged);
  CHECK(structs_of(reaction->persist).at(0).kind == StructKind::item);
}

TEST_CASE("deletes of what the hub shows are dropped and told from old ones returned") {
  auto document = opened();
  const auto forged = send(document, update_of({}, {{5, RangeSet({{0, 2}})}}));
  REQUIRE(forged);
  CHECK(forged->forged);
  CHECK_FALSE(forged->broadcast);
  // An earlier opening's structs and deletes: an honest browser has them still.
  const auto returned = send(document, update_of({{.client = 4, .head = at_root("runtime", "x")}},
                                                 {{4, RangeSet({{0, 9}})}}));
  REQUIRE(returned);
  CHECK_FALSE(returned->forged);
  CHECK_FALSE(returned->broadcast);
  // Nobody honest has structs that the hub never wrote.
  CHECK(send(document, update_of({{.client = 6, .head = at_root("ui", "x")}}))->forged);
  CHECK(
      send(document, update_of({{.client = 5, .clock = 90, .head = at_root("ui", "x")}}))->forged);
}

TEST_CASE("a refused message leaves the document as it was") {
  auto document = opened();
  REQUIRE(send(document, update_of({{.head = at_root("ui", "theme")}})));
  const std::string before = document.encode_diff({});
  std::string broken = update_of({{.clock = 1, .head = at_root("ui", "more")}});
  broken.back() = '\x01';
  CHECK(send(document, broken).error().reason == "malformed_update");
  CHECK(send(document, std::string(kUpdateBytesMax + 1, '\0')).error().reason == "too_large");
  CHECK(document.handle({MessageKind::step1, "\x05"}).error().reason == "malformed_state_vector");
  CHECK(document.encode_diff({}) == before);
}

TEST_CASE("a full document refuses and keeps what it has") {
  ForeignStore store({.bytes_max = 1000, .clients_max = 100});
  REQUIRE(store.merge(update_of({{.head = at_root("ui", "theme")}})));
  const std::string before = store.encode();
  const std::string key(400, 'k');
  REQUIRE(store.merge(update_of({{.clock = 1, .head = at_root("ui", key)}})));
  const auto refused = store.merge(update_of({{.clock = 2, .head = at_root("ui", key)}}));
  CHECK(refused.error().code == ErrorCode::exhausted);
  CHECK(refused.error().reason == "document_full");
  CHECK(store.bytes() <= 1000);

  ForeignStore few({.bytes_max = 1000, .clients_max = 1});
  REQUIRE(few.merge(update_of({{.client = 70'000, .head = at_root("ui", "a")}})));
  CHECK_FALSE(few.merge(update_of({{.client = 70'001, .head = at_root("ui", "a")}})));
}

TEST_CASE("gaps are kept as gaps, and filled when the missing part comes") {
  ForeignStore store;
  REQUIRE(store.merge(update_of({{.clock = 0, .head = at_root("ui", "a")}})));
  REQUIRE(store.merge(update_of({{.clock = 2, .head = at_root("ui", "c")}})));
  StateVector vector;
  store.add_to(vector);
  CHECK(vector.at(kBrowser) == 1);
  CHECK(structs_of(store.encode()).at(1).kind == StructKind::skip);
  ForeignStore again;
  REQUIRE(again.merge(store.encode()));
  REQUIRE(again.merge(update_of({{.clock = 1, .head = at_root("ui", "b")}})));
  again.add_to(vector);
  CHECK(vector.at(kBrowser) == 3);
  CHECK(structs_of(again.encode()).size() == 3);
}

TEST_CASE("a key that is written for ever does not fill the store") {
  ForeignStore store;
  REQUIRE(store.merge(update_of({{.head = at_root("ui", "position")}})));
  for (Clock clock = 1; clock < 20'000; ++clock) {
    REQUIRE(store.merge(update_of({{.clock = clock, .head = after({kBrowser, clock - 1})}},
                                  {{kBrowser, RangeSet({{clock - 1, clock}})}})));
  }
  CHECK(store.bytes() < 300'000);
  store.compact();
  CHECK(store.bytes() < 2000);
}

TEST_CASE("the answer to an empty state vector is encoded once per change") {
  auto document = opened();
  const Message step1{MessageKind::step1, std::string_view("\0", 1)};
  const Frame first = document.handle(step1)->answers.at(0);
  CHECK(document.handle(step1)->answers.at(0) == first);
  document.authored().set({"runtime", "meta", "seq"}, 2);
  document.commit();
  const Frame second = document.handle(step1)->answers.at(0);
  CHECK(second != first);
  REQUIRE(send(document, update_of({{.head = at_root("ui", "theme")}})));
  CHECK(document.handle(step1)->answers.at(0) != second);
}

TEST_CASE("the hub claims the ids of earlier openings, so that browsers keep their remains") {
  SharedDocument document(5, 3, ForeignStore());
  document.authored().set({"runtime", "a"}, 1);
  document.commit();
  const Frame greeting = document.greeting();
  const auto message = decode_message(*greeting);
  REQUIRE(message);
  CHECK(message->kind == MessageKind::step1);
  const auto vector = decode_state_vector(message->payload).value();
  CHECK(vector == StateVector{{3, kClockMax}, {4, kClockMax}, {5, 1}, {kContainerAuthor, 1}});
}

TEST_CASE("renewing keeps the values and leaves no residue") {
  auto document = opened();
  for (int seq = 2; seq < 100; ++seq) {
    document.authored().set({"runtime", "meta", "seq"}, seq);
    document.authored().set({"data", "desktop", "toasts"}, {seq});
    document.commit();
  }
  const Json before = document.authored().to_json();
  REQUIRE(document.renew(6));
  CHECK(document.authored().to_json() == before);
  CHECK(document.authored().author() == 6);
  CHECK(document.authored().structs() == document.authored().live_items());
}

}  // namespace
}  // namespace hub::ydoc
