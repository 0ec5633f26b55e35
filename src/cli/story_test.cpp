#include <doctest/doctest.h>

#include "cli/operation_view.hpp"
#include "cli/question.hpp"
#include "cli/test_states.hpp"

namespace hub::cli {
namespace {

using std::chrono::seconds;

std::string plain(const Lines& lines) { return text_of(lines, Colours::no); }

struct Teller {
  explicit Teller(Story::Detail detail, std::string prefix = {})
      : story(detail, Glyphs::unicode, std::move(prefix)) {}
  std::string tell(const OperationState& state, seconds later = seconds(0)) {
    ShortIds ids;
    ids.add(state.operation_id);
    return plain(story.tell(state, ids, test_now() + later));
  }
  Story story;
};

TEST_CASE("in a pipe a line tells each change, and nothing twice") {
  Teller teller(Story::Detail::everything);
  auto state = running_operation();
  state.status = OperationStatus::accepted;
  state.progress = std::nullopt;
  state.progress_detail.reset();
  state.steps[0].status = StepStatus::pending;
  CHECK(teller.tell(state) ==
        "install scenario Утренняя сводка (morning_brief)  "
        "op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9e8d\naccepted\n");
  CHECK(teller.tell(state).empty());
  state = running_operation();
  CHECK(teller.tell(state) ==
        "running\nfetch skill:notes_skill: begun\n"
        "42 %: fetch skill:notes_skill, 20 KiB of 40 KiB, 10 KiB/s, 2 s left\n");
  CHECK(teller.tell(state).empty());
  state.progress = 45;
  CHECK(teller.tell(state).empty());                // a small move
  CHECK(!teller.tell(state, seconds(15)).empty());  // is told after a while
  state.warnings = {{"the registry does not answer"}};
  CHECK(teller.tell(state, seconds(16)) == "warning: the registry does not answer\n");
  CHECK(teller.tell(succeeded_operation()) ==
        "fetch skill:notes_skill: done in 1.1 s\nverify skill:notes_skill: done in 1.1 s\n"
        "activate: done in 1.1 s\nsucceeded: installed Утренняя сводка 1.2.0 (3.4 s)\n");
  CHECK(teller.tell(succeeded_operation()).empty());
}

TEST_CASE("above a bar only landmarks are told") {
  Teller teller(Story::Detail::landmarks);
  CHECK(teller.tell(running_operation()) ==
        "install scenario Утренняя сводка (morning_brief)  3c2b1a\n");
  CHECK(teller.tell(succeeded_operation()) ==
        "  ✓ fetch skill:notes_skill  1.1 s\n  ✓ verify skill:notes_skill  1.1 s\n"
        "  ✓ activate  1.1 s\nsucceeded: installed Утренняя сводка 1.2.0 (3.4 s)\n");
}

TEST_CASE("a failure is told with its cause, what to do and what is left") {
  Teller teller(Story::Detail::everything, "3c2b1a");
  const auto text = teller.tell(failed_operation());
  CHECK(text ==
        "3c2b1a install skill notes_skill  op_0197f3a2-5b1c-7d4e-8a90-3c2b1affffff\n"
        "3c2b1a fetch skill:notes_skill: taken back\n"
        "3c2b1a verify skill:notes_skill: failed\n"
        "3c2b1a warning: notes_skill was published without a digest\n"
        "3c2b1a failed: cannot install notes_skill (2 min 5 s)\n"
        "3c2b1a   DIGEST_MISMATCH at verify skill:notes_skill, attempt 2: cannot verify "
        "notes_skill: its files are not those that were published\n"
        "3c2b1a   because: the file ended early (short_read)\n"
        "3c2b1a   what to do: install it again; when that fails too, tell its publisher\n"
        "3c2b1a   left on the hub: what was done was taken back\n"
        "3c2b1a   all about it: adaos-hub operations show 3c2b1a\n");
}

TEST_CASE("a question is told with how to answer it") {
  Teller teller(Story::Detail::landmarks);
  auto state = running_operation();
  teller.tell(state);
  state.status = OperationStatus::waiting_input;
  state.reason = OperationReason{
      "confirm",
      {{"question", "final_step_in_doubt"},
       {"params", {{"step", "publish"}, {"answers", {"run_again", "count_as_done"}}}}}};
  CHECK(teller.tell(state) ==
        "waiting_input: waits for an answer\n"
        "  the hub was ended during step publish, which is not to be done twice; whether it was "
        "done is not known: look, then decide\n"
        "  step: publish\n"
        "  adaos-hub operations confirm 3c2b1a run_again   it was not done: do it\n"
        "  adaos-hub operations confirm 3c2b1a count_as_done   it was done: go on\n");
  CHECK(check_answer(state, "run_again"));
  CHECK(check_answer(state, "yes").error().reason == "unknown_answer");
  state.reason = OperationReason{"confirm", {{"question", "which colour?"}}};
  CHECK(question_lines(*question_of(state), "3c2b1a") ==
        std::vector<std::string>{"which colour?", "adaos-hub operations confirm 3c2b1a ANSWER"});
  CHECK(check_answer(state, "green"));
}

TEST_CASE("nothing that an operation says can steer the terminal") {
  auto state = failed_operation();
  state.message = "bad \x1b]0;title\x07 message";
  state.error->message = "\x1b[2Jcleared";
  state.target_id = "evil\x1b[1m";
  Teller teller(Story::Detail::everything);
  const auto text = teller.tell(state);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
}

}  // namespace
}  // namespace hub::cli
