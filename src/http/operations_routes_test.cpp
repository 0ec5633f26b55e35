// /api/operations through a real server, on a real manager and store.

#include "http/operations_routes.hpp"

#include <doctest/doctest.h>

#include "http/test_operations.hpp"

namespace hub::http {
namespace {

std::string text_of(const Json& value) { return std::string(value.as_string()); }

TEST_CASE("an accepted request answers with its operation and where to find it") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto answer =
      client.post("/api/operations", {{"kind", "test.script"}, {"target_id", "tune"}});
  CHECK(answer.status == 202);
  const auto body = answer.json();
  const auto id = text_of(body.at("operation_id"));
  CHECK(answer.header("location") == "/api/operations/" + id);
  CHECK(body.at("ok") == true);
  CHECK(body.at("accepted") == true);
  CHECK(body.at("how") == "created");
  CHECK(body.at("operation").at("target_kind") == "test");
  CHECK(body.at("operation").at("status") == "accepted");
  CHECK(client.wait_end(id).at("status") == "succeeded");
}

TEST_CASE("an unknown kind is refused with the kinds there are") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto answer = client.post("/api/operations", {{"kind", "test.scrip"}});
  CHECK(answer.status == 400);
  CHECK(answer.json().at("code") == "unknown_kind");
  CHECK(answer.json().at("details").at("known") == Json{"test.script"});
  CHECK(client.post("/api/operations", {{"kind", "test.script"}, {"prams", 1}}).status == 400);
  const auto refused = client.play("tune", {"refuse"});
  CHECK(refused.at("status") == 400);
  CHECK(refused.at("code") == "refused_by_script");
}

TEST_CASE(
    "the same request joins the live one, another waits or is refused with who is before it") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto first = client.start("tune", {"hold"});
  const auto joined = client.play("tune", {"hold"});
  CHECK(joined.at("how") == "joined");
  CHECK(text_of(joined.at("operation_id")) == first);
  const auto queued = client.play("tune", {"say"});
  CHECK(queued.at("how") == "created");
  CHECK(queued.at("operation").at("blocked_by") == Json{first});
  const auto refused = client.post(
      "/api/operations", {{"kind", "test.script"}, {"target_id", "tune"}, {"on_conflict", "fail"}});
  CHECK(refused.status == 409);
  CHECK(refused.header("content-type") == "application/problem+json");
  const auto problem = refused.json();
  CHECK(problem.at("code") == "target_busy");
  CHECK(text_of(problem.at("details").at("blocked_by")) == first);
  CHECK(text_of(problem.at("details").at("href")) == "/api/operations/" + first);
  CHECK(problem.at("details").as_object().contains("status"));
  hub.let_go();
  CHECK(client.wait_end(text_of(queued.at("operation_id"))).at("status") == "succeeded");
}

TEST_CASE("a used Idempotency-Key answers with its operation, and refuses another request") {
  OperationsHub hub;
  OperationsClient client(hub);
  const Json body{{"kind", "test.script"}, {"target_id", "tune"}};
  const std::string key = "Idempotency-Key: k-1\r\n";
  const auto id = text_of(client.post("/api/operations", body, key).json().at("operation_id"));
  client.wait_end(id);
  const auto again = client.post("/api/operations", body, key);
  CHECK(again.status == 202);
  CHECK(again.json().at("how") == "replayed");
  CHECK(text_of(again.json().at("operation_id")) == id);
  const auto other =
      client.post("/api/operations", {{"kind", "test.script"}, {"target_id", "b"}}, key);
  CHECK(other.status == 422);
  CHECK(other.json().at("code") == "idempotency_key_reused");
  CHECK(client.post("/api/operations", body, "Idempotency-Key: \r\n").status == 400);
}

