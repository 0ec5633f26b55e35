#include "cli/hub_place.hpp"

#include <cstdlib>

#include <doctest/doctest.h>

#include "cli/published_address.hpp"

namespace hub::cli {
namespace {

struct Folder {
  Folder() {
    REQUIRE(make_directories(temporary.path() / "state"));
    REQUIRE(write_file_atomic(temporary.path() / "state" / "token", "abcdef\n", 0600));
    options.base_directory = temporary.path();
    ::unsetenv("ADAOS_HUB_TOKEN");
  }
  TemporaryDirectory temporary;
  HubOptions options;
};

TEST_CASE("a hub is found by its folder while it runs, wherever it listens") {
  Folder folder;
  auto published = PublishedAddress::publish(folder.temporary.path(), "http://127.0.0.1:40123");
  REQUIRE(published);
  const auto place = find_hub(folder.options);
  REQUIRE(place);
  CHECK(place->url == "http://127.0.0.1:40123");
  CHECK(place->found_by == FoundBy::base_folder);
  CHECK(place->token == "abcdef");
  folder.options.url = "http://[::1]:8000/";
  CHECK(find_hub(folder.options)->url == "http://[::1]:8000");
}

TEST_CASE("an address goes with its hub") {
  Folder folder;
  {
    const auto published = PublishedAddress::publish(folder.temporary.path(), "http://127.0.0.1:1");
    REQUIRE(published);
    CHECK(read_published_address(folder.temporary.path()).state == AddressState::live);
  }
  CHECK(read_published_address(folder.temporary.path()).state == AddressState::none);
  CHECK(find_hub(folder.options)->url == usual_url);
}

TEST_CASE("an address that a killed hub left is noticed, and replaced by the next hub") {
  Folder folder;
  REQUIRE(write_file_atomic(address_file_of(folder.temporary.path()), "http://127.0.0.1:9\n"));
  CHECK(read_published_address(folder.temporary.path()).state == AddressState::stale);
  const auto place = find_hub(folder.options);
  REQUIRE(!place);
  CHECK(place.error().reason == "hub_unreachable");
  CHECK(place.error().hint.find("adaos-hub serve --base-dir") != std::string::npos);
  const auto next = PublishedAddress::publish(folder.temporary.path(), "http://127.0.0.1:10");
  REQUIRE(next);
  CHECK(find_hub(folder.options)->url == "http://127.0.0.1:10");
}

TEST_CASE("a token comes from the option, the environment, then the folder") {
  Folder folder;
  const auto file = folder.temporary.path() / "other";
  REQUIRE(write_file_atomic(file, " fromfile\r\n"));
  ::setenv("ADAOS_HUB_TOKEN", "fromenvironment", 1);
  CHECK(find_hub(folder.options)->token == "fromenvironment");
  folder.options.token_file = file;
  CHECK(find_hub(folder.options)->token == "fromfile");
  ::unsetenv("ADAOS_HUB_TOKEN");
}

TEST_CASE("this machine has a few names") {
  for (const char* url : {"http://127.0.0.1:8777", "http://[::1]:1", "https://localhost"}) {
    CHECK(is_loopback(url));
  }
  for (const char* url : {"http://hub.example", "http://localhost.example:1", "http://[::2]:1"}) {
    CHECK(!is_loopback(url));
  }
}

TEST_CASE("without a usable token or address it says what to do") {
  Folder folder;
  folder.options.token_file = folder.temporary.path() / "missing";
  CHECK(find_hub(folder.options).error().reason == "token_missing");
  CHECK(!find_hub(folder.options).error().hint.empty());
  REQUIRE(write_file_atomic(folder.temporary.path() / "missing", "two words\n"));
  CHECK(find_hub(folder.options).error().reason == "token_missing");
  for (const char* url : {"ftp://x", "127.0.0.1:8777", "http://", "http://h/path", "http://u@h"}) {
    folder.options.url = url;
    CHECK(find_hub(folder.options).error().reason == "bad_url");
  }
}

}  // namespace
}  // namespace hub::cli
