#include "http/message.hpp"

#include <doctest/doctest.h>

#include "http/answer.hpp"
#include "http/router.hpp"

namespace hub::http {
namespace {

Request read(std::string_view target) {
  Request request;
  const auto result = read_target(target, request);
  REQUIRE_MESSAGE(result, (result ? "" : result.error().message));
  return request;
}

std::string refused(std::string_view target) {
  Request request;
  const auto result = read_target(target, request);
  return result ? "accepted as " + request.path : result.error().reason;
}

TEST_CASE("a path is decoded once, segment by segment") {
  CHECK(read("/").path == "/");
  CHECK(read("/api//operations/").path == "/api/operations");
  CHECK(read("/a%20b/%D0%BC").path == "/a b/\xD0\xBC");
  CHECK(read("/a+b").path == "/a+b");
  CHECK(read("/%2525").path == "/%25");
}

TEST_CASE("a path that could mean another one is refused") {
  for (const auto* target :
       {"",     "*",      "http://evil/", "a",     "/..",     "/a/../b",    "/%2e%2E/etc/passwd",
        "/a/.", "/a%2fb", "/a%5cb",       "/a\\b", "/%00",    "/%0a",       "/%7f",
        "/%",   "/%4",    "/%zz",         "/%ff",  "/%c0%af", "/%ed%a0%80", "/%f5%80%80%80"}) {
    CHECK_MESSAGE(refused(target) == "path_invalid", target);
  }
}

TEST_CASE("a query is decoded, and a name may come twice") {
  const auto request = read("/x?q=%D0%BC+b%2Bc&tag=a&tag=b&empty=&bare&&=none");
  CHECK(request.query_value("q") == "\xD0\xBC b+c");
  CHECK(request.query.count("tag") == 2);
  CHECK(request.query_value("empty") == "");
  CHECK(request.query_value("bare") == "");
  CHECK_FALSE(request.query_value("absent"));
  CHECK(refused("/x?q=%f") == "query_invalid");
  CHECK(refused("/x?%ff=1") == "query_invalid");
}

TEST_CASE("a cookie is found among others") {
  Request request;
  request.headers = {{"cookie", "a=1; adaos_session=abc=; xadaos_session=no"}, {"cookie", "z=9"}};
  CHECK(request.cookie("adaos_session") == "abc=");
  CHECK(request.cookie("z") == "9");
  CHECK(request.cookie("session").empty());
}

TEST_CASE("an error becomes a problem that programs and AdaOS clients can read") {
  const auto response = problem({.code = ErrorCode::conflict,
                                 .message = "cannot install skill:weather: it is busy",
                                 .reason = "target_busy",
                                 .hint = "Wait.",
                                 .details = {{"target_id", "weather"}}});
  CHECK(response.status == 409);
  CHECK(response.header("content-type") == "application/problem+json");
  CHECK(boost::json::parse(response.body) ==
        boost::json::parse(R"({"type":"about:blank","title":"Conflict","status":409,
          "detail":"cannot install skill:weather: it is busy","code":"target_busy",
          "hint":"Wait.","details":{"target_id":"weather"}})"));
}

TEST_CASE("every error code has its status") {
  const auto status = [](ErrorCode code, std::string reason) {
    return status_of(
        {.code = code, .message = {}, .reason = std::move(reason), .hint = {}, .details = {}});
  };
  CHECK(status(ErrorCode::invalid, "") == 400);
  CHECK(status(ErrorCode::forbidden, "") == 403);
  CHECK(status(ErrorCode::not_found, "") == 404);
  CHECK(status(ErrorCode::conflict, "") == 409);
  CHECK(status(ErrorCode::cancelled, "") == 409);
  CHECK(status(ErrorCode::exhausted, "queue_full") == 429);
  CHECK(status(ErrorCode::exhausted, "disk_full") == 507);
  CHECK(status(ErrorCode::exhausted, "too_many_operations") == 503);
  CHECK(status(ErrorCode::exhausted, "too_many_operations_of_one") == 429);
  CHECK(status(ErrorCode::invalid, "idempotency_key_reused") == 422);
  CHECK(status(ErrorCode::unavailable, "") == 503);
}

TEST_CASE("who is to come again is told when") {
  Error error{ErrorCode::unavailable, {}, "stopping", {}, {}};
  CHECK(problem(error).header("Retry-After") == "2");
  error.details["retry_after_s"] = 40;
  CHECK(problem(error).header("Retry-After") == "40");
  error.code = ErrorCode::conflict;
  CHECK(problem(error).header("Retry-After").empty());
}

TEST_CASE("a body that is no JSON, or too deep, is refused") {
  Request request;
  request.body = R"({"name":"weather"})";
  CHECK(json_body(request).value().at("name") == "weather");
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("{} {}"), std::string(100, '[')}) {
    request.body = body;
    CHECK(json_body(request).error().reason == "body_not_json");
  }
}

