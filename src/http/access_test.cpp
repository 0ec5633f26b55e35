#include "http/access.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "base/files.hpp"
#include "http/message.hpp"

namespace hub::http {
namespace {

struct Fixture {
  std::unique_ptr<Access> open(AccessOptions options = {}) const {
    options.state = directory.path() / "state";
    auto access = Access::open(std::move(options), clock).value();
    access->listening_on("127.0.0.1", 8777);
    return access;
  }
  fs::path file(const char* name) const { return directory.path() / "state" / name; }

  TemporaryDirectory directory;
  ManualClock clock{from_millis(1'800'000'000'000)};
};

unsigned mode_of(const fs::path& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

Request with(Headers headers, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  request.path = "/api/x";
  request.headers = std::move(headers);
  request.peer_address = "127.0.0.1";
  return request;
}

int status_of(const std::optional<Response>& refusal) { return refusal ? refusal->status : 200; }

int principal_status(Access& access, Headers headers) {
  auto request = with(std::move(headers));
  const auto refusal = access.refuse_principal(request);
  CHECK(request.principal.has_value() == !refusal.has_value());
  return status_of(refusal);
}

TEST_CASE("a token is made once, for its owner's eyes only") {
  const Fixture fixture;
  const auto token = fixture.open()->token();
  CHECK(token.size() == 64);
  CHECK(mode_of(fixture.file("token")) == 0600);
  CHECK(read_file(fixture.file("token")).value() == token + "\n");
  CHECK(fixture.open()->token() == token);
}

TEST_CASE("a token file that others can read is mended") {
  const Fixture fixture;
  const auto token = fixture.open()->token();
  REQUIRE(::chmod(fixture.file("token").c_str(), 0644) == 0);
  CHECK(fixture.open()->token() == token);
  CHECK(mode_of(fixture.file("token")) == 0600);
}

TEST_CASE("a token too short to be one is refused") {
  const Fixture fixture;
  fixture.open();
  for (const auto* token : {"", "\n", "dev-local-token\n"}) {
    REQUIRE(write_file_atomic(fixture.file("token"), token, 0600));
    const auto opened = Access::open({.state = fixture.directory.path() / "state"}, fixture.clock);
    CHECK(opened.error().reason == "token_too_short");
  }
}

TEST_CASE("the token is taken from either header, and nothing else will do") {
  const Fixture fixture;
  const auto access = fixture.open();
  const auto& token = access->token();
  CHECK(principal_status(*access, {{"x-adaos-token", token}}) == 200);
  CHECK(principal_status(*access, {{"authorization", "Bearer " + token}}) == 200);
  CHECK(principal_status(*access, {{"authorization", "bearer " + token}}) == 200);
  CHECK(principal_status(*access, {}) == 401);
  CHECK(principal_status(*access, {{"authorization", "Basic " + token}}) == 401);
  CHECK(principal_status(*access, {{"authorization", "Bearer"}}) == 401);
  CHECK(principal_status(*access, {{"x-adaos-token", ""}}) == 401);
  CHECK(principal_status(*access, {{"x-adaos-token", token + "0"}}) == 401);
  CHECK(principal_status(*access, {{"cookie", "adaos_session=" + token}}) == 401);
}

TEST_CASE("a missing token is answered as AdaOS does") {
  const Fixture fixture;
  auto request = with({});
  const auto refusal = fixture.open()->refuse_principal(request);
  REQUIRE(refusal);
  CHECK(boost::json::parse(refusal->body).at("detail") == "Invalid or missing X-AdaOS-Token");
  CHECK_FALSE(refusal->header("WWW-Authenticate").empty());
}

TEST_CASE("wrong tokens are counted by address and minute; the right one always works") {
  Fixture fixture;
  const auto access = fixture.open();
  const Headers wrong{{"x-adaos-token", std::string(64, '0')}};
  for (int at = 0; at < Access::wrong_tokens_max; ++at) {
    CHECK(principal_status(*access, wrong) == 401);
  }
  fixture.clock.advance(std::chrono::seconds(20));
  auto request = with(wrong);
  const auto refusal = access->refuse_principal(request);
  CHECK(status_of(refusal) == 429);
  CHECK(refusal->header("Retry-After") == "40");
  CHECK(principal_status(*access, {{"x-adaos-token", access->token()}}) == 200);
  CHECK(principal_status(*access, {}) == 401);
  request.peer_address = "10.0.0.9";
  CHECK(status_of(access->refuse_principal(request)) == 401);
  fixture.clock.advance(std::chrono::seconds(40));
  CHECK(principal_status(*access, wrong) == 401);
}

TEST_CASE("a session outlives a restart, but neither its time nor its token") {
  Fixture fixture;
  const auto id = fixture.open()->start_session().value();
  CHECK(mode_of(fixture.file("sessions.json")) == 0600);
  CHECK(read_file(fixture.file("sessions.json")).value().find(id) == std::string::npos);
  CHECK(principal_status(*fixture.open(), {{"cookie", "adaos_session=" + id}}) == 200);

  SUBCASE("ended") {
    const auto access = fixture.open();
    REQUIRE(access->end_session(id));
    CHECK_FALSE(access->has_session(id));
    CHECK_FALSE(fixture.open()->has_session(id));
  }
  SUBCASE("too old") {
    const auto access = fixture.open();
    fixture.clock.advance(Access::session_lifetime);
    CHECK_FALSE(access->has_session(id));
    CHECK_FALSE(fixture.open()->has_session(id));
  }
  SUBCASE("of another token") {
    REQUIRE(remove_tree(fixture.file("token")));
    CHECK_FALSE(fixture.open()->has_session(id));
  }
  SUBCASE("of a file that is none") {
    REQUIRE(write_file_atomic(fixture.file("sessions.json"), "{\"version\":1", 0600));
    CHECK_FALSE(fixture.open()->has_session(id));
  }
}

TEST_CASE("the oldest session makes room for the newest") {
  const Fixture fixture;
  const auto access = fixture.open();
  const auto first = access->start_session().value();
  const auto second = access->start_session().value();
  for (std::size_t at = 1; at < Access::sessions_max; ++at) REQUIRE(access->start_session());
  CHECK_FALSE(access->has_session(first));
  CHECK(access->has_session(second));
}

TEST_CASE("only our own names are answered for") {
  const Fixture fixture;
  const auto access = fixture.open({.state = {}, .hosts = {"hub.lan", "proxy.lan:9000"}});
  const auto status = [&](const char* host) {
    return status_of(access->refuse_host(with({{"host", host}})));
  };
  for (const auto* host : {"127.0.0.1:8777", "localhost:8777", "LOCALHOST:8777", "[::1]:8777",
                           "127.0.0.1", "hub.lan", "hub.lan:1234", "Hub.Lan", "proxy.lan:9000"}) {
    CHECK_MESSAGE(status(host) == 200, host);
  }
  for (const auto* host : {"evil.example", "evil.example:8777", "127.0.0.1:80",
                           "127.0.0.1.evil.example", "localhost.evil.example:8777", "", "proxy.lan",
                           "proxy.lan:9001", "::1", "localhost:8777:8777", "evil@localhost:8777"}) {
    CHECK_MESSAGE(status(host) == 421, host);
  }
}

TEST_CASE("a page of another origin changes nothing and opens no WebSocket") {
  const Fixture fixture;
  const auto access = fixture.open({.state = {}, .hosts = {}, .origins = {"https://app.example"}});
  const auto status = [&](const char* origin, const char* method) {
    return status_of(
        access->refuse_origin(with({{"host", "localhost:8777"}, {"origin", origin}}, method)));
  };
  CHECK(status("http://localhost:8777", "POST") == 200);
  CHECK(status("https://localhost:8777", "POST") == 200);
  CHECK(status("https://app.example", "POST") == 200);
  for (const auto* origin :
       {"http://evil.example", "http://localhost:3000", "http://localhost", "null",
        "http://127.0.0.1:8777", "https://app.example.evil", "localhost:8777"}) {
    CHECK_MESSAGE(status(origin, "POST") == 403, origin);
    CHECK_MESSAGE(status(origin, "DELETE") == 403, origin);
  }
  CHECK(status("http://evil.example", "GET") == 200);  // it cannot read the answer
  CHECK(status_of(access->refuse_origin(with({{"host", "localhost:8777"}}, "POST"))) == 200);
  CHECK(status_of(access->refuse_origin(with({{"host", "localhost:8777"},
                                              {"upgrade", "websocket"},
                                              {"origin", "http://evil.example"}}))) == 403);
}

TEST_CASE("a request let in by its cookie must say that it means it") {
  const Fixture fixture;
  const auto access = fixture.open();
  const auto cookie = "adaos_session=" + access->start_session().value();
  const auto status = [&](Headers headers, const char* method) {
    auto request = with(std::move(headers), method);
    REQUIRE_FALSE(access->refuse_principal(request));
    return status_of(access->refuse_intent(request));
  };
  CHECK(status({{"cookie", cookie}}, "GET") == 200);
  CHECK(status({{"cookie", cookie}}, "POST") == 403);
  CHECK(status({{"cookie", cookie}, {"x-adaos-request", "1"}}, "POST") == 200);
  CHECK(status({{"x-adaos-token", access->token()}}, "POST") == 200);
}

TEST_CASE("a WebSocket may bring its token in the query, and a cookie only with an origin") {
  const Fixture fixture;
  const auto access = fixture.open();
  const auto status = [&](Headers headers, const char* token) {
    auto request = with(std::move(headers));
    if (token) request.query.emplace("token", token);
    return status_of(access->refuse_socket_principal(request));
  };
  const std::pair<std::string, std::string> cookie{
      "cookie", "adaos_session=" + access->start_session().value()};
  CHECK(status({}, access->token().c_str()) == 200);
  CHECK(status({{"x-adaos-token", access->token()}}, nullptr) == 200);
  CHECK(status({cookie, {"origin", "http://localhost:8777"}}, nullptr) == 200);
  CHECK(status({cookie}, nullptr) == 401);
  CHECK(status({}, nullptr) == 401);
  CHECK(status({cookie, {"origin", "http://localhost:8777"}}, "wrong") == 401);
}

}  // namespace
}  // namespace hub::http
