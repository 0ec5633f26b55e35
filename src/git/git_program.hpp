#pragma once
// Runs the git program for what needs a network: English messages, no questions, no local hooks,
// no variables of a surrounding git command. Inner header of this room.

#include <string>
#include <vector>

#include "base/process.hpp"
#include "git/remote_mirror.hpp"

namespace hub::git {

Result<ProcessOutcome> run_git(const fs::path& repository, std::vector<std::string> arguments,
                               const NetworkOptions&);

// What a failed fetch means. `words` is what git wrote.
Error explain_fetch_failure(const RemoteUrl&, const std::string& words);

// What `git push --porcelain` said. Only named signals are a lost race.
PushOutcome explain_push(const RemoteUrl&, const ProcessOutcome&);

}  // namespace hub::git
