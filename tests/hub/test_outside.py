"""The hub from the outside: commands, refusals, and what an operator or author does to it."""

import concurrent.futures
import json
import os
import pathlib
import socket
import sqlite3
import stat
import subprocess
import unittest

from harness import (SAMPLES, Hub, assert_whole, run_cli, same_files, temporary_folder, wait_until,
                     write_skill)


class FirstStart(unittest.TestCase):
    """A hub without --registry, as a newcomer starts it."""

    @classmethod
    def setUpClass(cls):
        cls.base = cls.enterClassContext(temporary_folder()) / "base"
        cls.hub = cls.enterClassContext(Hub(cls.base))
        cls.hub.wait_catalog(10)

    def test_it_publishes_the_samples_into_its_own_registry(self):
        rows = self.hub.get("/api/marketplace?installed=1").json["rows"]
        published = {row["name"] for row in rows}
        expected = {p.name for kind in ("skills", "scenarios") for p in (SAMPLES / kind).iterdir()}
        self.assertEqual(published, expected)
        self.assertTrue(all(row["verified"] for row in rows))
        log = subprocess.run(["git", "-C", str(self.base / "registry"), "log", "--format=%s"],
                             capture_output=True, text=True, check=True).stdout.splitlines()
        self.assertEqual(len(log), len(expected) + 1, "one commit each, and the first")

    def test_its_token_is_random_and_private(self):
        token_file = self.base / "state" / "token"
        self.assertEqual(stat.S_IMODE(token_file.stat().st_mode), 0o600)
        self.assertGreaterEqual(len(token_file.read_text().strip()), 64)

    def test_every_route_but_health_needs_the_token(self):
        for path in ("/api/operations", "/api/marketplace", "/api/skills/list", "/api/hub"):
            self.assertEqual(self.hub.get(path, token=False).status, 401, path)
        wrong = self.hub.get("/api/hub", token=False, headers={"Authorization": "Bearer nonsense"})
        self.assertEqual(wrong.status, 401)
        self.assertEqual(wrong.json["detail"], "Invalid or missing X-AdaOS-Token")
        for path in ("/health/live", "/health/ready", "/api/ping"):
            self.assertEqual(self.hub.get(path, token=False).status, 200, path)
        adaos = self.hub.get("/api/hub", token=False, headers={"X-AdaOS-Token": self.hub.token})
        self.assertEqual(adaos.status, 200)

    def test_another_host_or_origin_is_refused(self):
        self.assertEqual(self.hub.get("/api/ping", headers={"Host": "evil.example"}).status, 421)
        refused = self.hub.post("/api/skills/install", {"name": "timer_skill"},
                                headers={"Origin": "http://evil.example"})
        self.assertEqual(refused.status, 403)
        answer = self.hub.get("/api/hub", headers={"Origin": "http://evil.example"})
        self.assertIsNone(answer.headers.get("Access-Control-Allow-Origin"))

    def test_a_skill_with_a_pip_dependency_installs_offline(self):
        answer = self.hub.post("/api/skills/install", {"name": "table_skill"})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.json["skill"]["name"], "table_skill")
        vendor = self.base / "workspace/skills/.runtime/table_skill/v1.1/vendor"
        self.assertTrue((vendor / "adaos_sample_tables").is_dir())
        self.assertEqual(self.hub.post("/api/skills/uninstall", {"name": "table_skill"}).json["ok"],
                         True)
        self.assertFalse(vendor.exists())

    def test_an_unknown_skill_is_refused_with_the_nearest_names(self):
        answer = self.hub.post("/api/skills/install", {"name": "note_skil"})
        self.assertEqual(answer.status, 404)
        self.assertIn("notes_skill", answer.json["details"]["suggestions"])
        self.assertIn("notes_skill", answer.json["hint"])
        self.assertEqual(self.hub.get("/api/operations?target_id=note_skil").json["order"], [])

    def test_installed_ones_leave_the_marketplace_and_come_back(self):
        def names():
            return {row["name"] for row in self.hub.get("/api/marketplace?kind=skill").json["rows"]}
        self.assertIn("password_skill", names())
        self.assertEqual(self.hub.post("/api/skills/install", {"name": "password_skill"}).status,
                         200)
        self.assertNotIn("password_skill", names())
        self.hub.post("/api/skills/uninstall", {"name": "password_skill"})
        self.assertIn("password_skill", names())

    def test_the_action_answers_202_and_the_operation_can_be_awaited(self):
        answer = self.hub.post(
            "/api/node/infrastate/action",
            {"id": "marketplace_install", "webspace_id": "default",
             "value": {"target_kind": "scenario", "target_id": "writing_desk"}})
        self.assertEqual(answer.status, 202, answer.body)
        self.assertTrue(answer.json["ok"] and answer.json["accepted"])
        self.assertEqual(answer.json["result"]["operation"]["webspace_id"], "desktop")
        state = self.hub.end_of(answer.json["operation_id"])
        self.assertEqual(state["status"], "succeeded")
        skills = [item["name"] for item in self.hub.get("/api/skills/list").json["items"]]
        self.assertIn("text_stats_skill", skills)
        refused = self.hub.post("/api/skills/uninstall", {"name": "text_stats_skill"})
        self.assertEqual(refused.status, 409)
        self.assertEqual(refused.json["details"]["scenarios"], ["writing_desk"])

    def test_refused_actions_speak_adaos_too(self):
        answer = self.hub.post("/api/node/infrastate/action", {"id": "marketplace_install"})
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.json["error"], "marketplace_install_requires_target")
        self.assertFalse(answer.json["accepted"])
        answer = self.hub.post("/api/node/infrastate/action", {"id": "fly"})
        self.assertEqual(answer.json["detail"], "unsupported infrastate action: fly")
        self.assertEqual(self.hub.post("/api/skills/install", ["x"]).status, 400)
        broken = self.hub.ask("POST", "/api/skills/install", headers={"Content-Length": "0"})
        self.assertEqual(broken.status, 400)

    def test_two_requests_at_once_for_one_target_are_one_operation(self):
        body = {"name": "unit_converter_skill", "async_operation": True}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.hub.post("/api/skills/install", body), range(8)))
        self.assertEqual({answer.status for answer in answers}, {202})
        ids = {answer.json["operation_id"] for answer in answers}
        state = self.hub.end_of(ids.pop())
        self.assertEqual(state["status"], "succeeded")
        # A request that came after the end is an operation of its own, which finds nothing to do.
        for operation_id in ids:
            self.assertEqual(self.hub.end_of(operation_id)["status"], "succeeded")
        operations = self.hub.get("/api/operations?target_id=unit_converter_skill").json["order"]
        self.assertEqual(len(operations), len(ids) + 1)

    def test_a_used_idempotency_key_answers_with_the_same_operation(self):
        headers = {"Idempotency-Key": "key-1"}
        body = {"name": "slovar_skill", "async_operation": True}
        first = self.hub.post("/api/skills/install", body, headers=headers).json["operation_id"]
        self.hub.end_of(first)
        again = self.hub.post("/api/skills/install", body, headers=headers).json["operation_id"]
        self.assertEqual(again, first)
        other = self.hub.post("/api/skills/install", {**body, "name": "timer_skill"},
                              headers=headers)
        self.assertEqual(other.json["code"], "idempotency_key_reused")

    def test_the_request_id_of_an_action_is_its_idempotency_key(self):
        action = {"id": "refresh", "request_id": "click-1"}
        first = self.hub.post("/api/node/infrastate/action", action).json["operation_id"]
        self.assertEqual(self.hub.end_of(first)["result"]["entries"], 10)
        again = self.hub.post("/api/node/infrastate/action", action).json["operation_id"]
        self.assertEqual(again, first)

    def test_the_session_cookie_opens_the_page_and_needs_the_intent_header(self):
        self.assertEqual(self.hub.post("/api/session", {"token": "wrong"}, token=False).status, 401)
        signed = self.hub.post("/api/session", {"token": self.hub.token}, token=False)
        self.assertEqual(signed.status, 204)
        cookie = signed.headers["Set-Cookie"]
        for attribute in ("HttpOnly", "SameSite=Strict"):
            self.assertIn(attribute, cookie)
        headers = {"Cookie": cookie.split(";")[0]}
        self.assertEqual(self.hub.get("/api/hub", token=False, headers=headers).status, 200)
        forged = self.hub.post("/api/skills/install", {"name": "timer_skill"}, token=False,
                               headers=headers)
        self.assertEqual(forged.status, 403)

    def test_waiting_gives_the_state_when_it_knows(self):
        self.assertEqual(self.hub.get("/api/operations/op_none").status, 404)
        self.assertEqual(self.hub.get("/api/operations/op_none?wait=5s").status, 404)
        self.assertEqual(self.hub.get("/api/operations/op_none?wait=fast").status, 400)


