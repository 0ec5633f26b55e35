"""/api/operations of a real hub, as its clients meet it: every route and every refusal."""

import concurrent.futures
import contextlib
import socket
import unittest

from harness import database
from operations_case import ApiCase, Stream


class Starting(ApiCase):
    def test_an_operation_starts_by_its_kind_and_tells_where_it_is(self):
        answer = self.start()
        self.assertEqual(answer.status, 202, answer.body)
        body = answer.json
        self.assertEqual(answer.headers["Location"], f"/api/operations/{body['operation_id']}")
        self.assertEqual((body["ok"], body["accepted"], body["how"]), (True, True, "created"))
        self.assertEqual(body["operation"]["kind"], "skill.install")
        state = self.hub.end_of(body["operation_id"])
        self.assertEqual(state["status"], "succeeded")
        listed = self.hub.get("/api/operations?kind=skill.install&target_id=plain_skill").json
        self.assertEqual(listed["order"], [body["operation_id"]])
        refresh = self.hub.post("/api/operations", {"kind": "registry.refresh"})
        self.assertEqual(self.hub.end_of(refresh.json["operation_id"])["status"], "succeeded")

    def test_what_cannot_be_meant_is_refused_by_its_path(self):
        unknown = self.assert_problem(self.start(kind="skill.instal"), 400, "unknown_kind")
        self.assertIn("skill.install", unknown["details"]["known"])
        missing = self.hub.post("/api/operations", {"target_id": "plain_skill"})
        self.assertEqual(self.assert_problem(missing, 400, "field_missing")["details"]["path"],
                         "body.kind")
        nameless = self.hub.post("/api/operations", {"kind": "skill.install"})
        self.assertEqual(self.assert_problem(nameless, 400, "field_missing")["details"]["path"],
                         "body.target_id")
        misspelt = self.assert_problem(self.start(validateOnly=True), 400, "unknown_member")
        self.assertEqual(misspelt["details"]["nearest"], "validate_only")
        self.assert_problem(self.start(params=[1]), 400, "field_type")
        self.assert_problem(self.start(on_conflict="steal"), 400, "unknown_choice")
        self.assert_problem(self.start(priority="high"), 400, "unknown_choice")
        self.assert_problem(self.start(deadline="soon"), 400, "bad_deadline")
        self.assert_problem(self.start(deadline_s=0), 400, "bad_deadline")
        self.assert_problem(self.start("no_such_skill"), 404, "unknown_skill")
        self.assert_problem(self.start("plain_skil"), 404, "unknown_skill")
        empty = self.hub.ask("POST", "/api/operations", headers={"Content-Length": "0"})
        self.assert_problem(empty, 400, "body_not_json")
        self.assertEqual(self.hub.get("/api/operations").json["order"], [])

    def test_validate_only_tells_the_plan_and_changes_nothing(self):
        holder = self.held()
        self.start()
        self.hub.end_of(self.hub.get("/api/operations?target_id=plain_skill").json["order"][0])
        with contextlib.closing(database(self.base)) as db:
            def rows():
                return [list(map(tuple, db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")))
                        for table in ("operations", "operation_events", "notifications",
                                      "installed_artifacts")]
            before = rows()
            files = sorted(p.relative_to(self.base) for p in self.base.rglob("workspace/**/*"))
            answer = self.start("other_skill", validate_only=True)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual((answer.json["ok"], answer.json["accepted"]), (True, False))
            self.assertNotIn("Location", answer.headers)
            plan = answer.json["plan"]
            self.assertEqual([step["name"] for step in plan["steps"]],
                             ["fetch", "verify", "prepare", "activate"])
            self.assertEqual((plan["conflicts"], plan["joins"]), ([], None))
            self.assertEqual(plan["resources"], ["skill:other_skill"])
            self.assertGreater(plan["space_free"], 0)
            self.assertTrue({"bytes", "space_needed", "reversible", "undo_window_s", "warnings",
                             "title_key", "title_args", "message"} <= plan.keys())
            joins = self.start("held_skill", validate_only=True).json["plan"]
            self.assertEqual(joins["joins"], holder)
            blocked = self.start("held_skill", on_conflict="queue", validate_only=True)
            self.assertEqual(blocked.json["plan"]["conflicts"][0]["operation_id"], holder)
            adaos = self.hub.post("/api/skills/install", {"name": "other_skill",
                                                          "validate_only": True})
            self.assertEqual(adaos.json["plan"]["resources"], ["skill:other_skill"])
            self.assert_problem(self.start("no_such_skill", validate_only=True), 404,
                                "unknown_skill")
            self.assertEqual(rows(), before)
            self.assertEqual(
                sorted(p.relative_to(self.base) for p in self.base.rglob("workspace/**/*")), files)

    def test_an_idempotency_key_is_one_request_for_ever(self):
        key = {"Idempotency-Key": "4b0e-1"}
        first = self.start(headers=key)
        self.assertEqual(first.json["how"], "created")
        operation_id = first.json["operation_id"]
        self.hub.end_of(operation_id)
        again = self.start(headers=key)
        self.assertEqual((again.status, again.json["how"], again.json["operation_id"]),
                         (202, "replayed", operation_id))
        self.assertEqual(again.json["operation"]["status"], "succeeded")
        self.assert_problem(self.start("other_skill", headers=key), 422, "idempotency_key_reused")
        self.hub.kill()
        self.hub = self.start_hub()
        after = self.start(headers=key)
        self.assertEqual((after.json["how"], after.json["operation_id"]),
                         ("replayed", operation_id))
        for bad in ("", "two words", "k" * 256):
            self.assert_problem(self.start(headers={"Idempotency-Key": bad}), 400,
                                "bad_idempotency_key")

    def test_requests_for_one_target_join_wait_are_refused_or_take_over(self):
        holder = self.held()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.start("held_skill"), range(8)))
        self.assertEqual({(a.json["how"], a.json["operation_id"]) for a in answers},
                         {("joined", holder)})
        refused = self.assert_problem(self.start("held_skill", on_conflict="fail"), 409,
                                      "target_busy")
        self.assertEqual(refused["details"]["blocked_by"], holder)
        self.assertEqual(refused["details"]["href"], f"/api/operations/{holder}")
        self.assertEqual(refused["details"]["status"], "running")
        adaos = self.hub.post("/api/skills/install", {"name": "held_skill", "on_conflict": "fail"})
        self.assert_problem(adaos, 409, "target_busy")
        queued = self.started("held_skill", on_conflict="queue", priority="background",
                              deadline_s=600)
        state = self.state_of(queued)
        self.assertEqual((state["status"], state["blocked_by"], state["priority"]),
                         ("accepted", [holder], "background"))
        self.assertEqual(state["reason"]["code"], "lock")
        self.assertIn("deadline_at", state)
        winner = self.started("held_skill", on_conflict="replace")
        self.assertEqual(self.hub.end_of(holder)["status"], "cancelled")
        self.assertEqual(self.hub.end_of(queued)["status"], "cancelled")
        self.wait_for(winner, "running", "prepare")
        self.index.go.set()
        self.assertEqual(self.hub.end_of(winner)["status"], "succeeded")


