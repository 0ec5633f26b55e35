#include <fstream>
#include <iterator>

#include <doctest/doctest.h>

#include "contracts/marketplace_row.hpp"
#include "contracts/operation_notification.hpp"
#include "contracts/operation_state.hpp"

namespace hub {
namespace {

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(HUB_FIXTURES) + "/" + name);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

TEST_CASE("OperationState survives a round trip byte for byte") {
  const std::string wire = fixture("operation_state.json");
  const auto state = from_json<OperationState>(boost::json::parse(wire), "operation");
  REQUIRE(state);
  CHECK(state->status == OperationStatus::running);
  CHECK(state->current_step == "fetch skill:notes_skill");
  CHECK_FALSE(state->finished_at);
  CHECK(boost::json::serialize(to_json(*state)) == wire);
}

TEST_CASE("OperationNotification survives a round trip byte for byte") {
  const std::string wire = fixture("operation_notification.json");
  const auto notification =
      from_json<OperationNotification>(boost::json::parse(wire), "notification");
  REQUIRE(notification);
  CHECK(boost::json::serialize(to_json(*notification)) == wire);
}

TEST_CASE("children and what a timer began are not told, unless a timer's fails") {
  OperationState ended;
  ended.status = OperationStatus::succeeded;
  CHECK(is_told(ended));
  ended.initiator.kind = "schedule";
  CHECK_FALSE(is_told(ended));
  ended.status = OperationStatus::failed;
  CHECK(is_told(ended));
  ended.parent_id = OperationId("op_1");
  CHECK_FALSE(is_told(ended));
}

TEST_CASE("a field of the wrong type is refused with its path") {
  auto wire = boost::json::parse(fixture("operation_state.json"));
  wire.as_object()["status"] = "melting";
  const auto state = from_json<OperationState>(wire, "operation");
  REQUIRE_FALSE(state);
  CHECK(state.error().code == ErrorCode::invalid);
  CHECK(state.error().message == "cannot read operation.status: want a known name");
}

TEST_CASE("a field from a newer hub is ignored") {
  auto wire = boost::json::parse(fixture("operation_state.json"));
  wire.as_object()["mood"] = "hopeful";
  CHECK(from_json<OperationState>(wire, "operation"));
}

TEST_CASE("a marketplace row is written as the golden file has it") {
  MarketplaceRow row;
  row.kind = ArtifactKind::scenario;
  row.id = row.name = "morning_brief";
  row.title = "Morning brief";
  row.title_i18n = {{"en", "Morning brief"}, {"ru", "Утренняя сводка"}};
  row.version = "1.0.0";
  row.updated_at = "2026-01-02T03:04:05+00:00";
  row.description = "Notes and timers of the day";
  row.tags = {"daily"};
  row.publisher = "adaos-examples";
  row.size = 4096;
  row.verified = true;
  row.requires_ = {{"notes_skill", "Notes", false, true}};
  row.install_action = {"infrastate.action", "marketplace_install", {"scenario", "morning_brief"}};
  row.install_disabled = true;
  row.disabled_reason = "operation_active";
  row.operation_id = OperationId("op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9e8d");
  row.operation_status = OperationStatus::running;
  row.operation_step = "fetch skill:notes_skill";
  row.progress = 42;
  CHECK(boost::json::serialize(to_wire(row)) == fixture("marketplace_row.json"));
}

}  // namespace
}  // namespace hub