class Refusals(unittest.TestCase):
    def test_a_busy_port_and_a_base_directory_in_use_are_told_apart(self):
        with temporary_folder() as folder, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            busy = self.refused(folder / "a", "--port", str(port))
            self.assertIn(str(port), busy)
            self.assertIn("port_in_use", busy)
            with Hub(folder / "b"):
                self.assertIn("base_directory_in_use", self.refused(folder / "b"))

    def test_a_base_directory_of_a_newer_hub_is_left_alone(self):
        with temporary_folder() as folder:
            with Hub(folder / "base"):
                pass
            file = folder / "base/state/hub.db"
            db = sqlite3.connect(file)
            db.execute("PRAGMA user_version = 99")
            db.commit()
            db.close()
            before = file.read_bytes()
            said = self.refused(folder / "base")
            self.assertIn("base_directory_newer", said)
            self.assertIn("99", said)
            self.assertEqual(file.read_bytes(), before)

    def refused(self, base, *arguments):
        done = run_cli("serve", "--base-dir", base, *(arguments or ("--port", "0")),
                       cache=base.parent / "cache", check=False, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("what to do:", done.stderr)
        return done.stderr


class Registry(unittest.TestCase):
    def test_a_push_shows_up_and_an_unreachable_registry_keeps_the_last_catalogue(self):
        with temporary_folder() as folder:
            registry = folder / "registry"
            run_cli("registry", "init", registry, cache=folder / "cache")
            skill = write_skill(folder, "hello_skill")
            said = run_cli("skill", "push", skill, "--registry", registry, cache=folder / "cache")
            self.assertIn("published skill hello_skill 1.0.0", said.stdout)
            again = run_cli("skill", "push", skill, "--registry", registry,
                            cache=folder / "cache")
            self.assertIn("already_published", again.stdout)
            count = subprocess.run(["git", "-C", registry, "rev-list", "--count", "main"],
                                   capture_output=True, text=True, check=True).stdout.strip()
            self.assertEqual(count, "2")
            with Hub(folder / "base", "--registry", str(registry),
                     "--registry-interval", "1") as hub:
                hub.wait_catalog(1)
                self.assertEqual(hub.post("/api/skills/install", {"name": "hello_skill"}).status,
                                 200)
                write_skill(folder, "hello_skill", "1.1.0")
                run_cli("skill", "push", skill, "--registry", registry, cache=folder / "cache")
                wait_until("the update", lambda: hub.get(
                    "/api/skills/list").json["items"][0]["update_available"])
                (refresh,) = [one for one in hub.get("/api/operations").json["by_id"].values()
                              if one["kind"] == "registry.refresh"]  # the first fetch is none
                self.assertEqual(refresh["initiator"], {"kind": "schedule", "id": "catalogue"})
                self.assertEqual(hub.end_of(refresh["operation_id"])["result"]["changed"], True)
                notified = hub.get("/api/operations").json["notifications"]
                self.assertEqual([one["target_id"] for one in notified], ["hello_skill"])
                update = hub.post("/api/node/infrastate/action", {"id": "adaos_update"})
                state = hub.end_of(update.json["operation_id"])
                self.assertEqual(state["status"], "succeeded", state)
                self.assertEqual(state["result"]["updated"], 1)
                item = hub.get("/api/skills/list").json["items"][0]
                self.assertEqual(item["version"], "1.1.0")
                self.assertTrue(same_files(folder / "base/workspace/skills/hello_skill", skill))
                assert_whole(self, folder / "base", update.json["operation_id"])
                registry.rename(folder / "gone")
                wait_until("the stale state", lambda: hub.get(
                    "/api/hub").json["catalog"]["state"] == "stale")
                market = hub.get("/api/marketplace?installed=1").json
                self.assertEqual(len(market["rows"]), 1)
                self.assertGreaterEqual(market["catalog"]["age_s"], 0)
                self.assertIn("registry", market["catalog"]["error"])
            with Hub(folder / "base", "--registry", str(registry)) as hub:  # offline from the start
                self.assertEqual(len(hub.get("/api/marketplace?installed=1").json["rows"]), 1)

    def test_files_that_do_not_match_the_catalogue_are_not_installed(self):
        with temporary_folder() as folder:
            registry = folder / "registry"
            run_cli("registry", "init", registry, cache=folder / "cache")
            run_cli("skill", "push", write_skill(folder, "hello_skill"), "--registry", registry,
                    cache=folder / "cache")
            clone = folder / "clone"
            git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
            subprocess.run([*git, "clone", "-q", registry, clone], check=True)
            (clone / "skills/hello_skill/handlers/main.py").write_text("import os\n")
            subprocess.run([*git, "-C", clone, "commit", "-qam", "tamper"], check=True)
            subprocess.run([*git, "-C", clone, "push", "-q"], check=True)
            with Hub(folder / "base", "--registry", str(registry)) as hub:
                hub.wait_catalog(1)
                answer = hub.post("/api/skills/install", {"name": "hello_skill"})
                self.assertEqual(answer.status, 409)
                self.assertEqual(answer.json["details"]["error"]["code"], "DIGEST_MISMATCH")
                self.assertEqual(hub.get("/api/skills/list").json["items"], [])

    def test_a_manifest_that_does_not_parse_names_file_and_line(self):
        with temporary_folder() as folder:
            registry = folder / "registry"
            run_cli("registry", "init", registry, cache=folder / "cache")
            skill = write_skill(folder, "bad_skill")
            (skill / "skill.yaml").write_text("name: bad_skill\nversion: 1.0.0\ntags: [a, b\n")
            said = run_cli("skill", "push", skill, "--registry", registry, cache=folder / "cache",
                           check=False)
            self.assertEqual(said.returncode, 1)
            self.assertIn("skill.yaml", said.stderr)
            self.assertRegex(said.stderr, r"(:|line )\d+")
            self.assertIn("manifest_yaml_syntax", said.stderr)

    def test_twenty_publishers_at_once_lose_nothing(self):
        with temporary_folder() as folder:
            registry = folder / "registry"
            run_cli("registry", "init", registry, cache=folder / "cache")
            skills = [write_skill(folder, f"skill_{i:02}") for i in range(20)]
            # Half of them share a host's cache and take turns; the others know nothing of each
            # other, as publishers on different machines.
            def push(numbered):
                number, skill = numbered
                cache = folder / ("shared" if number % 2 else f"cache_{number}")
                done = run_cli("skill", "push", skill, "--registry", registry, "--json",
                               cache=cache)
                return json.loads(done.stdout)["status"]
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                outcomes = list(pool.map(push, enumerate(skills)))
            self.assertEqual(outcomes, ["published"] * 20)
            text = subprocess.run(["git", "-C", registry, "show", "main:registry.json"],
                                  capture_output=True, text=True, check=True).stdout
            catalogue = json.loads(text)
            names = [entry["name"] for entry in catalogue["skills"]]
            self.assertEqual(names, [skill.name for skill in skills])
            self.assertEqual(text, json.dumps(catalogue, indent=2, ensure_ascii=False) + "\n")


class Lifecycle(unittest.TestCase):
    def test_a_stop_in_the_middle_goes_on_at_the_next_start(self):
        with temporary_folder() as folder:
            base = folder / "base"
            with Hub(base, fault="delay_ms=120") as hub:
                hub.wait_catalog(10)
                operation_id = hub.post("/api/scenarios/install", {
                    "name": "kitchen_helper", "async_operation": True}).json["operation_id"]
                wait_until("a finished step", lambda: hub.get(
                    f"/api/operations/{operation_id}").json["steps"][0]["status"] == "done")
            with Hub(base) as hub:
                self.assertEqual(hub.end_of(operation_id)["status"], "succeeded")
                persistence = hub.get("/api/operations").json["persistence"]
                self.assertEqual(persistence["recovered_interrupted_total"], 1)
            assert_whole(self, base, operation_id)

    def test_a_cancel_takes_back_what_was_done(self):
        with temporary_folder() as folder:
            base = folder / "base"
            with Hub(base, fault="delay_ms=100") as hub:
                hub.wait_catalog(10)
                operation_id = hub.post("/api/scenarios/install", {
                    "name": "kitchen_helper", "async_operation": True}).json["operation_id"]
                wait_until("an installed skill", lambda: hub.get(
                    "/api/skills/list").json["items"])
                cancelled = hub.post(f"/api/operations/{operation_id}/cancel")
                self.assertEqual(cancelled.status, 202)
                state = hub.end_of(operation_id)
                self.assertEqual(state["status"], "cancelled")
                self.assertEqual(state["effects"], "reverted")
                self.assertEqual(hub.get("/api/skills/list").json["items"], [])
                refused = hub.post(f"/api/operations/{operation_id}/cancel")
                self.assertEqual(refused.status, 202, "asking again is fine")
            assert_whole(self, base, operation_id)
            self.assertEqual([p.name for p in pathlib.Path(base, "workspace/skills").iterdir()
                              if not p.name.startswith(".")], [])


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    unittest.main(verbosity=1)
