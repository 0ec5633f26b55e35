#pragma once
// The message of a commit that publishes. Inner header of push.hpp. Pure, any thread.

#include <string>
#include <vector>

#include "registry/push_candidate.hpp"

namespace hub::registry {

// Subject: what the author wrote, or "publish skill x 1.0.0", or "publish 3 artifacts: …". Body:
// what each author wrote, when there are several; then "Artifact:" and "Tree:" for each of them.
std::string message_of(const std::vector<const Offer*>&);

}  // namespace hub::registry
