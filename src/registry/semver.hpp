#pragma once
// Semantic versions 2.0.0: parse and compare by precedence (semver.org). Pure, any thread.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hub::registry {

struct Semver {
  std::uint64_t major_number = 0, minor_number = 0, patch_number = 0;
  std::vector<std::string> prerelease;
  std::string build;  // plays no part in precedence
};

std::optional<Semver> parse_semver(std::string_view);  // nothing when it is not one

// Precedence: a prerelease is lower than its release, build metadata does not count.
std::strong_ordering compare(const Semver&, const Semver&);

// For versions as published: one that is not semver is lower than any that is; two that are not
// are equal when their text is.
std::partial_ordering compare_versions(std::string_view, std::string_view);

}  // namespace hub::registry
