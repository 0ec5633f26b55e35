#include "cli/operation_view.hpp"

#include <doctest/doctest.h>

#include "cli/test_states.hpp"

namespace hub::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

View view_of(int columns) {
  View view;
  view.now = test_now();
  view.columns = columns;
  return view;
}

std::string plain(const Lines& lines) { return text_of(lines, Colours::no); }

ShortIds ids_of(const OperationState& state) {
  ShortIds ids;
  ids.add(state.operation_id);
  return ids;
}

TEST_CASE("the list is a table, newest first, cut to the screen") {
  const std::vector<OperationState> states{running_operation(), failed_operation()};
  CHECK(plain(operation_table(states, view_of(View::unlimited))) ==
        "ID       AGE   STATUS         WHAT\n"
        "3c2b1a0  54 s  running  42 %  install scenario Утренняя сводка (morning_brief): fetch "
        "skill:notes_skill\n"
        "3c2b1af  54 s  failed         install skill notes_skill: DIGEST_MISMATCH at verify "
        "skill:notes_skill\n");
  for (const int columns : {20, 40, 60}) {
    for (const auto& line : operation_table(states, view_of(columns))) {
      CHECK(line.width() <= columns);
    }
  }
  CHECK(plain(operation_table({}, view_of(80))) == "no operations\n");
}

TEST_CASE("children stand under their parent, oldest first") {
  auto parent = running_operation();
  parent.kind = OperationKind("workspace.update");
  parent.target_kind = parent.target_id = "workspace";
  parent.title_args = {};
  parent.current_step = std::nullopt;
  auto first = failed_operation();
  first.parent_id = parent.operation_id;
  first.error.reset();
  auto second = first;
  second.operation_id = OperationId("op_0197f3a2-5b1c-7d4e-8a90-aaaaaa0f9e8d");
  second.target_id = "timer_skill";
  const auto text =
      plain(operation_table(std::vector{second, first, parent}, view_of(View::unlimited)));
  CHECK(text ==
        "ID       AGE   STATUS         WHAT\n"
        "3c2b1a0  54 s  running  42 %  update workspace\n"
        "3c2b1af  54 s  failed           install skill notes_skill\n"
        "aaaaaa   54 s  failed           install skill timer_skill\n");
}

TEST_CASE("details of one that failed say what went wrong and what can be done") {
  const auto text = plain(operation_details(failed_operation(), {}, view_of(View::unlimited)));
  CHECK(text ==
        "install skill notes_skill\n"
        "  id          op_0197f3a2-5b1c-7d4e-8a90-3c2b1affffff\n"
        "  kind        skill.install\n"
        "  status      failed: cannot install notes_skill\n"
        "  accepted    2026-01-02 03:04:05Z, 54 s ago, by user (token), priority normal\n"
        "  started     2026-01-02 03:04:05Z, after 0.1 s\n"
        "  ended       2026-01-02 03:06:10Z, after 2 min 5 s\n"
        "  locks       scenario:morning_brief, skill:notes_skill\n"
        "  effects     what was done was taken back\n"
        "\n"
        "steps\n"
        "  ↶ fetch skill:notes_skill   undone\n"
        "  ✗ verify skill:notes_skill  failed\n"
        "  · activate                  pending\n"
        "\n"
        "error\n"
        "  DIGEST_MISMATCH at verify skill:notes_skill, attempt 2: cannot verify notes_skill: its "
        "files are not those that were published\n"
        "  because: the file ended early (short_read)\n"
        "  what to do: install it again; when that fails too, tell its publisher\n"
        "\n"
        "warnings\n"
        "  notes_skill was published without a digest\n"
        "\n"
        "what you can do\n"
        "  adaos-hub operations retry 3c2b1a\n");
}

