#include "cli/plan_view.hpp"

#include <doctest/doctest.h>

namespace hub::cli {
namespace {

TEST_CASE("a plan says what it would do, what it needs and what is in the way") {
  OperationRequest request;
  request.kind = OperationKind("skill.install");
  request.target_kind = "skill";
  request.target_id = "notes_skill";
  const auto answer = boost::json::parse(R"({"ok": true, "accepted": false, "plan": {
      "steps": [{"name": "fetch", "weight": 5}, {"name": "activate", "weight": 1}],
      "bytes": 40960, "space_needed": 81920, "space_free": 1024, "reversible": true,
      "undo_window_s": 86400, "resources": ["skill:notes_skill"], "joins": null,
      "conflicts": [{"operation_id": "op_0197f3a2-5b1c-7d4e-8a90-3c2b1a0f9e8d",
                     "kind": "skill.uninstall", "target_kind": "skill",
                     "target_id": "notes_skill", "status": "running", "message": "…",
                     "can_cancel": true, "href": "/api/operations/op_x"}],
      "warnings": ["the registry does not answer"], "title_args": {"title": "Заметки",
      "brings": [{"target": "skill:ink", "version": "1.0.0", "bytes": 2048, "optional": false},
                 {"target": "skill:blot", "version": "0.1.0", "bytes": null,
                  "optional": true}]}}})");
  const auto text = text_of(plan_lines(request, answer, View{}), Colours::no);
  CHECK(text ==
        "install skill Заметки (notes_skill): what it would do\n"
        "  steps         1. fetch\n"
        "                2. activate\n"
        "  brings        skill:ink 1.0.0, 2 KiB\n"
        "                skill:blot 0.1.0, optional\n"
        "  locks         skill:notes_skill\n"
        "  to fetch      40 KiB\n"
        "  space         80 KiB, 1 KiB are free: not enough\n"
        "  can be undone a failure or a cancel takes it back; after success it can be undone for 1 "
        "d\n"
        "  waits for     3c2b1a, uninstall skill notes_skill\n"
        "  warning       the registry does not answer\n"
        "Nothing was started.\n");
}

TEST_CASE("a plan of a hub that says less is shown all the same") {
  OperationRequest request;
  request.kind = OperationKind("registry.refresh");
  for (const char* answer : {"{}", "[]", R"({"plan": {"steps": 1, "joins": 2}})"}) {
    CHECK(text_of(plan_lines(request, boost::json::parse(answer), View{}), Colours::no) ==
          "refresh registry: what it would do\nNothing was started.\n");
  }
}

}  // namespace
}  // namespace hub::cli
