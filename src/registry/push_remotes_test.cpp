// The same push over every way to a registry: real servers on loopback, real git.
#include <cstdlib>
#include <thread>

#include <doctest/doctest.h>

#include "git/repository.hpp"
#include "registry/mirror.hpp"
#include "registry/test_servers.hpp"

namespace hub::registry {
namespace {

using testing::Bench;
using testing::free_port;
using testing::GitDaemon;
using testing::SshServer;
using testing::write_skill;

std::string reason_of(const Result<PushReport>& report) {
  return report ? boost::json::serialize(to_json(report->status)) : report.error().message;
}

// First push, nothing new, a new version, some at once, and what a hub then sees.
void exercise(const Bench& bench, const std::string& url, int publishers = 3) {
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = url;
  CHECK(reason_of(push(request, bench.clock)) == "\"published\"");
  CHECK(reason_of(push(request, bench.clock)) == "\"already_published\"");
  CHECK(bench.commits() == 2);
  write_skill(bench.sources, "notes_skill", "1.0.1");
  CHECK(reason_of(push(request, bench.clock)) == "\"published\"");

  std::vector<std::string> outcomes(static_cast<std::size_t>(publishers));
  std::vector<std::thread> threads;
  for (int at = 0; at < publishers; ++at) {
    PushRequest rival = request;
    const std::string name = "rival_" + std::to_string(at);
    rival.source = write_skill(bench.sources, name, "1.0.0");
    rival.cache_directory = bench.directory.path() / name;  // hosts of their own: they race
    threads.emplace_back([&bench, &outcomes, rival, at] {
      outcomes[static_cast<std::size_t>(at)] = reason_of(push(rival, bench.clock));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& outcome : outcomes) CHECK(outcome == "\"published\"");
  CHECK(bench.commits() == 3 + publishers);

  Mirror mirror(bench.directory.path() / "hub-mirror", url, bench.clock);
  const auto catalog = mirror.fetch();
  REQUIRE_MESSAGE(catalog, catalog.error().message);
  CHECK(std::ssize((*catalog)->entries) == 1 + publishers);
}

TEST_CASE("push over file://") {
  const Bench bench;
  exercise(bench, "file://" + bench.registry.string());
}

TEST_CASE("push over git://") {
  const Bench bench;
  const GitDaemon daemon(bench.directory.path());
  exercise(bench, daemon.url());
}

TEST_CASE("push over http://") {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const Bench bench;
  auto repository = git::Repository::open(bench.registry).value();
  REQUIRE(repository.set_config("http.receivepack", "true"));
  const testing::GitHttpServer server(bench.directory.path());
  exercise(bench, "http://" + server.host() + "/registry.git");
}

TEST_CASE("a server that wants a password gets ours from the URL, or says no at once") {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const Bench bench;
  testing::init_http_registry(bench, "private");
  const testing::GitHttpServer server(bench.directory.path());
  const std::string host = server.host() + "/private/registry.git";
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = "http://" + host;
  const auto nobody = push(request, bench.clock);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == ErrorCode::forbidden);
  CHECK(nobody.error().reason == "remote_denied");
  request.registry_url = "http://ada:wrong@" + host;
  const auto mistaken = push(request, bench.clock);
  CHECK(mistaken.error().reason == "remote_denied");
  CHECK(mistaken.error().message.find("wrong") == std::string::npos);
  request.registry_url = "http://ada:secret@" + host;
  CHECK(reason_of(push(request, bench.clock)) == "\"published\"");
}

TEST_CASE("push over ssh://") {
  const SshServer ssh;
  if (!ssh.missing.empty()) {
    MESSAGE("skipped: " << ssh.missing);
    return;
  }
  const Bench bench;
  const std::string url = "ssh://127.0.0.1:" + std::to_string(ssh.port) + bench.registry.string();
  ::setenv("GIT_SSH_COMMAND", ssh.client_command("host").c_str(), 1);  // a key it does not know
  PushRequest request = bench.request(write_skill(bench.sources, "denied_skill", "1.0.0"));
  request.registry_url = url;
  const auto denied = push(request, bench.clock);
  REQUIRE_FALSE(denied);
  CHECK(denied.error().reason == "remote_denied");
  ::setenv("GIT_SSH_COMMAND", ssh.client_command("client").c_str(), 1);
  exercise(bench, url, 1);
  ::unsetenv("GIT_SSH_COMMAND");
}

TEST_CASE("an unreachable registry is told from a bad artifact") {
  const Bench bench;
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = "git://127.0.0.1:" + std::to_string(free_port()) + "/registry.git";
  const auto report = push(request, bench.clock);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::unavailable);
  CHECK(report.error().reason == "registry_unreachable");
  CHECK_FALSE(report.error().hint.empty());
}

}  // namespace
}  // namespace hub::registry
