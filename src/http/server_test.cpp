#include "http/server.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <doctest/doctest.h>

#include "http/static_files.hpp"
#include "http/test_hub.hpp"

namespace hub::http {
namespace {

using std::chrono::milliseconds;

Handler echo() {
  return inline_handler([](const Request& request) { return text(200, request.body); });
}

TEST_CASE("a busy port is refused by name, with what to do") {
  TestHub first, second;
  first.start();
  Server server({.address = "127.0.0.1", .port = first.port}, {}, {}, *second.access);
  const auto started = server.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::conflict);
  CHECK(started.error().reason == "port_in_use");
  CHECK(started.error().message.find(std::to_string(first.port)) != std::string::npos);
  CHECK(started.error().hint.find("--port") != std::string::npos);
  Server nowhere({.address = "not an address", .port = 0}, {}, {}, *second.access);
  CHECK(nowhere.start().error().reason == "address_invalid");
}

TEST_CASE("a route answers with its headers, and several requests share a connection") {
  TestHub hub;
  hub.router.add("GET", "/hello/{name}", Auth::open, inline_handler([](const Request& request) {
                   return json(200, {{"name", request.path_value("name")},
                                     {"q", request.query_value("q").value_or("none")}});
                 }));
  hub.start();
  TestClient client(hub.port);
  const auto first = client.ask("GET", "/hello/%D0%BC%D0%B8%D1%80?q=a+b");
  CHECK(first.status == 200);
  CHECK(first.json().at("name") == "\xD0\xBC\xD0\xB8\xD1\x80");
  CHECK(first.json().at("q") == "a b");
  CHECK(first.header("content-type") == "application/json");
  CHECK(first.header("x-content-type-options") == "nosniff");
  CHECK(first.header("x-frame-options") == "DENY");
  CHECK(first.header("referrer-policy") == "no-referrer");
  CHECK(first.header("cache-control") == "no-store");
  CHECK(first.header("access-control-allow-origin").empty());
  CHECK(first.header("x-request-id").size() == 16);
  CHECK(first.header("date").ends_with(" GMT"));
  const auto second = client.ask("GET", "/hello/you");
  CHECK(second.json().at("name") == "you");
  CHECK(second.header("x-request-id") != first.header("x-request-id"));
  CHECK(client.ask("GET", "/hello/you", "Connection: close\r\n").header("connection") == "close");
  CHECK(client.is_closed());
}

TEST_CASE("requests that come in one piece are answered one after the other") {
  TestHub hub;
  hub.router.add("POST", "/echo", Auth::open, echo());
  hub.start();
  TestClient client(hub.port);
  const std::string head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n";
  client.send(head + "1" + head + "2" + head + "3");
  CHECK(client.read_answer().body == "1");
  CHECK(client.read_answer().body == "2");
  CHECK(client.read_answer().body == "3");
}

TEST_CASE("a body may come in chunks, or after a promise to go on") {
  TestHub hub;
  hub.router.add("POST", "/echo", Auth::open, echo());
  hub.start();
  TestClient client(hub.port);
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(client.read_answer().body == "abcde");
  CHECK(client.ask("POST", "/echo", "Expect: 100-continue\r\n", "later").body == "later");
}

TEST_CASE("an unknown path and a wrong method are told apart") {
  TestHub hub;
  hub.router.add("POST", "/api/skills/install", Auth::token, echo());
  hub.start();
  TestClient client(hub.port);
  CHECK(client.ask("GET", "/api/nothing").json().at("code") == "route_not_found");
  const auto wrong = client.ask("GET", "/api/skills/install");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("allow") == "POST, OPTIONS");
  CHECK(client.ask("GET", "/api/../secret").status == 400);
  CHECK(client.ask("GET", "/%2e%2e/%2e%2e/etc/passwd").status == 400);
}

TEST_CASE("HEAD has the length and no body, and a known entity tag saves the body") {
  TestHub hub;
  hub.router.add("GET", "/list", Auth::open, inline_handler([](const Request&) {
                   return text(200, "twelve bytes").set_header("ETag", "\"v1\"");
                 }));
  hub.start();
  TestClient client(hub.port);
  const auto head = client.ask("HEAD", "/list");
  CHECK(head.status == 200);
  CHECK(head.header("content-length") == "12");
  CHECK(client.ask("GET", "/list").body == "twelve bytes");
  const auto same = client.ask("GET", "/list", "If-None-Match: \"v0\", W/\"v1\"\r\n");
  CHECK(same.status == 304);
  CHECK(same.header("etag") == "\"v1\"");
  CHECK(same.header("cache-control") == "no-cache");
  CHECK(same.header("content-length").empty());
  CHECK(client.ask("GET", "/list", "If-None-Match: \"v2\"\r\n").body == "twelve bytes");
}

