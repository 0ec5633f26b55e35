#pragma once
// Where a registry lives: a path, file://, http(s)://, ssh://, git:// or host:path.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hub::git {

enum class RemoteKind {
  local,    // a repository this process can open
  network,  // the git program talks to it
};

struct RemoteUrl {
  RemoteKind kind = RemoteKind::local;
  std::string text;            // as git takes it; a local one is an absolute path
  std::filesystem::path path;  // of a local one
  std::string display;         // the same without user name and password, for people and logs
};

// invalid with reason registry_url_invalid. Looks at the text only, never at disk or network.
Result<RemoteUrl> parse_remote_url(std::string_view);

}  // namespace hub::git
