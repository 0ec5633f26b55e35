#include "cli/words.hpp"

#include <doctest/doctest.h>

#include "cli/test_states.hpp"

namespace hub::cli {
namespace {

using std::chrono::milliseconds;

TEST_CASE("durations and sizes are read at a glance") {
  CHECK(age_text(milliseconds(-5)) == "0 s");
  CHECK(age_text(milliseconds(59'999)) == "59 s");
  CHECK(age_text(milliseconds(3'600'000)) == "1 h");
  CHECK(age_text(milliseconds(86'400'000 * 3)) == "3 d");
  CHECK(duration_text(milliseconds(40)) == "0 s");
  CHECK(duration_text(milliseconds(1'240)) == "1.2 s");
  CHECK(duration_text(milliseconds(9'960)) == "10 s");
  CHECK(duration_text(milliseconds(125'000)) == "2 min 5 s");
  CHECK(duration_text(milliseconds(11'040'000)) == "3 h 4 min");
}

TEST_CASE("amounts say what is known, and no more") {
  CHECK(amount_text({20'480, 40'960, "bytes", {}, {}}) == "20 KiB of 40 KiB");
  CHECK(amount_text({20'480, {}, "bytes", {}, {}}) == "20 KiB");
  CHECK(amount_text({3, 10, "files", {}, {}}) == "3 of 10 files");
  CHECK(rate_text({3, 10, "files", 2, {}}) == "2 files/s");
  CHECK(rate_text({3, 10, "files", {}, {}}).empty());
  CHECK(left_text({3, 10, "files", 2, 61'300}) == "1 min 1 s left");
  CHECK(left_text({3, 10, "files", 2, {}}).empty());
}

TEST_CASE("a title is the kind turned round, and its target") {
  auto state = running_operation();
  CHECK(title_of(state) == "install scenario Утренняя сводка (morning_brief)");
  state.title_args = {};
  CHECK(title_of(state) == "install scenario morning_brief");
  state.undo_of = OperationId("op_x");
  CHECK(title_of(state) == "undo: install scenario morning_brief");
  state = OperationState{};
  state.kind = OperationKind("registry.refresh");
  state.target_kind = state.target_id = "registry";
  CHECK(title_of(state) == "refresh registry");
  state.kind = OperationKind("test");
  CHECK(title_of(state) == "test");
}

TEST_CASE("one that waits says why") {
  auto state = running_operation();
  state.status = OperationStatus::accepted;
  state.reason = OperationReason{"retry_backoff",
                                 {{"step", "fetch"},
                                  {"at", "2026-01-02T03:05:05.000Z"},
                                  {"message", "cannot fetch: no route"}}};
  CHECK(waiting_text(state, {}) ==
        "tries fetch again at 2026-01-02 03:05:05Z: cannot fetch: no route");
  state.reason = OperationReason{"retry_backoff", {}};
  CHECK(waiting_text(state, {}) == "tries again soon");
  state.reason = OperationReason{"made_up_tomorrow", {}};
  CHECK(waiting_text(state, {}) == "made_up_tomorrow");
  state.status = OperationStatus::failed;
  CHECK(waiting_text(state, {}).empty());
}

TEST_CASE("short ids are six characters, and more where they must be told apart") {
  ShortIds ids;
  const OperationId a("op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9e8d");
  const OperationId b("op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f0000");
  const OperationId c("op_0197f3a2-5b1c-7d4e-8a90-aaaaaa0f0000");
  ids.add(a);
  CHECK(ids.of(a) == "3c2b1a");
  ids.add(b);
  ids.add(c);
  CHECK(ids.of(a) == "3c2b1a0f9");
  CHECK(ids.of(b) == "3c2b1a0f0");
  CHECK(ids.of(c) == "aaaaaa");
  CHECK(ids.of(OperationId("op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9fff")) == "3c2b1a0f9f");
}

}  // namespace
}  // namespace hub::cli
