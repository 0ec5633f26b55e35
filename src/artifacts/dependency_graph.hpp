#pragma once
// What an artifact needs of other skills, all the way down: what is missing here, in which order it
// can be installed, and what cannot be. A pure function of what is published and what is installed.
//
// Only what is required is an edge: a skill comes after those that it requires. What is optional
// comes when it can, and orders nothing.
//
//   evening ──► lamp ──► bulb         wave 0: bulb, sensor
//      └──────► sensor                wave 1: lamp

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "contracts/artifact.hpp"

namespace hub::artifacts {

inline constexpr std::size_t dependency_depth_max = 32;
inline constexpr std::size_t dependencies_max = 256;  // skills that are looked at

enum class Need { required, optional };

// A skill by its install name, with what it requires and what it would like to have.
struct KnownSkill {
  std::string name;
  bool installed = false;
  std::vector<std::string> requires_skills, optional_skills;  // names or ids
};

// Finds a skill by name or id, installed or published. Nothing: there is no such skill.
using FindSkill = std::function<std::optional<KnownSkill>(const std::string& name_or_id)>;

struct MissingSkill {
  std::string name;
  Need need = Need::required;
  std::size_t wave = 0;                      // after those of earlier waves
  std::vector<std::string> requires_skills;  // by install name, missing or not
};

struct Dependencies {
  std::vector<std::string> requires_skills;  // of the artifact itself, by install name
  std::vector<MissingSkill> missing;         // in an order in which they can be installed
  std::vector<std::string> present;   // installed, and required by the artifact or by `missing`
  std::vector<std::string> left_out;  // optional ones that cannot come: a sentence for each
};

enum class OptionalSkills { come_along, stay_away };

// Of an artifact as it is to be installed, whatever of it is here now. conflict:
// "dependency_cycle" (details.cycle; the message shows it: "a -> b -> a"), "requires_missing"
// (details.missing: all of them at once), "dependencies_too_many", "dependencies_too_deep". What an
// installed skill lacks has been so before, and is nobody's business. An optional skill is never
// the reason of a refusal: it is left out.
Result<Dependencies> find_dependencies(ArtifactKind, const KnownSkill& artifact, const FindSkill&,
                                       OptionalSkills);

}  // namespace hub::artifacts
