#pragma once
// The next version, and writing it into a manifest without touching anything else. Pure, any
// thread.

#include <string>
#include <string_view>

#include <boost/describe.hpp>

#include "base/result.hpp"
#include "contracts/artifact.hpp"
#include "registry/semver.hpp"

namespace hub::registry {

enum class Bump { none, patch, minor, major };
BOOST_DESCRIBE_ENUM(Bump, none, patch, minor, major)

// The version after this one. A prerelease becomes its release where that is the next one of this
// size: 1.1.0-rc.2 is followed by 1.1.0 for patch and minor, by 2.0.0 for major.
std::string next_version(const Semver&, Bump);

// The manifest with this version, every other byte as it is: comments, layout, quotes. invalid with
// reason version_not_replaceable: the version is written in a way that a program should not touch
// (an alias, an escape, several lines), or is missing.
Result<std::string> with_version(ArtifactKind, std::string_view manifest,
                                 const std::string& version, const std::string& file);

}  // namespace hub::registry