class Looking(ApiCase):
    def test_a_list_is_filtered_and_paged(self):
        done = [self.started(name) for name in ("plain_skill", "other_skill")]
        for operation_id in done:
            self.hub.end_of(operation_id)
        live = self.held()
        def order(query=""):
            return self.hub.get(f"/api/operations?{query}").json["order"]
        self.assertEqual(order(), [*done, live])
        self.assertEqual(order("status=active"), [live])
        self.assertEqual(order("status=succeeded"), done)
        self.assertEqual(order("target_kind=skill&target_id=other_skill"), [done[1]])
        self.assertEqual(order("kind=skill.uninstall"), [])
        self.assertEqual(order("webspace_id=default"), [*done, live])
        self.assertEqual(order(f"parent_id={live}"), [])
        page = self.hub.get("/api/operations?limit=2").json
        self.assertEqual(page["order"], [done[1], live])
        self.assertEqual((page["active"], page["active_items"][0]["operation_id"]), ([live], live))
        self.assertEqual(set(page["by_id"]), {done[1], live})
        rest = self.hub.get(f"/api/operations?limit=2&after={page['next']}").json
        self.assertEqual((rest["order"], rest["next"]), ([done[0]], None))
        self.assertEqual(len(rest["notifications"]), 2)
        self.assertTrue(rest["persistence"]["healthy"])
        self.assert_problem(self.hub.get("/api/operations?status=done"), 400, "bad_status")
        for limit in ("0", "1001", "x"):
            self.assert_problem(self.hub.get(f"/api/operations?limit={limit}"), 400, "bad_limit")

    def test_an_etag_spares_the_body_until_something_changes(self):
        operation_id = self.held()
        path = f"/api/operations/{operation_id}"
        answer = self.hub.get(path)
        etag = answer.headers["ETag"]
        self.assertTrue(etag.startswith(f'"{answer.json["revision"]}-'))
        self.index.go.set()
        self.hub.end_of(operation_id)
        self.assertEqual(self.hub.get(path, headers={"If-None-Match": etag}).status, 200)
        etag = self.hub.get(path).headers["ETag"]
        same = self.hub.get(path, headers={"If-None-Match": f'"0-0", {etag}'})
        self.assertEqual((same.status, same.body), (304, b""))
        self.assertLessEqual(len(self.hub.get(path).json["log_tail"]), 20)

    def test_a_long_poll_ends_with_the_operation_its_next_revision_or_its_time(self):
        operation_id = self.held()
        path = f"/api/operations/{operation_id}"
        revision = self.state_of(operation_id)["revision"]
        same = self.hub.get(f"{path}?wait=50ms&after_revision={revision}").json
        self.assertEqual((same["status"], same["revision"]), ("running", revision))
        older = self.hub.get(f"{path}?wait=60s&after_revision={revision - 1}").json
        self.assertEqual(older["revision"], revision)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self.hub.get, f"{path}?wait=60s")
            self.index.go.set()
            self.assertEqual(waiting.result().json["status"], "succeeded")
        self.assert_problem(self.hub.get(f"{path}?wait=soon"), 400, "bad_duration")
        self.assert_problem(self.hub.get(f"{path}?wait=1s&after_revision=x"), 400, "bad_revision")

    def test_an_unknown_operation_is_told_apart_from_a_misspelt_one(self):
        operation_id = self.started()
        self.hub.end_of(operation_id)
        for suffix in ("", "/log", "/log?follow=1", "?wait=1s"):
            self.assert_problem(self.hub.get(f"/api/operations/op_none{suffix}"), 404,
                                "operation_not_found")
        for verb in ("cancel", "retry", "undo", "confirm"):
            self.assert_problem(self.hub.post(f"/api/operations/op_none/{verb}", {"answer": 1}),
                                404, "operation_not_found")
        near = self.assert_problem(self.hub.get(f"/api/operations/{operation_id[:-2]}"), 404,
                                   "operation_not_found")
        self.assertEqual(near["details"]["nearest"], operation_id)
        self.assertIn(operation_id, near["hint"])

    def test_a_log_is_read_on_from_where_one_was_and_followed_to_its_end(self):
        operation_id = self.held()
        path = f"/api/operations/{operation_id}/log"
        with Stream(self.hub, f"{path}?follow=1") as stream:
            self.assertEqual(stream.answer.headers["Content-Type"], "text/plain; charset=utf-8")
            lines = stream.lines()
            followed = next(lines)
            while "verify:" not in followed.splitlines()[-1]:
                followed += next(lines)
            now = self.hub.get(path)
            self.assertTrue(now.body.decode().startswith(followed))
            self.index.go.set()
            followed += "".join(lines)
        whole = self.hub.get(path)
        self.assertEqual(followed, whole.body.decode())
        self.assertIn("activate:", followed)
        self.assertEqual(int(whole.headers["X-Next-Offset"]), len(whole.body))
        rest = self.hub.get(f"{path}?offset={now.headers['X-Next-Offset']}")
        self.assertEqual(now.body + rest.body, whole.body)
        with Stream(self.hub, f"{path}?follow=true&offset=0") as ended:
            self.assertEqual("".join(ended.lines()), followed)
        self.assert_problem(self.hub.get(f"{path}?offset=-1"), 400, "bad_offset")

    def test_a_followed_log_speaks_http_1_0_too(self):
        operation_id = self.started()
        self.hub.end_of(operation_id)
        with socket.create_connection(("127.0.0.1", self.hub.port), timeout=30) as plain:
            plain.sendall(f"GET /api/operations/{operation_id}/log?follow=1 HTTP/1.0\r\n"
                          f"Host: localhost\r\nX-AdaOS-Token: {self.hub.token}\r\n\r\n".encode())
            answer = b""
            while part := plain.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertNotIn(b"chunked", head)
        self.assertEqual(body, self.hub.get(f"/api/operations/{operation_id}/log").body)


