// Steps of no return.

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;
using std::chrono::seconds;

// "first" leaves a file and could take it back; "send" is final; "last" leaves a file again.
struct Post : Bench {
  Step send = step("send", nothing);
  std::function<Result<>(StepContext&)> last = nothing;

  ~Post() { close(); }

  void begin() {
    send.kind = StepClass::final;
    script().steps = [this](const Json&) {
      Step after = file_step("last", directory.path());
      after.run = [this, plain = after.run](StepContext& run) -> Result<> {
        HUB_CHECK(plain(run));
        return last(run);
      };
      return std::vector{file_step("first", directory.path()), send, after};
    };
    open();
  }
  std::string said(const OperationId& id, const char* what) {
    return std::string(state_of(id).reason->params.at(what).as_string());
  }
};

TEST_CASE("after a final step a cancel is too late, and the state says so") {
  Post post;
  Gate gate;
  post.last = [&](StepContext& run) -> Result<> {
    gate.pass(run);
    return {};
  };
  post.begin();
  const auto id = post.accept();
  gate.await_arrival();
  const auto state = post.state_of(id);
  CHECK(state.cancel_effect == CancelEffect::too_late);
  CHECK_FALSE(state.can_cancel);
  CHECK(post.manager->cancel(id).error().reason == "operation_not_cancellable");
  gate.open();
  const auto end = post.end_of(id);
  CHECK(end.status == succeeded);
  CHECK_FALSE(end.can_undo);
}

TEST_CASE("a failure after a final step leaves what came before it, and says so") {
  Post post;
  post.last = [](StepContext&) -> Result<> { return fail(ErrorCode::invalid, "cannot finish"); };
  post.begin();
  const auto end = post.run();
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::partial);
  CHECK(post.has("first"));
  CHECK_FALSE(post.has("last"));  // it came after and is undone
}

TEST_CASE("a deadline that passes after a final step changes nothing") {
  Post post;
  Gate gate;
  post.script().deadline = seconds(60);
  post.last = [&](StepContext& run) -> Result<> {
    return gate.pass(run) ? Result<>() : fail(ErrorCode::cancelled, "stopped");
  };
  post.begin();
  const auto id = post.accept();
  gate.await_arrival();
  post.clock.advance(seconds(61));
  gate.open();
  CHECK(post.end_of(id).status == succeeded);
}

TEST_CASE("a final step that was only about to begin when the hub died just runs") {
  Post post;
  std::atomic<int> sent{0};
  post.send.run = [&](StepContext&) -> Result<> {
    ++sent;
    return {};
  };
  post.begin();
  const auto id = post.accept();
  CHECK(post.end_of(id).status == succeeded);
  post.script().steps = [&](const Json&) { return std::vector{post.send}; };
  post.options.slots = 0;
  post.open();
  const auto other = post.accept(Bench::request({}, "south"));
  post.claim_and_die();
  post.options.slots = 4;
  post.open();
  CHECK(post.end_of(other).status == succeeded);
  CHECK(sent == 2);
}

// Comes back from the final step without knowing whether it was done.
struct InDoubt : Post {
  Gate gate;
  std::atomic<int> sent{0};
  std::atomic<bool> fails{true};
  OperationId id;

  ~InDoubt() { close(); }

  // The step says that it does not know whether it was done.
  void reach_doubt() {
    send.run = [this](StepContext&) -> Result<> {
      ++sent;
      if (!fails) return {};
      return fail(ErrorCode::unavailable, "cannot hear whether it arrived", "no_answer");
    };
    begin();
    id = accept();
    await_status(id, waiting_input);
    CHECK(said(id, "question") == "final_step_in_doubt");
    CHECK(state_of(id).reason->code == "confirm");
  }
};

TEST_CASE("a final step in doubt is never run again without a person") {
  InDoubt post;
  post.reach_doubt();
  CHECK(post.sent == 1);
  CHECK(post.manager->confirm(post.id, Json("maybe")).error().reason == "answer_unknown");
  post.open();
  CHECK(post.state_of(post.id).status == waiting_input);
  CHECK(post.sent == 1);
  post.fails = false;
  REQUIRE(post.manager->confirm(post.id, Json("run_again")));
  CHECK(post.end_of(post.id).status == succeeded);
  CHECK(post.sent == 2);
}

TEST_CASE("a person can count a final step in doubt as done") {
  InDoubt post;
  post.reach_doubt();
  REQUIRE(post.manager->confirm(post.id, boost::json::object{{"answer", "count_as_done"}}));
  CHECK(post.end_of(post.id).status == succeeded);
  CHECK(post.sent == 1);
  CHECK(post.has("last"));
}

