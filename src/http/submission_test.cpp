#include "http/submission.hpp"

#include <doctest/doctest.h>

namespace hub::http {
namespace {

const Time now = from_millis(1'767'323'045'000);

Request with_body(std::string body) {
  Request request;
  request.body = std::move(body);
  request.principal = Principal{};
  return request;
}

Result<Submission> read(const std::string& body) { return read_submission(with_body(body), now); }

Error refused(const std::string& body) {
  const auto submission = read(body);
  REQUIRE_FALSE(submission);
  return submission.error();
}

TEST_CASE("a body says what to start, on what, how urgently and until when") {
  const auto read_all = read(
      R"({"kind": "skill.install", "target_kind": "skill", "target_id": "notes",
          "params": {"pin": "1.2.0"}, "webspace_id": "default", "on_conflict": "replace",
          "priority": "background", "deadline": "2026-01-02T04:00:00Z", "validate_only": true,
          "comment": "unknown members are ignored"})");
  REQUIRE(read_all);
  const auto& request = read_all->request;
  CHECK(request.kind.text() == "skill.install");
  CHECK(request.target_kind == "skill");
  CHECK(request.target_id == "notes");
  CHECK(request.params.at("pin") == "1.2.0");
  CHECK(request.webspace_id == "desktop");
  CHECK(request.on_conflict == OnConflict::replace);
  CHECK(request.priority == Priority::background);
  CHECK(to_text(request.deadline_at.value()) == "2026-01-02T04:00:00.000Z");
  CHECK(request.initiator.kind == "user");
  CHECK(read_all->submit == Submit::validate_only);
}

TEST_CASE("what is left out has its usual value") {
  const auto little = read(R"({"kind": "registry.refresh", "target_id": null})");
  REQUIRE(little);
  CHECK(little->request.target_kind == "registry");
  CHECK(little->request.target_id == "registry");
  CHECK(little->request.webspace_id == "desktop");
  CHECK(little->request.on_conflict == OnConflict::join);
  CHECK_FALSE(little->request.priority);
  CHECK_FALSE(little->request.deadline_at);
  CHECK(little->request.idempotency_key.empty());
  CHECK(little->submit == Submit::start);
}

TEST_CASE("what is wrong is refused by its path") {
  CHECK(refused("{").reason == "body_not_json");
  CHECK(refused("[]").reason == "field_type");
  CHECK(refused("{}").details.at("path") == "body.kind");
  CHECK(refused(R"({"kind": "skill.install"})").details.at("path") == "body.target_id");
  CHECK(refused(R"({"kind": 7})").details.at("path") == "body.kind");
  CHECK(refused(R"({"kind": "a.b", "params": []})").details.at("path") == "body.params");
  CHECK(refused(R"({"kind": "a.b", "validate_only": 1})").reason == "field_type");
  const auto choice = refused(R"({"kind": "a.b", "on_conflict": "steal"})");
  CHECK(choice.reason == "unknown_choice");
  CHECK(choice.hint == "it is one of join, queue, fail, replace");
  CHECK(refused(R"({"kind": "a.b", "priority": "high"})").reason == "unknown_choice");
}

TEST_CASE("a misspelt member is refused rather than ignored") {
  const auto nearest = [](const std::string& member) {
    const auto error = refused(R"({"kind": "a.b", ")" + member + R"(": "x"})");
    CHECK(error.reason == "unknown_member");
    return error.hint;
  };
  CHECK(nearest("target_i") == "did you mean target_id?");
  CHECK(nearest("targetId") == "did you mean target_id?");
  CHECK(nearest("on-conflict") == "did you mean on_conflict?");
  CHECK(nearest("onconflict") == "did you mean on_conflict?");
  CHECK(nearest("validateOnly") == "did you mean validate_only?");
  CHECK(nearest("parms") == "did you mean params?");
  CHECK(nearest("idempotency_key") == "send it as the header Idempotency-Key");
  CHECK(nearest("request_id") == "send it as the header Idempotency-Key");
}

TEST_CASE("a deadline is a time or a number of seconds, once, and in the future") {
  const auto deadline = [](const std::string& members) {
    return read(R"({"kind": "a.b", )" + members + "}").value().request.deadline_at.value() - now;
  };
  CHECK(deadline(R"("deadline_s": 600)") == std::chrono::seconds(600));
  for (const auto* same :
       {"2026-01-02T03:05:05Z", "2026-01-02t03:05:05.0z", "2026-01-02T06:05:05+03:00",
        "2026-01-01T21:35:05.000000-05:30", "2026-01-02T03:05:05.000Z"}) {
    CHECK_MESSAGE(
        deadline(R"("deadline": ")" + std::string(same) + "\"") == std::chrono::seconds(60), same);
  }
  for (const auto* members :
       {R"("deadline_s": 0)", R"("deadline_s": -1)", R"("deadline_s": 99999999999)",
        R"("deadline": "tomorrow")", R"("deadline": "2026-01-02T03:05:05")",
        R"("deadline": "2026-01-02T03:05:05.Z")", R"("deadline": "2026-01-02T03:05:05+3:00")",
        R"("deadline": "2026-13-02T03:05:05Z")", R"("deadline": "2020-01-02T03:05:05Z")",
        R"("deadline": "9999-01-02T03:05:05Z")",
        R"("deadline": "2026-01-02T03:05:05Z", "deadline_s": 1)"}) {
    CHECK_MESSAGE(
        refused(std::string(R"({"kind": "a.b", )") + members + "}").reason == "bad_deadline",
        members);
  }
  CHECK(refused(R"({"kind": "a.b", "deadline_s": 1.5})").reason == "field_type");
}

TEST_CASE("an Idempotency-Key has 1 to 255 visible characters and comes once") {
  const auto key = [](const Headers& headers) {
    auto request = with_body("{}");
    request.headers = headers;
    return read_idempotency_key(request);
  };
  CHECK(key({}).value().empty());
  CHECK(key({{"idempotency-key", "4b0e-!~"}}).value() == "4b0e-!~");
  CHECK(key({{"idempotency-key", std::string(255, 'k')}}).value().size() == 255);
  for (const auto& bad :
       {Headers{{"idempotency-key", ""}}, Headers{{"idempotency-key", std::string(256, 'k')}},
        Headers{{"idempotency-key", "two words"}}, Headers{{"idempotency-key", "\xD0\xBC"}},
        Headers{{"idempotency-key", "a"}, {"idempotency-key", "a"}}}) {
    const auto refusal = key(bad);
    REQUIRE_FALSE(refusal);
    CHECK(refusal.error().reason == "bad_idempotency_key");
  }
}

}  // namespace
}  // namespace hub::http
