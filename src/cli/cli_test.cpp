#include <cstdlib>

#include <doctest/doctest.h>

#include "cli/command_line.hpp"

namespace hub::cli {
namespace {

Command parsed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "adaos-hub");
  return parse(static_cast<int>(arguments.size()), arguments.data(), "0.0.0");
}

TEST_CASE("serve takes a port, a base directory and a registry") {
  const auto command = parsed(
      {"serve", "--port", "0", "--base-dir", "/tmp/x", "--registry", "https://git.example/r.git"});
  const auto* serve = std::get_if<Serve>(&command);
  REQUIRE(serve);
  CHECK(serve->port == 0);
  CHECK(serve->base_directory == "/tmp/x");
  CHECK(serve->registry_url == "https://git.example/r.git");
  CHECK(serve->address == "127.0.0.1");
}

TEST_CASE("serve listens on loopback alone") {
  const auto command = parsed({"serve", "--host", "0.0.0.0"});
  const auto* exit = std::get_if<Exit>(&command);
  REQUIRE(exit);
  CHECK(exit->code == exit_usage);
}

TEST_CASE("push wants a directory and a registry") {
  const auto command =
      parsed({"scenario", "push", "./brief", "--registry", "/srv/r.git", "--json"});
  const auto* push = std::get_if<Push>(&command);
  REQUIRE(push);
  CHECK(push->kind == ArtifactKind::scenario);
  CHECK(push->source == "./brief");
  CHECK(push->output == Output::json);
  CHECK(push->dry_run == DryRun::no);
  const auto missing = parsed({"skill", "push", "--registry", "/srv/r.git"});
  CHECK(std::get<Exit>(missing).code == exit_usage);
}

TEST_CASE("an install is an operation that is watched unless told otherwise") {
  const auto command = parsed({"skill", "install", "timer_skill", "--pin", "1.10", "--no-wait",
                               "--base-dir", "/tmp/x", "--json"});
  const auto* start = std::get_if<StartOperation>(&command);
  REQUIRE(start);
  CHECK(start->request.kind.text() == "skill.install");
  CHECK(start->request.target_kind == "skill");
  CHECK(start->request.target_id == "timer_skill");
  CHECK(start->request.params == boost::json::object{{"pin", "1.10"}});
  CHECK(start->watch.wait == Wait::no);
  CHECK(start->hub.base_directory == "/tmp/x");
  CHECK(start->hub.output == Output::json);
  CHECK(start->hub.own_version == "0.0.0");
  const auto plain = parsed({"scenario", "uninstall", "brief"});
  CHECK(std::get<StartOperation>(plain).request.kind.text() == "scenario.uninstall");
  CHECK(std::get<StartOperation>(plain).watch.wait == Wait::yes);
}

TEST_CASE("an operation of any kind takes a target, parameters and choices") {
  const auto command = parsed({"operations", "start", "model.download", "--target", "model:a:b",
                               "--param", "url=x=y", "--param", "deep:={\"n\": 1}", "--priority",
                               "background", "--on-conflict", "queue", "--plan"});
  const auto* start = std::get_if<StartOperation>(&command);
  REQUIRE(start);
  CHECK(start->request.kind.text() == "model.download");
  CHECK(start->request.target_kind == "model");
  CHECK(start->request.target_id == "a:b");
  CHECK(start->request.params.at("url") == "x=y");
  CHECK(start->request.params.at("deep").at("n") == 1);
  CHECK(start->request.priority == Priority::background);
  CHECK(start->request.on_conflict == OnConflict::queue);
  CHECK(start->mode == StartOperation::Mode::plan);
  for (const char* bad : {"x", "=x", ":=1", "x:={"}) {
    CHECK(std::get<Exit>(parsed({"operations", "start", "k", "--param", bad})).code == exit_usage);
  }
  CHECK(std::get<Exit>(parsed({"operations", "start", "k", "--priority", "high"})).code ==
        exit_usage);
}

TEST_CASE("watching without an id means all, cancelling needs one") {
  CHECK(std::get<WatchOperations>(parsed({"operations", "watch"})).id.empty());
  CHECK(std::get<Exit>(parsed({"operations", "cancel"})).code == exit_usage);
  const auto confirm = parsed({"operations", "confirm", "last", "yes", "--no-wait"});
  CHECK(std::get<SteerOperation>(confirm).verb == SteerVerb::confirm);
  CHECK(std::get<SteerOperation>(confirm).answer == "yes");
  CHECK(std::get<ListOperations>(parsed({"operations", "list", "--active"})).status == "active");
  CHECK(std::get<Exit>(parsed({"operations", "list", "--active", "--status", "failed"})).code ==
        exit_usage);
  CHECK(std::get<Exit>(parsed({"operations", "list", "--status", "ended"})).code == exit_usage);
}

TEST_CASE("help and version end well, nonsense does not") {
  CHECK(std::get<Exit>(parsed({"--version"})).code == 0);
  CHECK(std::get<Exit>(parsed({"serve", "--help"})).code == 0);
  CHECK(std::get<Exit>(parsed({"operations", "--help"})).code == 0);
  CHECK(std::get<Exit>(parsed({"operations", "lst"})).code == exit_usage);
  CHECK(std::get<Exit>(parsed({"fly"})).code == exit_usage);
  CHECK(std::get<Exit>(parsed({})).code == exit_usage);
}

}  // namespace
}  // namespace hub::cli
