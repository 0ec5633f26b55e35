#include "cli/event_feed.hpp"

#include <doctest/doctest.h>

#include "cli/hub_client.hpp"
#include "cli/operation_ids.hpp"
#include "cli/test_states.hpp"

namespace hub::cli {
namespace {

TEST_CASE("events are read however their bytes are cut") {
  const std::string text =
      "retry: 2000\nid: 7\nevent: hello\ndata: {\"seq\":7}\n\n:\n\n"
      "id: 8\r\nevent: operation\r\ndata: {\"operation_id\":\"op_a\",\r\n"
      "data: \"revision\":1}\r\n\r\n"
      "id: 9\nevent: operation\ndata: {\"operation_id\":\"op_b\"}\n\n"
      "id: 10\nevent: operation\ndata: {\"operation_id\":\"op_c\"}\n";  // not whole yet
  for (std::size_t piece = 1; piece < 40; ++piece) {
    EventReader reader;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      reader.read(std::string_view(text).substr(at, piece));
    }
    CHECK(reader.take() == std::set{OperationId("op_a"), OperationId("op_b")});
    CHECK(reader.take().empty());
    CHECK(reader.last_id() == "9");
  }
}

TEST_CASE("a state lacks what its hub did not know, and keeps what we do not know") {
  auto raw = to_json(running_operation()).as_object();
  raw.erase("priority");
  raw.erase("can_undo");
  raw["from_the_future"] = 1;
  const auto seen = seen_of(raw);
  REQUIRE(seen);
  CHECK(seen->state.priority == Priority::normal);
  CHECK(seen->state.progress == 42);
  CHECK(seen->raw.as_object().contains("from_the_future"));
  raw["status"] = "sleeping";
  CHECK(!seen_of(raw));
  CHECK(!seen_of(Json("text")));
}

TEST_CASE("an operation is meant by the beginning of its id or of its random end") {
  const std::vector<OperationId> ids{OperationId("op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9e8d"),
                                     OperationId("op_0197f3a2-5b1c-7d4e-8a90-3c2fffffffff")};
  CHECK(matching_ids(ids, "3c2b") == std::vector{ids[0]});
  CHECK(matching_ids(ids, "3c2").size() == 2);
  CHECK(matching_ids(ids, "op_0197f3a2-5b1c-7d4e-8a90-3c2f") == std::vector{ids[1]});
  CHECK(matching_ids(ids, "0197").empty());  // the time says nothing: it needs its op_
  CHECK(is_whole_id(ids[0].text()));
  CHECK(!is_whole_id("op_0197f3a2"));
  CHECK(!is_whole_id("op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9e8/"));
}

}  // namespace
}  // namespace hub::cli
