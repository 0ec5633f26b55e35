#pragma once
// Where the hub is and what lets us in: options first, then the environment, then what the hub's
// own folder says.

#include "base/result.hpp"
#include "cli/command_line.hpp"

namespace hub::cli {

enum class FoundBy {
  option,       // --url, or ADAOS_HUB_URL
  base_folder,  // <base-dir>/state/address
  habit         // nothing said anything: where a hub usually is
};

struct HubPlace {
  std::string url;  // "http://127.0.0.1:8777", no slash at the end
  FoundBy found_by = FoundBy::habit;
  std::string token;
  std::string token_source;  // "/root/.adaos/state/token", "ADAOS_HUB_TOKEN"
  std::filesystem::path base_directory;
};

inline constexpr const char* usual_url = "http://127.0.0.1:8777";

// unavailable: "hub_unreachable" (its folder says that it does not run), "token_missing"; invalid:
// "bad_url".
Result<HubPlace> find_hub(const HubOptions&);

// Scheme, host and port alone: "http://hub.lan:8777".
bool is_http_origin(std::string_view text);

// Of this machine: 127.x.x.x, ::1, localhost.
bool is_loopback(const std::string& url);

// What to do when nobody answers there.
std::string start_hint(const HubPlace&);

}  // namespace hub::cli