TEST_CASE("an entity tag matches weak, strong, listed and star") {
  CHECK(etag_matches("\"a\"", "\"a\""));
  CHECK(etag_matches("W/\"a\"", "\"a\""));
  CHECK(etag_matches("\"b\" , \"a\"", "W/\"a\""));
  CHECK(etag_matches("*", "\"a\""));
  CHECK_FALSE(etag_matches("\"b\"", "\"a\""));
  CHECK_FALSE(etag_matches("*", ""));
  CHECK_FALSE(etag_matches("", "\"a\""));
}

std::string routed(const Router& router, std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  const auto match = router.match(request);
  if (!match.route) {
    return std::to_string(match.refusal.status) + " " + std::string(match.refusal.header("allow"));
  }
  std::string out;
  match.route->handler(request, Reply([&](const Reply::Make& make) { out = make().body; }));
  return out;
}

Handler shows_id() {
  return inline_handler(
      [](const Request& request) { return text(200, "id " + request.path_value("id")); });
}

TEST_CASE("a literal route beats one with a name, whichever came first") {
  Router router;
  router.add("GET", "/a/{id}", Auth::open, shows_id());
  router.add("GET", "/a/list", Auth::open,
             inline_handler([](const Request&) { return text(200, "list"); }));
  router.add("POST", "/a/{id}/cancel", Auth::open, shows_id());
  CHECK(routed(router, "GET", "/a/list") == "list");
  CHECK(routed(router, "HEAD", "/a/7") == "id 7");
  CHECK(routed(router, "POST", "/a/7/cancel") == "id 7");
  CHECK(routed(router, "DELETE", "/a/7") == "405 GET, HEAD, OPTIONS");
  CHECK(routed(router, "OPTIONS", "/a/7/cancel") == "204 POST, OPTIONS");
  CHECK(routed(router, "GET", "/a/7/8") == "404 ");
  CHECK_THROWS(router.add("GET", "/a/list", Auth::open, shows_id()));
  CHECK_THROWS(router.add("FETCH", "/a", Auth::open, shows_id()));
}

TEST_CASE("what no route has goes to the fallback, if it reads") {
  Router router;
  router.add("POST", "/a", Auth::open, shows_id());
  router.set_fallback(inline_handler([](const Request&) { return text(200, "page"); }));
  CHECK(routed(router, "GET", "/other") == "page");
  CHECK(routed(router, "POST", "/other") == "405 GET, HEAD, OPTIONS");
  CHECK(routed(router, "GET", "/a") == "405 POST, OPTIONS");
}

TEST_CASE("a reply is delivered once, and a dropped one is a 500") {
  std::vector<int> delivered;
  {
    const Reply reply([&](const Reply::Make& make) { delivered.push_back(make().status); });
    const Reply copy = reply;  // NOLINT(performance-unnecessary-copy-initialization): the point
    copy(empty(204));
    reply(empty(200));
  }
  CHECK(delivered == std::vector{204});
  {
    const Reply dropped([&](const Reply::Make& make) { delivered.push_back(make().status); });
  }
  CHECK(delivered == std::vector{204, 500});
}

}  // namespace
}  // namespace hub::http