TEST_CASE("details of a running one show its progress and what a cancel would do") {
  auto state = running_operation();
  state.log_tail = {{"2026-01-02T03:04:06.000Z fetch: 12 objects"}};
  state.stalled_since = test_now() - seconds(30);
  const auto text = plain(operation_details(state, {}, view_of(View::unlimited)));
  CHECK(text.find("  status      running, 42 %: fetching notes_skill\n") != std::string::npos);
  CHECK(text.find("  stalled     silent for 30 s\n") != std::string::npos);
  CHECK(text.find("  ▸ fetch skill:notes_skill   running, for 54 s: 20 KiB of 40 KiB, 10 KiB/s, "
                  "2 s left\n") != std::string::npos);
  CHECK(text.find("log, its end (all of it: adaos-hub operations log 3c2b1a)\n"
                  "  2026-01-02T03:04:06.000Z fetch: 12 objects\n") != std::string::npos);
  CHECK(text.find("  adaos-hub operations cancel 3c2b1a   what was done is taken back\n") !=
        std::string::npos);
  for (const int columns : {20, 40, 72}) {
    for (const auto& line : operation_details(state, {}, view_of(columns))) {
      CHECK(line.width() <= columns);
    }
  }
}

TEST_CASE("the live line drops what does not fit, the bar last but one") {
  const auto state = running_operation();
  const auto line_at = [&](int columns) {
    return plain({live_line(state, ids_of(state), view_of(columns))});
  };
  CHECK(
      line_at(110) ==
      " 42 % ━━━━━━━━━━━━╸─────────────────  fetch skill:notes_skill: 20 KiB of 40 KiB, 2 s left, "
      "10 KiB/s\n");
  CHECK(line_at(79) ==
        " 42 % ━━━━━━━━────────────  fetch skill:notes_skill: 20 KiB of 40 KiB, 2 s left\n");
  CHECK(line_at(50) == " 42 % ━━━━──────  fetch skill:notes_skill\n");
  CHECK(line_at(30) == " 42 % fetch skill:notes_skill\n");
  CHECK(line_at(20) == " 42 % fetch skill:n…\n");
}

TEST_CASE("an unknown progress is no percentage") {
  auto state = running_operation();
  state.progress = std::nullopt;
  state.progress_detail.reset();
  const auto text = plain({live_line(state, ids_of(state), view_of(50))});
  CHECK(text.starts_with("    - "));
  CHECK(text.find('%') == std::string::npos);
  // The block moves to the end and back, and never leaves the bar.
  View view = view_of(50);
  for (int frame = 0; frame < 60; ++frame) {
    view.now += milliseconds(100);
    CHECK(bar(std::nullopt, 10, view).width() == 10);
  }
}

TEST_CASE("a bar is full at a hundred and empty at nought") {
  auto view = view_of(80);
  CHECK(bar(0, 4, view).text(Colours::no) == "────");
  CHECK(bar(100, 4, view).text(Colours::no) == "━━━━");
  CHECK(bar(99, 4, view).text(Colours::no) == "━━━╸");
  view.glyphs = Glyphs::ascii;
  CHECK(bar(50, 4, view).text(Colours::no) == "##..");
}

TEST_CASE("several operations take a line each, as many as the screen has room for") {
  std::vector<OperationState> states(10, running_operation());
  auto view = view_of(79);
  view.rows = 6;
  const auto lines = live_lines(states, ids_of(states.front()), view);
  CHECK(lines.size() == 4);
  CHECK(lines.back().text(Colours::no) == "  and 7 more");
  CHECK(lines.front().text(Colours::no) ==
        "3c2b1a  42 % ━━━━────── install scenario Утренняя сводка (morning_brief)  fetc…");
}

TEST_CASE("one that waits says for what") {
  auto state = running_operation();
  state.status = OperationStatus::accepted;
  const auto line = [&] { return plain({live_line(state, ids_of(state), view_of(79))}); };
  state.reason = OperationReason{"lock", {}};
  state.blocked_by = std::vector{failed_operation().operation_id};
  CHECK(line() == "  waits for 3c2b1af\n");
  state.reason = OperationReason{"slot", {}};
  state.queue_position = 3;
  CHECK(line() == "  number 3 in line\n");
  state.status = OperationStatus::waiting_input;
  state.reason = OperationReason{"confirm", {}};
  CHECK(line() == "  waits for an answer: adaos-hub operations confirm 3c2b1a ANSWER\n");
}

}  // namespace
}  // namespace hub::cli