class Steering(ApiCase):
    def test_a_cancelled_operation_is_retried_and_its_success_undone(self):
        first = self.held()
        cancelled = self.hub.post(f"/api/operations/{first}/cancel")
        self.assertEqual(cancelled.status, 202)
        self.assertIn(cancelled.json["status"], ("cancelling", "cancelled"))
        self.assertEqual(self.hub.end_of(first)["status"], "cancelled")
        self.assertEqual(self.hub.post(f"/api/operations/{first}/cancel").status, 202)
        self.index.go.set()
        retried = self.hub.post(f"/api/operations/{first}/retry")
        self.assertEqual(retried.status, 202, retried.body)
        second = retried.json["operation_id"]
        self.assertEqual(retried.headers["Location"], f"/api/operations/{second}")
        self.assertEqual(retried.json["operation"]["retry_of"], first)
        self.assertEqual(retried.json["operation"]["attempt"], 2)
        state = self.hub.end_of(second)
        self.assertEqual((state["status"], state["can_undo"]), ("succeeded", True))
        successor = self.assert_problem(self.hub.post(f"/api/operations/{first}/retry"), 409,
                                        "operation_not_retryable")
        self.assertEqual(successor["details"]["successor"], second)
        for verb, code in (("cancel", "operation_not_active"),
                           ("retry", "operation_not_retryable")):
            self.assertTrue(self.assert_problem(
                self.hub.post(f"/api/operations/{second}/{verb}"), 409, code)["hint"])
        undone = self.hub.post(f"/api/operations/{second}/undo")
        self.assertEqual(undone.status, 202, undone.body)
        self.assertEqual(undone.json["operation"]["undo_of"], second)
        self.assertEqual(self.hub.end_of(undone.json["operation_id"])["status"], "succeeded")
        self.assertFalse((self.base / "workspace/skills/held_skill").exists())
        self.assert_problem(self.hub.post(f"/api/operations/{second}/undo"), 409,
                            "operation_not_undoable")
        self.assert_problem(self.hub.post(f"/api/operations/{first}/undo"), 409,
                            "operation_not_undoable")

    def test_a_failed_operation_says_why_and_can_be_retried(self):
        failed = self.started("broken_skill")
        state = self.hub.end_of(failed)
        self.assertEqual((state["status"], state["can_retry"]), ("failed", True))
        self.assertEqual(state["error"]["step"], "prepare")
        again = self.hub.post(f"/api/operations/{failed}/retry").json["operation_id"]
        self.assertEqual(self.hub.end_of(again)["retry_of"], failed)

    def test_only_a_question_takes_an_answer(self):
        operation_id = self.held()
        path = f"/api/operations/{operation_id}/confirm"
        self.assert_problem(self.hub.post(path, {"answer": "yes"}), 409, "operation_not_waiting")
        self.assert_problem(self.hub.post(path, {}), 400, "field_missing")
        self.assert_problem(self.hub.post(path, ["yes"]), 400, "field_missing")

    def test_if_match_steers_only_what_was_seen(self):
        operation_id = self.held()
        path = f"/api/operations/{operation_id}"
        etag = self.hub.get(path).headers["ETag"]
        stale = self.hub.post(f"{path}/cancel", headers={"If-Match": '"1-0"'})
        problem = self.assert_problem(stale, 412, "revision_changed")
        self.assertEqual(problem["details"]["revision"], self.state_of(operation_id)["revision"])
        self.assertEqual(self.hub.post(f"{path}/cancel", headers={"If-Match": etag}).status, 202)
        self.assertEqual(self.hub.end_of(operation_id)["status"], "cancelled")

    def test_every_route_needs_the_token(self):
        for method, path in (("GET", ""), ("POST", ""), ("GET", "/events"), ("GET", "/op_1"),
                             ("GET", "/op_1/log"), ("POST", "/op_1/cancel"),
                             ("POST", "/op_1/retry"), ("POST", "/op_1/undo"),
                             ("POST", "/op_1/confirm")):
            answer = self.hub.ask(method, f"/api/operations{path}", token=False)
            self.assertEqual(answer.status, 401, path)
        self.assertEqual(self.hub.get("/metrics", token=False).status, 401)


if __name__ == "__main__":
    unittest.main()
