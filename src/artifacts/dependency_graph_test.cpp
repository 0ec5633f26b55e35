#include "artifacts/dependency_graph.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <doctest/doctest.h>

namespace hub::artifacts {
namespace {

using Names = std::vector<std::string>;

// What a registry has published and what a hub has of it.
struct World {
  std::map<std::string, KnownSkill> skills;

  void publish(const std::string& name, Names required = {}, Names optional = {}) {
    skills[name] = {name, false, std::move(required), std::move(optional)};
  }
  void install(const std::string& name) { skills.at(name).installed = true; }
  std::optional<KnownSkill> find(const std::string& name) const {
    const auto known = skills.find(name);
    return known == skills.end() ? std::nullopt : std::optional(known->second);
  }
  Result<Dependencies> of(const KnownSkill& artifact, ArtifactKind kind = ArtifactKind::scenario,
                          OptionalSkills optional = OptionalSkills::come_along) const {
    return find_dependencies(
        kind, artifact, [this](const std::string& name) { return find(name); }, optional);
  }
};

Names names_of(const Dependencies& found) {
  Names names;
  for (const auto& one : found.missing) names.push_back(one.name);
  return names;
}

TEST_CASE("what is missing comes all the way down, each after what it requires") {
  World world;
  world.publish("bulb");
  world.publish("lamp", {"bulb"});
  world.publish("sensor");
  world.publish("clock");
  world.install("clock");
  const auto found = world.of({"evening", false, {"lamp", "sensor", "clock"}, {}});
  REQUIRE(found);
  CHECK(names_of(*found) == Names{"bulb", "sensor", "lamp"});
  CHECK(found->missing[0].wave == 0);
  CHECK(found->missing[1].wave == 0);
  CHECK(found->missing[2].wave == 1);
  CHECK(found->missing[2].requires_skills == Names{"bulb"});
  CHECK(found->present == Names{"clock"});
  CHECK(found->requires_skills == Names{"lamp", "sensor", "clock"});
}

TEST_CASE("all that is required and not published is named at once") {
  World world;
  world.publish("lamp", {"bulb"});
  const auto found = world.of({"evening", false, {"lamp", "radio"}, {}});
  REQUIRE_FALSE(found);
  CHECK(found.error().reason == "requires_missing");
  CHECK(found.error().details.at("missing") == boost::json::array{"radio", "bulb"});
  CHECK(found.error().message ==
        "cannot install evening: it requires skills radio, bulb, which are not in the catalogue");
}

TEST_CASE("a circle is refused and shown") {
  World world;
  world.publish("a", {"b"});
  world.publish("b", {"c"});
  world.publish("c", {"a"});
  SUBCASE("below a scenario") {
    const auto found = world.of({"evening", false, {"b"}, {}});
    REQUIRE_FALSE(found);
    CHECK(found.error().reason == "dependency_cycle");
    CHECK(found.error().details.at("cycle") == boost::json::array{"b", "c", "a", "b"});
    CHECK(found.error().message.ends_with("b -> c -> a -> b"));
  }
  SUBCASE("through the skill that is to be installed") {
    const auto found = world.of(world.skills.at("a"), ArtifactKind::skill);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.ends_with("a -> b -> c -> a"));
  }
  SUBCASE("through what is installed") {
    world.install("b");
    world.install("c");
    const auto found = world.of(world.skills.at("a"), ArtifactKind::skill);
    REQUIRE_FALSE(found);
    CHECK(found.error().reason == "dependency_cycle");
  }
  SUBCASE("of one") {
    world.publish("self", {"self"});
    const auto found = world.of(world.skills.at("self"), ArtifactKind::skill);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.ends_with("self -> self"));
  }
}

TEST_CASE("a scenario and a skill of the same name are two things") {
  World world;
  world.publish("evening");
  const auto found = world.of({"evening", false, {"evening"}, {}});
  REQUIRE(found);
  CHECK(names_of(*found) == Names{"evening"});
}