TEST_CASE("a person can give up a final step in doubt: nothing before it is undone") {
  InDoubt post;
  post.reach_doubt();
  REQUIRE(post.manager->confirm(post.id, Json("give_up")));
  const auto end = post.end_of(post.id);
  CHECK(end.status == failed);
  CHECK(end.error->code == "STEP_IN_DOUBT");
  CHECK(end.effects == Effects::partial);
  CHECK(post.has("first"));
}

TEST_CASE("a deadline does not wait for the answer about a final step in doubt") {
  InDoubt post;
  post.script().deadline = seconds(60);
  post.reach_doubt();
  post.clock.advance(seconds(61));
  const auto end = post.end_of(post.id);
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::partial);
  CHECK(post.has("first"));
}

TEST_CASE("a final step that can look for itself asks nobody") {
  InDoubt post;
  std::atomic<bool> arrived{false};
  post.send.probe = [&](StepContext&) { return arrived ? Presence::present : Presence::absent; };
  post.send.retry = {.attempts_max = 3, .delay_first = std::chrono::milliseconds(10)};
  post.send.run = [&](StepContext&) -> Result<> {
    if (++post.sent == 2) arrived = true;
    return fail(ErrorCode::unavailable, "cannot hear whether it arrived", "no_answer");
  };
  post.begin();
  const auto id = post.accept();
  post.await_backoff(id);
  post.clock.advance(seconds(1));
  CHECK(post.end_of(id).status == succeeded);
  CHECK(post.sent == 2);
}

TEST_CASE("a final step that cannot be looked at yet is looked at again before a person is asked") {
  InDoubt post;
  std::atomic<int> looked{0};
  post.send.probe = [&](StepContext&) {
    return ++looked < 3 ? Presence::in_doubt : Presence::present;
  };
  post.send.run = [&](StepContext&) -> Result<> {
    ++post.sent;
    return fail(ErrorCode::unavailable, "cannot hear whether it arrived", "no_answer");
  };
  SUBCASE("it answers in time") {
    post.send.retry = {.attempts_max = 3, .delay_first = std::chrono::milliseconds(10)};
    post.begin();
    const auto id = post.accept();
    post.await_backoff(id);
    CHECK(looked == 1);
    CHECK(post.state_of(id).reason->params.at("code") == "STEP_IN_DOUBT");
    post.clock.advance(seconds(1));
    until("the second look", [&] {
      const auto reason = post.state_of(id).reason;
      return looked == 2 && reason && reason->params.at("attempt") == 3;
    });
    post.clock.advance(seconds(1));
    CHECK(post.end_of(id).status == succeeded);
  }
  SUBCASE("it does not") {
    post.send.retry = {.attempts_max = 2, .delay_first = std::chrono::milliseconds(10)};
    post.begin();
    const auto id = post.accept();
    post.await_backoff(id);
    post.clock.advance(seconds(1));
    post.await_status(id, waiting_input);
    CHECK(looked == 2);
  }
  CHECK(post.sent == 1);
}

TEST_CASE("a final step that says plainly that it failed is believed") {
  Post post;
  post.send.run = [](StepContext&) -> Result<> {
    return fail(ErrorCode::invalid, "cannot send: no address", "no_address");
  };
  post.begin();
  const auto end = post.run();
  CHECK(end.status == failed);
  CHECK(end.effects == Effects::reverted);
  CHECK_FALSE(post.has("first"));
}

TEST_CASE("a cancel in the middle of a final step waits for what became of it") {
  Post post;
  Gate gate;
  std::atomic<bool> arrived{false};
  post.send.probe = [&](StepContext&) { return arrived ? Presence::present : Presence::absent; };
  post.send.run = [&](StepContext& run) -> Result<> {
    gate.pass(run);
    return fail(ErrorCode::cancelled, "stopped");
  };
  SUBCASE("it was not done: all is taken back") {
    post.begin();
    const auto id = post.accept();
    gate.await_arrival();
    REQUIRE(post.manager->cancel(id));
    CHECK(post.end_of(id).status == cancelled);
    CHECK_FALSE(post.has("first"));
  }
  SUBCASE("it was done: it is too late, and the operation goes on to its end") {
    post.begin();
    const auto id = post.accept();
    gate.await_arrival();
    arrived = true;
    REQUIRE(post.manager->cancel(id));
    const auto end = post.end_of(id);
    CHECK(end.status == succeeded);
    CHECK(post.has("last"));
    CHECK(end.warnings->at(0).find("too late") != std::string::npos);
  }
  SUBCASE("nobody knows: it fails, and leaves all as it is") {
    post.send.probe = [](StepContext&) { return Presence::in_doubt; };
    post.begin();
    const auto id = post.accept();
    gate.await_arrival();
    REQUIRE(post.manager->cancel(id));
    const auto end = post.end_of(id);
    CHECK(end.status == failed);
    CHECK(end.error->code == "STEP_IN_DOUBT");
    CHECK(end.effects == Effects::partial);
    CHECK(post.has("first"));
  }
}

}  // namespace
}  // namespace hub::operations
