// Publishers of one host: who stands in the line is taken along, and spoils nothing.
#include "registry/push_line.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "registry/test_artifacts.hpp"

namespace hub::registry {
namespace {

using testing::Bench;
using testing::write_file;
using testing::write_scenario;
using testing::write_skill;
using namespace std::chrono_literals;

std::string end_of(const Result<PushReport>& report) {
  if (report) return boost::describe::enum_to_string(report->status, "?");
  return report.error().reason;
}

// Holds the turn until all of them stand in the line, so that the next turn finds them there.
struct Crowd {
  const Bench& bench;
  Line line{bench.directory.path() / "cache", bench.registry.string()};
  std::vector<PushRequest> requests;
  std::vector<Result<PushReport>> ends;

  explicit Crowd(const Bench& on) : bench(on) {
    REQUIRE(bench.push_skill("first_skill", "1.0.0"));  // the mirror is there
  }
  void add(const fs::path& source, ArtifactKind kind = ArtifactKind::skill) {
    requests.push_back(bench.request(source, kind));
  }
  std::size_t standing() const { return line.standing("", 1000).size(); }

  void run() {
    ends.assign(requests.size(), Result<PushReport>());
    std::vector<std::thread> threads;
    {
      const auto turn = line.wait(nullptr, {std::chrono::steady_clock::now() + 5s, {}});
      REQUIRE(turn);
      for (std::size_t at = 0; at < requests.size(); ++at) {
        threads.emplace_back([this, at] { ends[at] = push(requests[at], bench.clock); });
      }
      const auto deadline = std::chrono::steady_clock::now() + 20s;
      while (standing() < requests.size() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(2ms);
      }
    }
    for (auto& thread : threads) thread.join();
  }
  std::string end(std::size_t at) const { return end_of(ends[at]); }
};

TEST_CASE("those who stand in the line land in one commit, each with an answer of its own") {
  const Bench bench;
  Crowd crowd(bench);
  crowd.add(write_skill(bench.sources, "a_skill", "1.0.0"));
  crowd.add(write_skill(bench.sources, "b_skill", "2.0.0"));
  crowd.requests.back().message = "second edition";
  crowd.requests.back().publisher = {"ada", "node-7"};
  crowd.add(write_scenario(bench.sources / "scenarios", "desk", "0.1.0"), ArtifactKind::scenario);
  crowd.run();
  for (std::size_t at = 0; at < 3; ++at) {
    REQUIRE(crowd.end(at) == "published");
    const PushReport& report = *crowd.ends[at];
    CHECK(report.together == 3);
    CHECK(report.commit == crowd.ends[0]->commit);
    CHECK(report.name == crowd.requests[at].source.filename().string());
    CHECK(report.entry.at("version") == boost::json::value(report.version));
  }
  CHECK(bench.commits() == 3);
  CHECK(crowd.ends[1]->entry.at("publisher") ==
        boost::json::value{{"owner_id", "ada"}, {"node_id", "node-7"}});
  const std::string message = bench.git({"log", "-1", "--format=%B", "main"});
  CHECK(message.starts_with("publish 3 artifacts:"));
  CHECK(message.find("skill b_skill 2.0.0: second edition") != std::string::npos);
  CHECK(message.find("Artifact: scenario:desk@0.1.0") != std::string::npos);
  CHECK(bench.git({"fsck", "--strict", "--no-dangling"}).empty());
  CHECK(crowd.standing() == 0);
  CHECK(std::distance(fs::directory_iterator(bench.directory.path() / "cache" /
                                             (crowd.line.mirror().stem().string() + ".line")),
                      {}) == 0);
}

TEST_CASE("an artifact that cannot be published spoils nobody's push") {
  const Bench bench;
  Crowd crowd(bench);
  crowd.add(write_skill(bench.sources, "good_skill", "1.0.0"));
  crowd.add(write_skill(bench.sources, "First_Skill", "1.0.0"));  // an alias of another
  crowd.add(write_skill(bench.sources, "first_skill", "1.0.0", "tags: [new]\n"));  // other content
  crowd.add(write_skill(bench.sources, "fine_skill", "1.0.0"));
  crowd.run();
  CHECK(crowd.end(0) == "published");
  CHECK(crowd.end(1) == "alias_conflict");
  CHECK(crowd.end(2) == "version_content_changed");
  CHECK(crowd.end(3) == "published");
  CHECK(boost::json::parse(bench.registry_json()).at("skills").as_array().size() == 3);
}

TEST_CASE("when the registry refuses a commit of several, each goes alone") {
  const Bench bench;
  Crowd crowd(bench);
  write_file(bench.registry / "hooks/pre-receive",
             "#!/bin/sh\nread old new ref\n"
             "if git ls-tree -r --name-only $new | grep -q evil; then\n"
             "  echo evil things are not taken here >&2; exit 1\nfi\n",
             0755);
  crowd.add(write_skill(bench.sources, "good_skill", "1.0.0"));
  crowd.add(write_skill(bench.sources, "evil_skill", "1.0.0"));
  crowd.add(write_skill(bench.sources, "fine_skill", "1.0.0"));
  crowd.run();
  CHECK(crowd.end(0) == "published");
  REQUIRE(crowd.end(1) == "remote_hook_declined");
  CHECK(crowd.ends[1].error().message.find("evil things are not taken here") != std::string::npos);
  CHECK(crowd.end(2) == "published");
}

TEST_CASE("two versions of one artifact in the line get a commit each") {
  const Bench bench;
  Crowd crowd(bench);
  crowd.add(write_skill(bench.sources / "new", "twin_skill", "1.0.1"));
  crowd.add(write_skill(bench.sources / "old", "twin_skill", "1.0.0"));
  crowd.add(write_skill(bench.sources / "same", "twin_skill", "1.0.1"));
  crowd.run();
  const bool old_landed = crowd.end(1) == "published";
  CHECK((old_landed || crowd.end(1) == "version_not_newer"));
  CHECK(bench.commits() == (old_landed ? 4 : 3));
  int published = 0;
  for (const std::size_t at : {0U, 2U}) {
    CHECK((crowd.end(at) == "published" || crowd.end(at) == "already_published"));
    if (crowd.end(at) == "published") ++published;
  }
  CHECK(published == 1);
}

TEST_CASE("what a killed publisher leaves in the line is swept, and nothing of it is published") {
  const Bench bench;
  Crowd crowd(bench);
  const fs::path folder =
      bench.directory.path() / "cache" / (crowd.line.mirror().stem().string() + ".line");
  {
    Offer offer;
    offer.name = "ghost_skill";
    const auto ticket = crowd.line.stand(offer);
    REQUIRE(ticket);
    for (const char* what : {"ticket", "here"}) {  // as they stay behind when nobody removes them
      fs::copy_file(folder / (ticket->id() + "." + what), folder / (std::string("dead.") + what));
    }
  }
  CHECK(fs::exists(folder / "dead.ticket"));
  REQUIRE(bench.push_skill("next_skill", "1.0.0"));
  CHECK_FALSE(fs::exists(folder / "dead.ticket"));
  CHECK_FALSE(fs::exists(folder / "dead.here"));
  CHECK(bench.registry_json().find("ghost_skill") == std::string::npos);
}

TEST_CASE("a commit whose sender died is told to those who still wait for it") {
  const Bench bench;
  Crowd crowd(bench);
  crowd.add(write_skill(bench.sources, "waiting_skill", "1.0.0"));
  // The sender: it took a neighbour along, pushed, and was killed before it told him.
  crowd.add(write_skill(bench.sources, "other_skill", "1.0.0"));
  crowd.run();
  REQUIRE(crowd.end(0) == "published");
  Offer offer;
  offer.name = "waiting_skill";
  const auto ticket = crowd.line.stand(offer);
  REQUIRE(ticket);
  REQUIRE(crowd.line.keep({{.commit = crowd.ends[0]->commit,
                            .parent = bench.first,
                            .landings = {{ticket->id(), *crowd.ends[0]}}}}));
  REQUIRE(bench.push_skill("next_skill", "1.0.0"));
  const auto reached = crowd.line.wait(&*ticket, {std::chrono::steady_clock::now() + 5s, {}});
  REQUIRE(reached);
  const auto* answer = std::get_if<Answer>(&*reached);
  REQUIRE(answer);
  CHECK((*answer)->commit == crowd.ends[0]->commit);
  CHECK(crowd.line.flights().empty());
}

TEST_CASE("who waits too long or is told to stop leaves the line") {
  const Bench bench;
  Crowd crowd(bench);
  const auto turn = crowd.line.wait(nullptr, {std::chrono::steady_clock::now() + 5s, {}});
  REQUIRE(turn);
  PushRequest request = bench.request(write_skill(bench.sources, "late_skill", "1.0.0"));
  request.time_max = 30ms;
  const auto late = push(request, bench.clock);
  CHECK(end_of(late) == "registry_busy");
  CHECK_FALSE(late.error().details.contains("may_have_landed"));
  request.time_max = 60s;
  request.stop = [] { return true; };
  CHECK(end_of(push(request, bench.clock)) == "stopped");
  CHECK(crowd.standing() == 0);
}

}  // namespace
}  // namespace hub::registry