TEST_CASE("validate_only says what would be done, and does nothing") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto holder = client.start("tune", {"hold"});
  const auto seq = hub.store.last_seq();
  client.wait_for(holder, "running");
  const auto before = hub.store.last_seq();
  const Json body{{"kind", "test.script"},
                  {"target_id", "tune"},
                  {"params", {{"script", {"say", "fail"}}, {"bytes", 7}}},
                  {"validate_only", true}};
  const auto answer = client.post("/api/operations", body);
  CHECK(answer.status == 200);
  CHECK(answer.json().at("ok") == true);
  CHECK(answer.json().at("accepted") == false);
  const auto plan = answer.json().at("plan");
  CHECK(plan.at("steps").as_array().size() == 2);
  CHECK(plan.at("steps").at(1).at("name") == "2-fail");
  CHECK(plan.at("bytes") == 7);
  CHECK(plan.at("space_needed") == 10);
  CHECK(plan.at("conflicts").as_array().size() == 1);
  CHECK(text_of(plan.at("conflicts").at(0).at("operation_id")) == holder);
  CHECK(text_of(plan.at("conflicts").at(0).at("href")) == "/api/operations/" + holder);
  CHECK(plan.at("joins").is_null());
  CHECK(plan.at("reversible") == true);
  CHECK(plan.at("undo_window_s") == 3600);
  CHECK(plan.at("resources") == Json{"thing:tune"});
  CHECK(plan.at("warnings") == Json{"this is a test"});
  CHECK(plan.at("message") == "about to play tune");
  CHECK(hub.store.last_seq() == before);
  CHECK(seq <= before);
  const auto same = client.post("/api/operations", {{"kind", "test.script"},
                                                    {"target_id", "tune"},
                                                    {"params", {{"script", {"hold"}}}},
                                                    {"validate_only", true}});
  CHECK(text_of(same.json().at("plan").at("joins")) == holder);
  const auto refused = client.post("/api/operations", {{"kind", "test.script"},
                                                       {"target_id", "tune"},
                                                       {"params", {{"script", {"refuse"}}}},
                                                       {"validate_only", true}});
  CHECK(refused.json().at("code") == "refused_by_script");
}

TEST_CASE("a list is filtered and paged, and keeps AdaOS's shape") {
  OperationsHub hub;
  OperationsClient client(hub);
  std::vector<std::string> ids;
  for (const auto* name : {"a", "b", "c"}) ids.push_back(client.start(name, {"say"}));
  for (const auto& id : ids) client.wait_end(id);
  const auto live = client.start("d", {"hold"});
  const auto all = client.get("/api/operations").json();
  CHECK(all.at("order") == Json{ids[0], ids[1], ids[2], live});
  CHECK(all.at("active") == Json{live});
  CHECK(all.at("active_items").at(0).at("target_id") == "d");
  CHECK(all.at("by_id").at(ids[1]).at("target_id") == "b");
  CHECK(all.at("next").is_null());
  CHECK(all.at("persistence").at("enabled") == true);
  CHECK(all.at("notifications").as_array().size() == 3);
  const auto order = [&](const std::string& query) {
    return client.get("/api/operations?" + query).json().at("order");
  };
  CHECK(order("status=active") == Json{live});
  CHECK(order("status=succeeded&target_id=b") == Json{ids[1]});
  CHECK(order("kind=test.other") == Json(boost::json::array()));
  CHECK(order("webspace_id=default&target_kind=test&limit=1") == Json{live});
  const auto first = client.get("/api/operations?limit=3").json();
  CHECK(first.at("order") == Json{ids[1], ids[2], live});
  CHECK(order("limit=3&after=" + text_of(first.at("next"))) == Json{ids[0]});
  CHECK(client.get("/api/operations?status=done").json().at("code") == "bad_status");
  CHECK(client.get("/api/operations?limit=0").json().at("code") == "bad_limit");
  hub.let_go();
}

TEST_CASE("a state has a tag that spares its body, and its log's last lines") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto id = client.start("tune", {"say", "hold"});
  client.wait_for(id, "running");
  hub.let_go();
  const auto state = client.wait_end(id);
  const auto answer = client.get("/api/operations/" + id);
  CHECK(answer.status == 200);
  const auto etag = answer.header("etag");
  CHECK(etag.starts_with("\"" + std::to_string(state.at("revision").as_int64()) + "-"));
  CHECK(client.get("/api/operations/" + id, "If-None-Match: " + etag + "\r\n").status == 304);
  CHECK(client.get("/api/operations/" + id, "If-None-Match: \"1-0\"\r\n").status == 200);
  const auto tail = answer.json().at("log_tail").as_array();
  CHECK(tail.size() <= 20);
  CHECK(boost::json::serialize(tail).find("line 0") != std::string::npos);
  CHECK(text_of(answer.json().at("log_href")) == "/api/operations/" + id + "/log");
}

TEST_CASE("who waits is answered when it has ended, has moved, or the time is over") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto id = client.start("tune", {"hold"});
  const auto running = client.wait_for(id, "running");
  const auto revision = running.at("revision").as_int64();
  const auto same =
      client.get("/api/operations/" + id + "?wait=20ms&after_revision=" + std::to_string(revision));
  CHECK(same.json().at("status") == "running");
  hub.let_go();
  CHECK(client.get("/api/operations/" + id + "?wait=10s").json().at("status") == "succeeded");
  CHECK(client.get("/api/operations/" + id + "?wait=soon").json().at("code") == "bad_duration");
  CHECK(client.get("/api/operations/" + id + "?wait=1s&after_revision=x").json().at("code") ==
        "bad_revision");
}

