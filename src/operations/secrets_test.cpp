// Secrets of requests are kept apart, given back to the recipe, and seen nowhere.

#include "operations/secrets.hpp"

#include <sys/stat.h>

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;

constexpr const char* secret = "hunter2-and-more";

TEST_CASE("keys that tell are known in every spelling, and others are not") {
  for (const char* key : {"token", "TOKEN", "access_token", "registryPassword", "client-secret",
                          "api_key", "apiKey", "API-Key", "Authorization", "private_key"}) {
    CAPTURE(key);
    CHECK(Secrets::looks_secret(key));
  }
  for (const char* key :
       {"max_tokens", "tokenizer", "name", "key", "monkey", "passport", "secretary"}) {
    CAPTURE(key);
    CHECK_FALSE(Secrets::looks_secret(key));
  }
}

TEST_CASE("what is concealed at any depth is revealed again, whole") {
  const boost::json::object params{
      {"name", "x"},
      {"password", "abc"},
      {"remotes", {{{"url", "u"}, {"token", "def"}}, {{"url", "v"}, {"token", nullptr}}}},
      {"api_key", {{"id", 7}, {"value", "ghi"}}}};
  Secrets secrets;
  const auto concealed = secrets.conceal_params(params);
  CHECK(boost::json::serialize(concealed).find("abc") == std::string::npos);
  CHECK(boost::json::serialize(concealed).find("ghi") == std::string::npos);
  CHECK(concealed.at("password").at("$secret") == "password");
  CHECK(concealed.at("remotes").at(0).at("token").at("$secret") == "remotes.0.token");
  CHECK(secrets.reveal(concealed).value() == Json(params));
  CHECK(Secrets::from_object(secrets.to_object()).reveal(concealed).value() == Json(params));
  CHECK(Secrets().reveal(concealed).error().reason == "secrets_missing");
}

TEST_CASE("a text in the intent that holds a secret is kept apart as a whole") {
  Secrets secrets;
  static_cast<void>(secrets.conceal_params({{"token", "abc"}}));
  const Json intent = boost::json::object{{"url", "https://me:abc@host/"}, {"other", "host"}};
  const auto concealed = secrets.conceal_intent(intent);
  CHECK(concealed.at("other") == "host");
  CHECK(boost::json::serialize(concealed).find("abc") == std::string::npos);
  CHECK(secrets.reveal(concealed).value() == intent);
}

TEST_CASE("an address with a password or a signature is a secret under any key") {
  const boost::json::object params{
      {"files",
       {{{"urls",
          {"https://me:hunter2@host/a", "https://host/a?X-Amz-Signature=0123abc&v=1",
           "https://host/a?v=1", "see me: a@b://c d"}}}}}};
  Secrets secrets;
  const auto concealed = secrets.conceal_params(params);
  const auto& urls = concealed.at("files").at(0).at("urls");
  CHECK(urls.at(0).is_object());
  CHECK(urls.at(1).is_object());
  CHECK(urls.at(2) == "https://host/a?v=1");
  CHECK(urls.at(3).is_string());
  CHECK(secrets.reveal(concealed).value() == Json(params));
  for (auto known : {secrets, Secrets::from_object(secrets.to_object())}) {
    std::string text = "cannot log in with hunter2, 0123abc, https://me:hunter2@host/a";
    known.blot(text);
    CHECK(text == "cannot log in with ***, ***, ***");
  }
}

// The step gets the secret, and spills it wherever it can.
struct Spy : Bench {
  std::atomic<bool> fails{true};
  std::atomic<int> seen{0};
  Gate gate;

  Spy() {
    script().undo_window = std::chrono::hours(1);
    script().resolve = [](const OperationRequest& asked) {
      Plan plan;
      plan.intent = boost::json::object{
          {"token", asked.params.at("token")},
          {"url", "https://" + std::string(asked.params.at("token").as_string()) + "@host"}};
      plan.message = "waiting with " + std::string(asked.params.at("token").as_string());
      plan.title_args = {{"url", plan.intent.at("url")}};
      return Result<Plan>(std::move(plan));
    };
    script().steps = [this](const Json& intent) {
      return std::vector{step("spill", [this, intent](StepContext& run) -> Result<> {
        const std::string token(intent.at("token").as_string());
        if (token == secret && intent.at("url") == Json("https://" + token + "@host")) ++seen;
        gate.pass(run);
        run.log("using " + token);
        run.progress({1, 2, "bytes"}, "sending " + token);
        run.warn("sent " + token);
        run.result("sent", Json(token));
        if (!fails) return {};
        return fail(ErrorCode::invalid, "cannot use " + token, "refused", "change " + token,
                    {{"token", token}, {"causes", {{{"code", "X"}, {"message", token}}}}});
      })};
    };
    open();
  }
  ~Spy() { close(); }
  OperationRequest with_secret() {
    auto wanted = request({{"token", secret}, {"colour", "red"}});
    return wanted;
  }
  fs::path file_of(const OperationId& id) const {
    return directory.path() / "secrets" / (id.text() + ".json");
  }
  // Anywhere below the base directory but in its own file.
  std::vector<std::string> leaks() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory.path())) {
      if (!entry.is_regular_file()) continue;
      if (entry.path().parent_path().filename() == "secrets") continue;
      if (read_file(entry.path()).value().find(secret) != std::string::npos) {
        found.push_back(entry.path().filename().string());
      }
    }
    return found;
  }
};

