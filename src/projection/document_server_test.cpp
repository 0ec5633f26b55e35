#include "projection/document_server.hpp"

#include <doctest/doctest.h>

#include "projection/test_peer.hpp"

namespace hub::projection {
namespace {

using ydoc::MessageKind;
using namespace std::chrono_literals;

const std::string kStep1("\x00\x00\x01\x00", 4);

// Sets ui.theme to null, by browser 70000.
const std::string kEdit = *ydoc::update_frame(
    std::string_view("\x01\x01\xF0\xA2\x04\x00\x28\x01\x02ui\x05theme\x01\x7E\x00", 20));

template <class Condition>
bool soon(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

struct Fixture {
  TemporaryDirectory folder;
  SystemClock clock;
  DocumentServerOptions options{.folder = folder.path() / "ystores", .save_every = 5ms};
};

TEST_CASE("names of webspaces are checked, and default means desktop") {
  CHECK(webspace_name("default").value() == "desktop");
  CHECK(webspace_name("a-b_c.D9").value() == "a-b_c.D9");
  for (const std::string bad : {"", "a/b", "a b", "я", "a\n"}) {
    CHECK(webspace_name(bad).error().reason == "bad_webspace");
  }
  CHECK(webspace_name(std::string(64, 'a')));
  CHECK_FALSE(webspace_name(std::string(65, 'a')));
}

TEST_CASE_FIXTURE(Fixture, "a document is filled before its first answer") {
  DocumentServer server(options, clock);
  server.on_load([](const std::string& webspace, ydoc::AuthoredDocument& document) {
    document.set({"runtime", "filled"}, Json(webspace + " is filled"));
  });
  const auto peer = std::make_shared<TestPeer>();
  const auto session = server.open("default", peer);
  REQUIRE(session);
  server.message(*session, kStep1);
  REQUIRE(soon([&] { return peer->count(MessageKind::step2) == 1; }));
  const auto frames = peer->take();
  REQUIRE(frames.size() == 2);
  CHECK(ydoc::decode_message(*frames[0])->kind == MessageKind::step1);
  CHECK(frames[1]->find("desktop is filled") != std::string::npos);
  CHECK(server.webspaces() == std::vector<std::string>{"desktop"});
}

TEST_CASE_FIXTURE(Fixture, "a write of the hub is one small update to everybody") {
  DocumentServer server(options, clock);
  const auto a = std::make_shared<TestPeer>(), b = std::make_shared<TestPeer>();
  server.message(*server.open("desktop", a), kStep1);
  server.message(*server.open("desktop", b), kStep1);
  REQUIRE(soon([&] { return b->count(MessageKind::step2) == 1; }));
  server.write("desktop", [](auto& document) {
    document.set({"runtime", "x"}, 1);
    document.set({"runtime", "y"}, 2);
  });
  CHECK(a->count(MessageKind::update) == 1);
  CHECK(b->count(MessageKind::update) == 1);
  CHECK(a->take().back() == b->take().back());
  server.write("nobody is there", [](auto&) { CHECK(false); });
}

TEST_CASE_FIXTURE(Fixture, "what browsers wrote outlives a restart under a new author id") {
  ydoc::ClientId author = 0;
  for (int start = 0; start < 3; ++start) {
    DocumentServer server(options, clock);
    const auto peer = std::make_shared<TestPeer>();
    const auto session = server.open("desktop", peer);
    if (start == 0) server.message(*session, kEdit);
    server.message(*session, kStep1);
    REQUIRE(soon([&] { return peer->count(MessageKind::step2) == 1; }));
    CHECK(peer->take().back()->find("theme") != std::string::npos);
    server.write("desktop", [&](const ydoc::AuthoredDocument& document) {
      CHECK(document.author() > author);
      author = document.author();
    });
    server.stop();
    CHECK(peer->closed_with == kCloseRestart);
  }
}

TEST_CASE_FIXTURE(Fixture, "what browsers wrote is on disk soon, without a stop") {
  DocumentServer server(options, clock);
  server.message(*server.open("desktop", std::make_shared<TestPeer>()), kEdit);
  CHECK(soon([&] {
    const auto bytes = read_file(folder.path() / "ystores" / "desktop.ystore");
    return bytes && bytes->find("theme") != std::string::npos;
  }));
}

TEST_CASE_FIXTURE(Fixture, "what could not be written is written when the disk is back") {
  DocumentServer server(options, clock);
  const auto peer = std::make_shared<TestPeer>();
  const auto session = server.open("desktop", peer);
  REQUIRE(soon([&] { return !peer->take().empty(); }));
  const fs::path file = folder.path() / "ystores" / "desktop.ystore";
  fs::rename(file, file.string() + ".away");
  fs::create_directory(file);  // nothing can be written there, whoever runs the test
  server.message(*session, kEdit);
  server.message(*session, kStep1);
  REQUIRE(soon([&] { return peer->count(MessageKind::step2) == 1; }));
  REQUIRE(soon([&] { return server.status().unstored == 1; }));
  fs::remove(file);
  CHECK(soon([&] {
    const auto bytes = read_file(file);
    return bytes && bytes->find("theme") != std::string::npos;
  }));
  CHECK(soon([&] { return server.status().unstored == 0; }));
}

TEST_CASE_FIXTURE(Fixture, "webspaces that nobody looks at are unloaded and come back whole") {
  options.unload_after = std::chrono::milliseconds(1);
  DocumentServer server(options, clock);
  for (int i = 0; i < 20; ++i) {
    const auto peer = std::make_shared<TestPeer>();
    const auto session = server.open("space" + std::to_string(i % 2), peer);
    if (i < 2) server.message(*session, kEdit);
    server.message(*session, kStep1);
    REQUIRE(soon([&] { return peer->count(MessageKind::step2) == 1; }));
    CHECK(peer->take().back()->find("theme") != std::string::npos);
    server.closed(*session);
    REQUIRE(soon([&] { return server.webspaces().empty(); }));
  }
  CHECK(server.status().sessions == 0);
}

TEST_CASE_FIXTURE(Fixture, "a load that fails closes the browser and the next one tries again") {
  DocumentServer server(options, clock);
  bool broken = true;
  server.on_load([&](const std::string&, ydoc::AuthoredDocument&) {
    if (std::exchange(broken, false)) throw std::runtime_error("the store is gone");
  });
  const auto first = std::make_shared<TestPeer>(), second = std::make_shared<TestPeer>();
  REQUIRE(server.open("desktop", first));
  REQUIRE(soon([&] { return first->closed_with == kCloseTryLater; }));
  server.message(*server.open("desktop", second), kStep1);
  CHECK(soon([&] { return second->count(MessageKind::step2) == 1; }));
}

TEST_CASE_FIXTURE(Fixture, "a flood of one browser is cut off before it fills the memory") {
  options.inbound_bytes_max = 1000;
  DocumentServer server(options, clock);
  const auto peer = std::make_shared<TestPeer>();
  const auto session = server.open("desktop", peer);
  server.on_load(nullptr);  // the server has seen the session
  server.message(*session, std::string(1001, '\x7F'));
  CHECK(soon([&] { return peer->closed_with == kClosePolicy; }));
}

TEST_CASE_FIXTURE(Fixture, "residue that can't be rotated is cleared by a new author") {
  DocumentServer server(options, clock);
  const auto peer = std::make_shared<TestPeer>();
  server.message(*server.open("desktop", peer), kStep1);
  REQUIRE(soon([&] { return peer->count(MessageKind::step2) == 1; }));
  for (int i = 0; i < 5000; ++i) {
    server.write("desktop", [&](auto& document) {
      document.set({"runtime", "notifications"}, i);
      document.set({"data", "desktop", "toasts"}, i);
    });
  }
  server.write("desktop", [&](const ydoc::AuthoredDocument& document) {
    CHECK(document.author() == 2);
    CHECK(document.structs() < 8000);
    CHECK(document.to_json().at("runtime").at("notifications") == 4999);
  });
}

TEST_CASE_FIXTURE(Fixture, "a stopped server refuses and hangs on nothing") {
  DocumentServer server(options, clock);
  server.stop();
  server.stop();
  CHECK(server.open("desktop", std::make_shared<TestPeer>()).error().reason == "stopped");
  server.write("desktop", [](auto&) {});
  CHECK(server.status().sessions == 0);
}

}  // namespace
}  // namespace hub::projection