TEST_CASE("an operation that nobody knows is told apart from a misspelt one") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto id = client.start("tune", {"say"});
  for (const std::string suffix : {"", "/log", "/cancel", "/retry", "/undo", "/confirm"}) {
    const bool steers = !suffix.empty() && suffix != "/log";
    const auto at = "/api/operations/op_none" + suffix;
    const auto answer = steers ? client.post(at, {{"answer", 1}}) : client.get(at);
    CHECK_MESSAGE(answer.status == 404, suffix);
    CHECK_MESSAGE(answer.json().at("code") == "operation_not_found", suffix);
  }
  const auto near = client.get("/api/operations/" + id.substr(0, id.size() - 3)).json();
  CHECK(text_of(near.at("details").at("nearest")) == id);
}

TEST_CASE("cancel, retry and undo answer with what became of it, or with why not") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto held = client.start("tune", {"say", "hold"});
  client.wait_for(held, "running");
  const auto cancelled = client.post("/api/operations/" + held + "/cancel");
  CHECK(cancelled.status == 202);
  CHECK(text_of(cancelled.json().at("operation_id")) == held);
  CHECK(client.wait_end(held).at("status") == "cancelled");
  CHECK(client.post("/api/operations/" + held + "/cancel").json().at("status") == "cancelled");

  hub.let_go();
  const auto retried = client.post("/api/operations/" + held + "/retry");
  CHECK(retried.status == 202);
  const auto second = text_of(retried.json().at("operation_id"));
  CHECK(retried.header("location") == "/api/operations/" + second);
  CHECK(text_of(retried.json().at("operation").at("retry_of")) == held);
  CHECK(client.wait_end(second).at("status") == "succeeded");
  const auto too_late = client.post("/api/operations/" + second + "/cancel");
  CHECK(too_late.status == 409);
  CHECK(too_late.json().at("code") == "operation_not_active");
  const auto not_again = client.post("/api/operations/" + second + "/retry");
  CHECK(not_again.status == 409);
  CHECK(not_again.json().at("code") == "operation_not_retryable");
  CHECK_FALSE(text_of(not_again.json().at("hint")).empty());

  const auto undone = client.post("/api/operations/" + second + "/undo");
  CHECK(undone.status == 202);
  CHECK(text_of(undone.json().at("operation").at("undo_of")) == second);
  CHECK(client.wait_end(text_of(undone.json().at("operation_id"))).at("status") == "succeeded");
  const auto not_twice = client.post("/api/operations/" + second + "/undo");
  CHECK(not_twice.status == 409);
  CHECK(not_twice.json().at("code") == "operation_not_undoable");
}

TEST_CASE("a question waits for its answer, and only a question does") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto id = client.start("tune", {"ask"});
  const auto waiting = client.wait_for(id, "waiting_input");
  CHECK(waiting.at("reason").at("code") == "confirm");
  const auto at = "/api/operations/" + id + "/confirm";
  CHECK(client.post(at, boost::json::object()).json().at("code") == "field_missing");
  CHECK(client.post(at, {{"answer", "maybe"}}).json().at("code") == "answer_unknown");
  CHECK(client.post(at, {{"answer", "yes"}}).status == 202);
  const auto end = client.wait_end(id);
  CHECK(end.at("status") == "succeeded");
  CHECK(end.at("result").at("answer") == "yes");
  const auto late = client.post(at, {{"answer", "yes"}});
  CHECK(late.status == 409);
  CHECK(late.json().at("code") == "operation_not_waiting");
}

TEST_CASE("an If-Match of an older revision refuses to steer") {
  OperationsHub hub;
  OperationsClient client(hub);
  const auto id = client.start("tune", {"hold"});
  client.wait_for(id, "running");
  const auto etag = client.get("/api/operations/" + id).header("etag");
  const auto at = "/api/operations/" + id + "/cancel";
  const auto stale = client.post(at, boost::json::object(), "If-Match: \"1-abc\"\r\n");
  CHECK(stale.status == 412);
  CHECK(stale.json().at("code") == "revision_changed");
  CHECK(client.post(at, boost::json::object(), "If-Match: " + etag + "\r\n").status == 202);
}