TEST_CASE("a secret reaches the recipe and nobody else, and goes at the end") {
  Spy spy;
  const auto id = spy.accept(spy.with_secret());
  spy.gate.await_arrival();
  struct stat info{};
  REQUIRE(::stat(spy.file_of(id).c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  const auto record = spy.store->find_record(id);
  CHECK(record->request.at("params").at("token").at("$secret") == "token");
  CHECK(record->request.at("params").at("colour") == "red");
  CHECK(spy.leaks().empty());
  spy.open();  // a restart in the middle
  spy.gate.await_arrivals(2);
  spy.gate.open();
  const auto end = spy.end_of(id);
  CHECK(spy.seen == 2);
  CHECK(end.status == failed);
  CHECK(end.message == "cannot use ***");
  CHECK(end.error->details.at("token") == "***");
  CHECK(end.error->hint == "change ***");
  CHECK(end.error->causes->at(0).message == "***");
  CHECK(boost::json::serialize(to_json(end)).find(secret) == std::string::npos);
  CHECK(spy.log_of(id).find("using ***") != std::string::npos);
  until("the secret's end", [&] { return !fs::exists(spy.file_of(id)); });
  CHECK(spy.leaks().empty());
  CHECK_FALSE(end.can_retry);
  const auto retry = spy.manager->retry(id, {"user", "x"});
  CHECK(retry.error().details.at("why") == "secrets");
  CHECK(retry.error().hint.find("send the request again") != std::string::npos);
}

TEST_CASE("what an undo would need a secret for cannot be undone") {
  Spy spy;
  spy.fails = false;
  spy.gate.open();
  const auto end = spy.run(spy.with_secret());
  CHECK(end.status == succeeded);
  CHECK_FALSE(end.can_undo);
  CHECK(end.result->at("sent") == "***");
}

TEST_CASE("two requests with one secret are the same, with two they are not") {
  Spy spy;
  const auto first = spy.accept(spy.with_secret());
  const auto again = spy.manager->accept(spy.with_secret()).value();
  CHECK(again.how == store::Acceptance::joined);
  CHECK(again.state.operation_id == first);
  auto other = spy.with_secret();
  other.params["token"] = "something else";
  const auto second = spy.manager->accept(other).value();
  CHECK(second.how == store::Acceptance::created);
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(spy.directory.path() / "secrets")) {
    kept += entry.path().extension() == ".json" ? 1U : 0U;
  }
  CHECK(kept == 2);  // nothing of the one that was joined
  spy.gate.open();
  spy.end_of(first);
}

TEST_CASE("secrets of operations that are over are removed at start, whatever happened") {
  Spy spy;
  spy.close();
  REQUIRE(make_directories(spy.directory.path() / "secrets"));
  REQUIRE(write_file_atomic(spy.directory.path() / "secrets" / "op_left.json", R"({"token":"x"})"));
  spy.open();
  CHECK_FALSE(fs::exists(spy.directory.path() / "secrets" / "op_left.json"));
}

TEST_CASE("an operation that is cancelled before it begins keeps no secret") {
  Spy spy;
  spy.options.slots = 0;
  spy.open();
  const auto id = spy.accept(spy.with_secret());
  CHECK(fs::exists(spy.file_of(id)));
  REQUIRE(spy.manager->cancel(id));
  until("the secret's end", [&] { return !fs::exists(spy.file_of(id)); });
  CHECK_FALSE(spy.manager->find(id)->can_retry);
  CHECK_FALSE(spy.manager->retry(id, {"user", "somebody"}));
}

TEST_CASE("a client cannot refer to a secret") {
  Spy spy;
  auto wanted = spy.with_secret();
  wanted.params["other"] = boost::json::object{{"$secret", "token"}};
  CHECK(spy.manager->accept(wanted).error().reason == "reserved_parameter");
}

}  // namespace
}  // namespace hub::operations
