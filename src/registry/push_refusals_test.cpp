// What a registry says no to, and pushes whose end nobody heard.
#include <doctest/doctest.h>

#include "git/repository.hpp"
#include "registry/test_servers.hpp"

namespace hub::registry {
namespace {

using testing::Bench;
using testing::GitDaemon;
using testing::Server;
using testing::write_file;
using testing::write_skill;

// A hook that says these words and no, and counts how often it was asked.
void refuse_with(const Bench& bench, const std::string& hook, const std::string& words) {
  write_file(bench.registry / "hooks" / hook,
             "#!/bin/sh\necho asked >> '" + (bench.directory.path() / "asked").string() +
                 "'\necho '" + words + "' >&2\nexit 1\n",
             0755);
}
std::size_t times_asked(const Bench& bench) {
  const auto asked = read_file(bench.directory.path() / "asked").value_or("");
  return static_cast<std::size_t>(std::ranges::count(asked, '\n'));
}

Error refusal_of(const Bench& bench, const std::string& url) {
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = url;
  const auto report = push(request, bench.clock);
  REQUIRE_FALSE(report);
  return report.error();
}

TEST_CASE("a hook's no ends a push at once, in the server's words") {
  const Bench bench;
  const GitDaemon daemon(bench.directory.path());
  for (const std::string& url : {bench.registry.string(), daemon.url()}) {
    for (const char* hook : {"pre-receive", "update"}) {
      CAPTURE(url);
      CAPTURE(hook);
      refuse_with(bench, hook, "frozen for the release");
      const auto asked = times_asked(bench);
      const Error error = refusal_of(bench, url);
      CHECK(error.reason == "remote_hook_declined");
      CHECK(error.code == ErrorCode::forbidden);
      CHECK(error.message.find("frozen for the release") != std::string::npos);
      CHECK_FALSE(error.details.contains("may_have_landed"));
      CHECK(times_asked(bench) == asked + 1);
      fs::remove(bench.registry / "hooks" / hook);
    }
  }
  CHECK(bench.commits() == 1);
}

TEST_CASE("a protected branch ends a push at once") {
  const Bench bench;
  const GitDaemon daemon(bench.directory.path());
  refuse_with(bench, "pre-receive",
              "error: GH006: Protected branch update failed for refs/heads/main.");
  const Error error = refusal_of(bench, daemon.url());
  CHECK(error.reason == "remote_protected");
  CHECK(error.message.find("Protected branch update failed") != std::string::npos);
  CHECK(error.hint == "ask the owner of the registry to let you push to main");
  CHECK(times_asked(bench) == 1);
}

TEST_CASE("a registry that somebody works in is not pushed to behind his back") {
  const Bench bench;
  const fs::path clone = bench.directory.path() / "clone";
  REQUIRE(run_process(
      {.arguments = {"git", "clone", "--quiet", bench.registry.string(), clone.string()}}));
  const Error error = refusal_of(bench, clone.string());
  CHECK(error.reason == "remote_refused");
  CHECK(error.message.find("checked out") != std::string::npos);
}

TEST_CASE("a daemon that takes no pushes ends one at once") {
  const Bench bench;
  auto repository = git::Repository::open(bench.registry).value();
  REQUIRE(repository.set_config("daemon.receivepack", "false"));
  const GitDaemon daemon(bench.directory.path());
  const Error error = refusal_of(bench, daemon.url());
  CHECK(error.reason == "remote_denied");
  CHECK(bench.commits() == 1);
}

TEST_CASE("a push whose answer is lost is found to have landed, and is not made twice") {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const Bench bench;
  const auto repository = testing::init_http_registry(bench, "lossy");
  const testing::GitHttpServer server(bench.directory.path());
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = "http://" + server.host() + "/lossy/registry.git";
  const auto report = push(request, bench.clock);
  REQUIRE_MESSAGE(report, report.error().message);
  CHECK(report->status == PushStatus::published);
  CHECK(report->attempts == 2);
  CHECK(repository.tip().value() == report->commit);
}

TEST_CASE("locks that a killed publisher left behind do not keep the next one out") {
  const Bench bench;
  REQUIRE(bench.push_skill("notes_skill", "1.0.0"));
  log::set_level(log::Level::error);
  const fs::path lock = bench.registry / "refs/heads/main.lock";
  write_file(lock, "");
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.1"));
  request.attempts_max = 2;  // somebody may hold it this moment
  CHECK(push(request, bench.clock).error().reason == "registry_busy");
  CHECK(fs::exists(lock));
  fs::last_write_time(lock, fs::file_time_type::clock::now() - std::chrono::minutes(1));
  for (const auto& at : fs::directory_iterator(bench.directory.path() / "cache")) {
    if (at.path().extension() == ".git") write_file(at.path() / "refs/registry/main.lock", "");
  }
  CHECK(push(request, bench.clock).value().status == PushStatus::published);
  CHECK_FALSE(fs::exists(lock));
}

// One push through a proxy that cuts it, then another to see what is there.
void push_through_a_cut(const char* when) {
  if (!testing::has_python()) {
    MESSAGE("skipped: no python3");
    return;
  }
  const Bench bench;
  const GitDaemon daemon(bench.directory.path());
  Server proxy({"python3", std::string(HUB_FIXTURES) + "/cutting_proxy.py",
                std::to_string(daemon.port), when});
  const auto port = proxy.wait();
  REQUIRE(port);
  PushRequest request = bench.request(write_skill(bench.sources, "notes_skill", "1.0.0"));
  request.registry_url = daemon.url(*port);
  const auto report = push(request, bench.clock);
  REQUIRE_MESSAGE(report, report.error().message);
  CHECK(report->status == PushStatus::published);
  CHECK(report->attempts >= 2);
  CHECK(bench.git({"rev-parse", "main"}) == report->commit + "\n");
  CHECK(bench.commits() == 2);
  CHECK(boost::json::parse(bench.registry_json()).at("skills").as_array().size() == 1);
  CHECK(push(request, bench.clock).value().status == PushStatus::already_published);
}

TEST_CASE("a connection that is cut after the pack was taken leads to one commit") {
  push_through_a_cut("after");
}

TEST_CASE("a connection that is cut in the middle of the pack leads to one commit") {
  push_through_a_cut("middle");
}

}  // namespace
}  // namespace hub::registry
