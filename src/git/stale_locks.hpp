#pragma once
// Lock files that a killed process has left in a repository. git leaves them to a person; a hub has
// nobody at hand.

#include <chrono>
#include <filesystem>

namespace hub::git {

// Far longer than anybody holds a reference's lock.
inline constexpr std::chrono::seconds abandoned_after{15};

// Of a repository that only the caller changes at this moment.
void remove_stale_locks(const std::filesystem::path& repository);

// Of main in a repository that others change, too: only when it is older than `abandoned_after`.
void remove_abandoned_lock(const std::filesystem::path& repository);

}  // namespace hub::git