TEST_CASE("what is optional comes along when it can, and is left out when not") {
  World world;
  world.publish("lamp", {}, {"extra"});
  world.publish("extra", {"wire"});
  world.publish("wire");
  world.publish("loop", {"pool"});
  world.publish("pool", {"loop"});
  world.publish("half", {"gone"});
  const KnownSkill evening{"evening", false, {"lamp"}, {"loop", "half", "nothing", "lamp"}};
  const auto found = world.of(evening);
  REQUIRE(found);
  CHECK(names_of(*found) == Names{"lamp", "wire", "extra"});
  CHECK(found->missing[0].need == Need::required);
  CHECK(found->missing[1].need == Need::optional);
  CHECK(found->missing[2].need == Need::optional);
  REQUIRE(found->left_out.size() == 3);
  CHECK(found->left_out[0].find("loop -> pool -> loop") != std::string::npos);
  CHECK(found->left_out[1].find("gone") != std::string::npos);
  CHECK(found->left_out[2] ==
        "skill nothing, which is optional, is left out: it is not in the catalogue");
  const auto without = world.of(evening, ArtifactKind::scenario, OptionalSkills::stay_away);
  REQUIRE(without);
  CHECK(names_of(*without) == Names{"lamp"});
  CHECK(without->left_out.empty());
}

TEST_CASE("what an installed skill lacks is left as it is") {
  World world;
  world.publish("lamp", {"bulb", "gone"});
  world.publish("bulb");
  world.install("lamp");
  const auto found = world.of({"evening", false, {"lamp"}, {}});
  REQUIRE(found);
  CHECK(found->missing.empty());
  CHECK(found->present == Names{"lamp"});
}

TEST_CASE("how many and how deep is limited") {
  World world;
  KnownSkill wide{"wide", false, {}, {}}, deep{"deep", false, {"d0"}, {}};
  for (std::size_t i = 0; i <= dependencies_max; ++i) {
    wide.requires_skills.push_back("w" + std::to_string(i));
    world.publish(wide.requires_skills.back());
  }
  for (std::size_t i = 0; i <= dependency_depth_max; ++i) {
    world.publish("d" + std::to_string(i), {"d" + std::to_string(i + 1)});
  }
  world.publish("d" + std::to_string(dependency_depth_max + 1));
  CHECK(world.of(wide).error().reason == "dependencies_too_many");
  CHECK(world.of(deep).error().reason == "dependencies_too_deep");
  wide.requires_skills.pop_back();
  deep.requires_skills = {"d2"};
  CHECK(world.of(wide));
  CHECK(world.of(deep)->missing.back().wave == dependency_depth_max - 1);
}

TEST_CASE("of any graph: a circle is refused, else the order holds and nothing is left out") {
  std::mt19937 random(20261201);
  const auto pick = [&](int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(random);
  };
  int refused = 0;
  for (int round = 0; round < 2'000; ++round) {
    World world;
    const int count = 1 + pick(9);
    for (int i = 0; i < count; ++i) {
      Names required;
      for (int k = pick(3); k > 0; --k) required.push_back("s" + std::to_string(pick(count)));
      world.publish("s" + std::to_string(i), required);
      if (pick(4) == 0) world.install("s" + std::to_string(i));
    }
    const auto found = world.of({"top", false, {"s0", "s" + std::to_string(pick(count))}, {}});
    if (!found) {
      ++refused;
      REQUIRE(found.error().reason == "dependency_cycle");
      const auto& cycle = found.error().details.at("cycle").as_array();
      REQUIRE(cycle.size() >= 2);
      CHECK(cycle.front() == cycle.back());
      for (std::size_t i = 0; i + 1 < cycle.size(); ++i) {  // each step of it is real
        const auto& required = world.skills.at(cycle[i].as_string().c_str()).requires_skills;
        CHECK(std::ranges::find(required, cycle[i + 1].as_string().c_str()) != required.end());
      }
      continue;
    }
    Names here;
    for (const auto& [name, skill] : world.skills) {
      if (skill.installed) here.push_back(name);
    }
    for (const auto& one : found->missing) {
      CHECK(std::ranges::find(here, one.name) == here.end());  // not twice, not in vain
      for (const auto& name : world.skills.at(one.name).requires_skills) {
        CHECK(std::ranges::find(here, name) != here.end());
      }
      here.push_back(one.name);
    }
    for (const auto& name : found->requires_skills) {
      CHECK(std::ranges::find(here, name) != here.end());
    }
  }
  CHECK(refused > 100);
  CHECK(refused < 1'900);
}

}  // namespace
}  // namespace hub::artifacts
