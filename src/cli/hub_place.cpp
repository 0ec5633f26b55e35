#include "cli/hub_place.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/published_address.hpp"

namespace hub::cli {
namespace {

constexpr std::size_t token_bytes_max = 4096;

Result<std::string> checked_url(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (is_http_origin(url)) return url;
  return fail(ErrorCode::invalid, "cannot use the address " + url + ": it is not a hub's",
              "bad_url", std::string("give scheme, host and port alone, like ") + usual_url,
              {{"url", url}});
}

Result<> find_url(const HubOptions& options, HubPlace& place) {
  if (!options.url.empty()) {
    HUB_TRY(url, checked_url(options.url));
    place.url = std::move(url);
    place.found_by = FoundBy::option;
    return {};
  }
  const auto published = read_published_address(options.base_directory);
  switch (published.state) {
    case AddressState::none:
      place.url = usual_url;
      place.found_by = FoundBy::habit;
      return {};
    case AddressState::live: {
      HUB_TRY(url, checked_url(published.url));
      place.url = std::move(url);
      place.found_by = FoundBy::base_folder;
      return {};
    }
    case AddressState::stale:
      place.url = published.url;
      place.found_by = FoundBy::base_folder;
      return fail(ErrorCode::unavailable,
                  "cannot reach the hub of " + options.base_directory.string() +
                      ": it does not run (it was killed; it listened at " + published.url + ")",
                  "hub_unreachable", start_hint(place), {{"url", published.url}});
  }
  return {};
}

Result<> read_token(const std::filesystem::path& file, HubPlace& place) {
  auto text = read_file(file, token_bytes_max);
  if (!text) {
    const bool missing = text.error().code == ErrorCode::not_found;
    return fail(ErrorCode::unavailable,
                missing ? "cannot enter the hub: there is no token in " + file.string()
                        : "cannot enter the hub: " + text.error().message,
                "token_missing",
                "the hub keeps it in <base-dir>/state/token, readable by its own user: name the "
                "folder with --base-dir, the file with --token-file, or set ADAOS_HUB_TOKEN",
                {{"file", file.string()}});
  }
  place.token = trimmed(*text);
  place.token_source = file.string();
  return {};
}

Result<> find_token(const HubOptions& options, HubPlace& place) {
  if (!options.token_file.empty()) return read_token(options.token_file, place);
  if (const char* given = std::getenv("ADAOS_HUB_TOKEN"); given && *given) {
    place.token = trimmed(given);
    place.token_source = "ADAOS_HUB_TOKEN";
    return {};
  }
  return read_token(options.base_directory / "state" / "token", place);
}

}  // namespace

bool is_http_origin(std::string_view text) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) return false;
  const auto host = text.substr(text.find("://") + 3);
  return !host.empty() && host.find_first_of("/?#@ ") == std::string_view::npos;
}

bool is_loopback(const std::string& url) {
  const auto rest = url.substr(url.find("://") + 3);
  const auto host =
      rest.starts_with('[') ? rest.substr(0, rest.find(']') + 1) : rest.substr(0, rest.find(':'));
  return host.starts_with("127.") || host == "[::1]" || host == "localhost";
}

std::string start_hint(const HubPlace& place) {
  return "start it with: adaos-hub serve --base-dir " + place.base_directory.string() +
         "; or, when it runs elsewhere, say where with --url";
}

Result<HubPlace> find_hub(const HubOptions& options) {
  HubPlace place;
  place.base_directory = options.base_directory;
  HUB_CHECK(find_url(options, place));
  HUB_CHECK(find_token(options, place));
  const auto visible = [](char c) { return c > ' ' && c < '\x7f'; };
  if (place.token.empty() || !std::ranges::all_of(place.token, visible)) {
    return fail(ErrorCode::invalid,
                "cannot enter the hub: what is in " + place.token_source + " is no token",
                "token_missing", "take the one of the hub's <base-dir>/state/token",
                {{"source", place.token_source}});
  }
  return place;
}

}  // namespace hub::cli