TEST_CASE("what is too large or malformed is refused, and the connection ends") {
  TestHub hub;
  hub.router.add("POST", "/echo", Auth::open, echo());
  ServerLimits limits;
  limits.body_bytes_max = 1000;
  hub.start(limits);
  const auto status_of_raw = [&](const std::string& bytes) {
    TestClient client(hub.port);
    client.send(bytes);
    const auto status = client.read_answer().status;
    CHECK(client.is_closed());
    return status;
  };
  const std::string post = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
  CHECK(status_of_raw(post + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x')) == 413);
  CHECK(status_of_raw(post + "Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x') +
                      "\r\n0\r\n\r\n") == 413);
  CHECK(status_of_raw(post + "X: " + std::string(20'000, 'x') + "\r\n\r\n") == 431);
  CHECK(status_of_raw("nonsense\r\n\r\n") == 400);
  CHECK(status_of_raw(post + "Content-Length: -1\r\n\r\n") == 400);
  CHECK(status_of_raw(post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx") == 400);
  CHECK(status_of_raw(post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") ==
        400);
  CHECK(status_of_raw(post + "Bad Name: x\r\n\r\n") == 400);
  CHECK(TestClient(hub.port).ask("POST", "/echo", {}, std::string(1000, 'x')).body.size() == 1000);
}

TEST_CASE("a request with two hosts, or with none, is refused") {
  TestHub hub;
  hub.router.add("GET", "/", Auth::open, says("page"));
  hub.start();
  TestClient client(hub.port);
  CHECK(client.ask("GET", "/", "Host: localhost\r\nHost: evil.example\r\n").status == 400);
  client.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(client.read_answer().status == 400);
  CHECK(client.ask("GET", "/", "Host: evil.example\r\n").status == 421);
  CHECK(client.ask("GET", "/").body == "page");
}

TEST_CASE("a client that sends its head or body too slowly is cut off; others are served") {
  TestHub hub;
  hub.router.add("POST", "/echo", Auth::open, echo());
  ServerLimits limits;
  limits.header_timeout = milliseconds(100);
  limits.body_timeout = milliseconds(100);
  limits.idle_timeout = milliseconds(200);
  hub.start(limits);
  TestClient slow_head(hub.port), slow_body(hub.port), idle(hub.port), good(hub.port);
  slow_head.send("POST /echo HTTP/1.1\r\nHost: ");
  slow_body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(good.ask("POST", "/echo", {}, "served").body == "served");
  CHECK(slow_head.is_closed());
  CHECK(slow_body.is_closed());
  CHECK(idle.is_closed());
}

TEST_CASE("500 connections that never finish their head leave the server serving") {
  TestHub hub;
  hub.router.add("GET", "/", Auth::open, says("page"));
  hub.start();
  std::vector<std::unique_ptr<TestClient>> slow;
  for (int at = 0; at < 500; ++at) {
    slow.push_back(std::make_unique<TestClient>(hub.port));
    slow.back()->send("GET / HTTP/1.1\r\nX-");
  }
  CHECK(TestClient(hub.port).ask("GET", "/").body == "page");
}

TEST_CASE("more connections than allowed are told to come later") {
  TestHub hub;
  hub.router.add("GET", "/", Auth::open, says("page"));
  ServerLimits limits;
  limits.connections_max = 2;
  hub.start(limits);
  TestClient first(hub.port), second(hub.port);
  CHECK(first.ask("GET", "/").status == 200);
  CHECK(second.ask("GET", "/").status == 200);
  CHECK(TestClient(hub.port).read_answer().status == 503);
  CHECK(first.ask("GET", "/").status == 200);
}

TEST_CASE("blocking work runs beside the io thread, and its failure names the request") {
  TestHub hub;
  std::promise<void> let_go;
  const auto gone = let_go.get_future().share();
  hub.router.add("GET", "/slow", Auth::open, blocking(hub.workers, [gone](const Request&) {
                   gone.wait();
                   return text(200, "slow");
                 }));
  hub.router.add("GET", "/fast", Auth::open, says("fast"));
  hub.router.add("GET", "/bug", Auth::open, blocking(hub.workers, [](const Request&) -> Response {
                   throw std::runtime_error("the database is gone");
                 }));
  hub.router.add("GET", "/inline-bug", Auth::open, [](const Request&, const Reply&) {
    throw std::runtime_error("thrown on the io thread");
  });
  hub.router.add("GET", "/lost", Auth::open, [](const Request&, const Reply&) {});
  hub.start();
  TestClient slow(hub.port), fast(hub.port);
  slow.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(fast.ask("GET", "/fast").body == "fast");
  let_go.set_value();
  CHECK(slow.read_answer().body == "slow");
  const auto bug = fast.ask("GET", "/bug");
  CHECK(bug.status == 500);
  CHECK(bug.body.find("database") == std::string::npos);
  CHECK(bug.json().at("details").at("request_id").get_string() == bug.header("x-request-id"));
  CHECK(fast.ask("GET", "/inline-bug").status == 500);
  CHECK(fast.ask("GET", "/lost").status == 500);
  CHECK(fast.ask("GET", "/fast").body == "fast");
}

TEST_CASE("a reply may come from any thread, later, and after the client has gone") {
  TestHub hub;
  std::mutex mutex;
  std::vector<Reply> waiting;
  hub.router.add("GET", "/wait", Auth::open, [&](const Request&, const Reply& reply) {
    const std::lock_guard lock(mutex);
    waiting.push_back(reply);
  });
  hub.router.add("GET", "/count", Auth::open, inline_handler([&](const Request&) {
                   const std::lock_guard lock(mutex);
                   return text(200, std::to_string(waiting.size()));
                 }));
  hub.start();
  TestClient stays(hub.port), other(hub.port);
  auto leaves = std::make_unique<TestClient>(hub.port);
  stays.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  leaves->send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (other.ask("GET", "/count").body != "2") std::this_thread::yield();
  leaves.reset();
  std::vector<std::thread> threads;
  for (int at = 0; at < 4; ++at) {
    threads.emplace_back([&] {
      for (const auto& reply : waiting) reply(text(200, "at last"));
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(stays.read_answer().body == "at last");
  hub.server.reset();
  for (const auto& reply : waiting) reply(text(200, "nobody hears"));
}

TEST_CASE("a token route wants the token; a browser trades it for a session") {
  TestHub hub;
  add_session_routes(hub.router, hub.workers, *hub.access);
  hub.router.add("POST", "/api/do", Auth::token, says("done"));
  hub.start();
  TestClient client(hub.port);
  const auto refused = client.ask("POST", "/api/do");
  CHECK(refused.status == 401);
  CHECK(refused.json().at("detail") == "Invalid or missing X-AdaOS-Token");
  CHECK(client.ask("POST", "/api/do", hub.token_header()).body == "done");
  CHECK(client.ask("POST", "/api/do?token=" + hub.access->token()).status == 401);

  CHECK(client.ask("POST", "/api/session", {}, R"({"token":"wrong"})").status == 401);
  CHECK(client.ask("POST", "/api/session", {}, "{}").status == 400);
  const auto signed_in = client.ask("POST", "/api/session", "Cookie: adaos_session=planted\r\n",
                                    boost::json::serialize(Json{{"token", hub.access->token()}}));
  CHECK(signed_in.status == 204);
  const auto cookie = signed_in.header("set-cookie");
  CHECK(cookie.find("; HttpOnly") != std::string::npos);
  CHECK(cookie.find("; SameSite=Strict") != std::string::npos);
  CHECK(cookie.find("planted") == std::string::npos);
  const auto session = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  const std::string meant = "X-AdaOS-Request: 1\r\n";
  CHECK(client.ask("GET", "/api/session", session).json().at("by") == "session");
  CHECK(client.ask("POST", "/api/do", session).status == 403);
  CHECK(client.ask("POST", "/api/do", session + meant).body == "done");
  CHECK(client.ask("POST", "/api/do", session + meant + "Origin: http://evil.example\r\n").status ==
        403);
  CHECK(client.ask("DELETE", "/api/session", session + meant).status == 204);
  CHECK(client.ask("GET", "/api/session", session).status == 401);
}

TEST_CASE("a body is not read from a client that may not send it") {
  TestHub hub;
  hub.router.add("POST", "/api/do", Auth::token, says("done"));
  hub.start();
  TestClient client(hub.port);
  client.send("POST /api/do HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n");
  CHECK(client.read_answer().status == 401);
}

TEST_CASE("a foreign page that the operator allowed may read answers; another may not") {
  TestHub hub({.state = {}, .hosts = {}, .origins = {"https://app.example"}});
  hub.router.add("POST", "/api/do", Auth::token, says("done"));
  hub.start();
  TestClient client(hub.port);
  const std::string asks = "Access-Control-Request-Method: POST\r\n";
  const auto allowed = client.ask("OPTIONS", "/api/do", "Origin: https://app.example\r\n" + asks);
  CHECK(allowed.status == 204);
  CHECK(allowed.header("access-control-allow-origin") == "https://app.example");
  CHECK(allowed.header("access-control-allow-headers").find("X-AdaOS-Token") != std::string::npos);
  const auto other = client.ask("OPTIONS", "/api/do", "Origin: https://evil.example\r\n" + asks);
  CHECK(other.header("access-control-allow-origin").empty());
  CHECK(other.header("access-control-allow-headers").empty());
}

TEST_CASE("the page is served with its policy, without a token") {
  TestHub hub;
  REQUIRE(make_directories(hub.directory.path() / "dist"));
  REQUIRE(write_file_atomic(hub.directory.path() / "dist" / "index.html", "<title>hub</title>"));
  const auto files = StaticFiles::read(hub.directory.path() / "dist").value();
  add_static_files(hub.router, files);
  hub.start();
  TestClient client(hub.port);
  const auto page = client.ask("GET", "/");
  CHECK(page.body == "<title>hub</title>");
  CHECK(page.header("content-security-policy").find("frame-ancestors 'none'") != std::string::npos);
  CHECK(client.ask("GET", "/", "If-None-Match: " + page.header("etag") + "\r\n").status == 304);
  CHECK(client.ask("GET", "/../state/token").status == 400);
  CHECK(client.ask("GET", "/..%2fstate%2ftoken").status == 400);
  CHECK(client.ask("GET", "/state/token").status == 404);
  CHECK(client.ask("POST", "/").status == 405);
}

TEST_CASE("a stopping server finishes what runs, ends what idles and takes nothing new") {
  TestHub hub;
  std::promise<void> let_go, started;
  const auto gone = let_go.get_future().share();
  hub.router.add("GET", "/slow", Auth::open, blocking(hub.workers, [&, gone](const Request&) {
                   started.set_value();
                   gone.wait();
                   return text(200, "finished");
                 }));
  hub.router.add("GET", "/", Auth::open, says("page"));
  hub.start();
  TestClient slow(hub.port), idle(hub.port);
  CHECK(idle.ask("GET", "/").status == 200);
  slow.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  started.get_future().wait();
  auto stopping =
      std::async(std::launch::async, [&] { hub.server->stop(std::chrono::seconds(10)); });
  CHECK(idle.is_closed());
  let_go.set_value();
  const auto answer = slow.read_answer();
  CHECK(answer.body == "finished");
  CHECK(answer.header("connection") == "close");
  stopping.get();
  CHECK_THROWS(TestClient(hub.port));
}

TEST_CASE("a stopping server does not wait for ever") {
  TestHub hub;
  std::vector<Reply> never;
  std::promise<void> started;
  hub.router.add("GET", "/never", Auth::open, [&](const Request&, const Reply& reply) {
    never.push_back(reply);
    started.set_value();
  });
  hub.start();
  TestClient client(hub.port);
  client.send("GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n");
  started.get_future().wait();
  const auto before = std::chrono::steady_clock::now();
  hub.server->stop(milliseconds(50));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
  CHECK(client.is_closed());
}

TEST_CASE("many clients on several io threads all get their own answers") {
  TestHub hub;
  hub.router.add("POST", "/echo", Auth::open, blocking(hub.workers, [](const Request& request) {
                   return text(200, request.body);
                 }));
  hub.start({}, 2);
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&, number] {
      TestClient client(hub.port);
      for (int at = 0; at < 50; ++at) {
        const auto body = std::to_string(number) + ":" + std::to_string(at);
        if (client.ask("POST", "/echo", {}, body).body == body) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 400);
}

}  // namespace
}  // namespace hub::http
