#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/hash.hpp"
#include "models/model_store.hpp"

namespace hub::models {
namespace {

const std::string digest(64, 'a');

boost::json::object file(const std::string& path) {
  return {{"path", path}, {"sha256", digest}, {"size", 3}, {"urls", {"http://host/a"}}};
}

boost::json::object with(boost::json::object one, const char* key, Json value) {
  one[key] = std::move(value);
  return {{"files", {std::move(one)}}};
}

TEST_CASE("parameters of a download are read, and a digest may be written in capitals") {
  auto params = with(file("a/b.bin"), "sha256", boost::json::string(64, 'A'));
  params["connections"] = 7;
  const auto wanted = read_wanted(params).value();
  CHECK(wanted.files.at(0).sha256 == digest);
  CHECK(wanted.connections == 7);
  CHECK(size_of(wanted) == 3);
  params.at("files").at(0).as_object().erase("size");
  CHECK(!size_of(read_wanted(params).value()));
}

TEST_CASE("a path that leads out of the model's folder, or is none, is refused") {
  for (const char* path : {"", "/a", "../a", "a/../b", "a/./b", "a//b", "a/", ".", "..", "a\\b",
                           "a\nb", "model.json"}) {
    CAPTURE(std::string(path));
    const auto read = read_wanted({{"files", {file(path)}}});
    REQUIRE(!read);
    CHECK(read.error().reason == "bad_path");
  }
  CHECK(read_wanted({{"files", {file("weights/model.json")}}}));
  CHECK(read_wanted({{"files", {file("..a")}}}));
  CHECK(read_wanted({{"files", {file(std::string(2000, 'a'))}}}).error().reason == "bad_path");
  CHECK(read_wanted({{"files", {file("a"), file("a")}}}).error().reason == "bad_path");
  CHECK(read_wanted({{"files", {file("a"), file("a/b")}}}).error().reason == "bad_path");
}

TEST_CASE("every other wrong parameter is named") {
  const auto reason_of = [](const boost::json::object& params) {
    const auto read = read_wanted(params);
    REQUIRE(!read);
    return read.error().reason;
  };
  CHECK(reason_of({}) == "files_missing");
  CHECK(reason_of({{"files", boost::json::array()}}) == "files_missing");
  CHECK(reason_of({{"files", "a"}}) == "files_missing");
  CHECK(reason_of({{"files", {"a"}}}) == "field_type");
  CHECK(reason_of(with(file("a"), "sha256", "abc")) == "bad_sha256");
  CHECK(reason_of(with(file("a"), "sha256", boost::json::string(64, 'g'))) == "bad_sha256");
  CHECK(reason_of(with(file("a"), "size", -1)) == "field_type");
  CHECK(reason_of(with(file("a"), "size", "3")) == "field_type");
  CHECK(reason_of(with(file("a"), "urls", boost::json::array())) == "field_type");
  CHECK(reason_of(with(file("a"), "urls", {"ftp://host/a"})) == "bad_source_url");
  CHECK(reason_of({{"files", {file("a")}}, {"connections", 0}}) == "field_type");
  CHECK(reason_of({{"files", {file("a")}}, {"rate_limit_bytes_per_s", -1}}) == "field_type");
  CHECK(reason_of({{"files", boost::json::array(files_max + 1, file("a"))}}) == "too_many");
  CHECK(read_wanted(with(file("a"), "size", "3")).error().message.find("files[0].size") !=
        std::string::npos);
}

TEST_CASE("names of models are names of folders that hide nothing") {
  for (const char* name : {"a", "Llama-3.1_8B", "0"}) CHECK(check_name(name));
  for (const char* name : {"", ".a", "-a", "a/b", "a b", "ä", ".."}) CHECK(!check_name(name));
}

struct Shop {
  TemporaryDirectory directory;
  ModelStore store{directory.path()};
  const std::string words = "some words";

  void put(const std::string& name, const std::string& path) {
    const auto place = store.folder(name) / path;
    REQUIRE(make_directories(place.parent_path()));
    REQUIRE(write_file_atomic(place, words));
    Model model;
    model.name = name;
    model.size = static_cast<std::int64_t>(words.size());
    model.files = {{path, model.size, to_hex(sha256(words))}};
    REQUIRE(write_file_atomic(store.folder(name) / manifest_name,
                              boost::json::serialize(to_json(model))));
  }
};

TEST_CASE("what lies in the folder is what is listed, and what is broken says why") {
  Shop shop;
  CHECK(shop.store.list().empty());
  shop.put("b", "x/w.bin");
  shop.put("a", "w.bin");
  REQUIRE(make_directories(shop.store.root() / "foreign"));
  REQUIRE(make_directories(shop.store.root() / ".work" / "op_x"));
  auto models = shop.store.list();
  REQUIRE(models.size() == 3);
  CHECK(models[0].name == "a");
  CHECK(!models[0].broken);
  CHECK(models[2].broken == "it has no model.json");
  fs::resize_file(shop.store.folder("b") / "x/w.bin", 2);
  CHECK(shop.store.find("b")->broken == "x/w.bin has 2 bytes instead of 10");
  fs::remove(shop.store.folder("b") / "x/w.bin");
  CHECK(shop.store.find("b")->broken == "x/w.bin is missing");
  CHECK(!shop.store.find("../b"));
  CHECK(!shop.store.find(".work"));
}

TEST_CASE("a file that another model has gets a second name, unless it was changed there") {
  Shop shop;
  shop.put("a", "w.bin");
  const auto known = to_hex(sha256(shop.words));
  const auto target = shop.directory.path() / "second";
  CHECK(shop.store.link_known(digest, std::nullopt, target, {}).value() == ModelStore::Linked::no);
  CHECK(shop.store.link_known(known, 11, target, {}).value() == ModelStore::Linked::no);
  CHECK(shop.store.link_known(known, 10, target, {}).value() == ModelStore::Linked::yes);
  CHECK(fs::hard_link_count(target) == 2);
  fs::remove(target);
  std::ofstream(shop.store.folder("a") / "w.bin") << "same words";
  CHECK(shop.store.link_known(known, 10, target, {}).value() == ModelStore::Linked::no);
  CHECK(!fs::exists(target));
}

TEST_CASE("work of operations that nobody knows goes at start; partial files stay for a while") {
  Shop shop;
  const OperationId known("op_known"), gone("op_gone");
  REQUIRE(make_directories(shop.store.work(known)));
  REQUIRE(make_directories(shop.store.work(gone)));
  shop.store.sweep({known});
  CHECK(fs::exists(shop.store.work(known)));
  CHECK(!fs::exists(shop.store.work(gone)));
  REQUIRE(make_directories(shop.store.partial(digest).parent_path()));
  REQUIRE(write_file_atomic(shop.store.partial(digest), "abc"));
  const SystemClock clock;
  shop.store.discard(known, clock.now());
  CHECK(!fs::exists(shop.store.work(known)));
  CHECK(fs::exists(shop.store.partial(digest)));
  shop.store.discard(known, clock.now() + partial_kept + std::chrono::hours(1));
  CHECK(!fs::exists(shop.store.partial(digest)));
}

}  // namespace
}  // namespace hub::models
