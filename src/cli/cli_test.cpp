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

TEST_CASE("help and version end well, nonsense does not") {
  CHECK(std::get<Exit>(parsed({"--version"})).code == 0);
  CHECK(std::get<Exit>(parsed({"serve", "--help"})).code == 0);
  CHECK(std::get<Exit>(parsed({"fly"})).code == exit_usage);
  CHECK(std::get<Exit>(parsed({})).code == exit_usage);
}

}  // namespace
}  // namespace hub::cli