TEST_CASE("a log is read from where one was, and followed until the operation ends") {
  OperationsHub hub;
  OperationsClient client(hub);
  OperationsClient follower(hub);
  const auto id = client.start("tune", {"say", "hold", "say"});
  client.wait_for(id, "running");
  const auto head = follower.get("/api/operations/" + id + "/log?follow=1");
  CHECK(head.status == 200);
  CHECK(head.header("content-type").starts_with("text/plain"));
  const auto first = follower.read_chunks_until("1-say: line 0\n");
  hub.let_go();
  auto all = first;
  for (auto chunk = follower.read_chunk(); chunk && !chunk->empty();
       chunk = follower.read_chunk()) {
    all += *chunk;
  }
  CHECK(all.find("3-say: line 0\n") != std::string::npos);
  client.wait_end(id);
  const auto whole = client.get("/api/operations/" + id + "/log");
  CHECK(whole.body == all);
  CHECK(whole.header("x-next-offset") == std::to_string(all.size()));
  const auto rest =
      client.get("/api/operations/" + id + "/log?offset=" + std::to_string(first.size()));
  CHECK(rest.body == all.substr(first.size()));
  CHECK(client.get("/api/operations/" + id + "/log?offset=-1").json().at("code") == "bad_offset");
  CHECK(follower.get("/api/operations/" + id).status == 200);  // the connection goes on
}

TEST_CASE("events come as they happen, go on where one was, and refuse what is gone") {
  OperationsHub hub;
  OperationsClient client(hub);
  OperationsClient listener(hub);
  const auto head = listener.get("/api/operations/events");
  CHECK(head.status == 200);
  CHECK(head.header("content-type") == "text/event-stream");
  CHECK(listener.read_chunks_until("\n\n").find("event: hello") != std::string::npos);
  const auto id = client.start("tune", {"say"});
  client.wait_end(id);
  const auto lived = listener.read_chunks_until(R"("status":"succeeded")");
  CHECK(lived.find("id: 1\nevent: operation\ndata: {\"seq\":1,") != std::string::npos);
  CHECK(lived.find(id) != std::string::npos);
  OperationsClient late(hub);
  late.get("/api/operations/events?after=0", "Last-Event-ID: 1\r\n");
  const auto rest = late.read_chunks_until(R"("status":"succeeded")");
  CHECK(rest.find("id: 1\n") == std::string::npos);
  CHECK(rest.find("id: 2\n") != std::string::npos);
  const auto gone = client.get("/api/operations/events?after=1000");
  CHECK(gone.status == 410);
  CHECK(gone.json().at("details").at("first_seq") == 1);
  CHECK(gone.json().at("details").at("last_seq") == hub.store.last_seq());
  CHECK(client.get("/api/operations/events?after=0&feed_id=other").status == 410);
  CHECK(client.get("/api/operations/events?after=x").json().at("code") == "bad_event_id");
}

TEST_CASE("what there are too many of is refused with when to come again") {
  store::StoreOptions few;
  few.live_max = 2;
  OperationsHub hub(few);
  OperationsClient client(hub);
  client.start("a", {"hold"});
  client.start("b", {"hold"});
  const auto full = client.post("/api/operations", {{"kind", "test.script"}, {"target_id", "c"}});
  CHECK(full.status == 503);
  CHECK(full.json().at("code") == "too_many_operations");
  CHECK_FALSE(full.header("retry-after").empty());
  store::StoreOptions one_each;
  one_each.live_per_initiator_max = 1;
  OperationsHub other(one_each);
  OperationsClient greedy(other);
  greedy.start("a", {"hold"});
  const auto mine = greedy.post("/api/operations", {{"kind", "test.script"}, {"target_id", "b"}});
  CHECK(mine.status == 429);
  CHECK(mine.json().at("code") == "too_many_operations_of_one");
  CHECK_FALSE(mine.header("retry-after").empty());
  hub.let_go();
  other.let_go();
}

TEST_CASE("a full disk and a stopping hub accept nothing") {
  operations::ManagerOptions options;
  options.disk = "/";
  options.free_bytes_min = std::uintmax_t{1} << 60U;
  OperationsHub hub({}, options);
  OperationsClient client(hub);
  const Json body{{"kind", "test.script"}, {"target_id", "a"}};
  const auto full = client.post("/api/operations", body);
  CHECK(full.status == 507);
  CHECK(full.json().at("code") == "disk_full");
  hub.manager->stop();
  const auto stopping = client.post("/api/operations", body);
  CHECK(stopping.status == 503);
  CHECK(stopping.json().at("code") == "stopping");
  CHECK_FALSE(stopping.header("retry-after").empty());
}

}  // namespace
}  // namespace hub::http
