"""The operator's command line while operations run: watches, cancels, joins, restarts."""

import json
import re
import shutil
import unittest

from cli_harness import SLOW, CliTest, interrupt, short, wait_until


class WhileItRuns(CliTest):
    """Hubs slow enough that something can happen meanwhile."""

    def setUp(self):
        self.base = self.folder / "slow"
        shutil.rmtree(self.base, ignore_errors=True)
        self.hub = self.start_hub(self.base, fault=SLOW)
        self.addCleanup(self.hub.__exit__)

    def accepted(self, *arguments):
        said = self.run_cli(self.base, *arguments, "--no-wait", "--json").stdout
        operation = json.loads(said)["operation_id"]
        self.wait_running(self.hub, operation)
        return operation

    def test_ctrl_c_leaves_and_the_operation_goes_on(self):
        operation = self.accepted("skill", "install", "notes_skill")
        watch = self.begin_cli(self.base, "operations", "watch", operation)
        self.assertEqual(watch.stdout.readline().split("  ")[-1].strip(), operation)
        code, _, said = interrupt(watch)
        self.assertEqual(code, 130)
        self.assertIn("goes on without you", said)
        self.assertIn(f"adaos-hub operations watch {short(operation)}", said)
        self.assertIn("\nsucceeded", self.run_cli(self.base, "operations", "watch", "last").stdout)

    def test_a_cancel_waits_for_the_end_and_a_watch_tells_it(self):
        operation = self.accepted("scenario", "install", "small_scenario")
        watch = self.begin_cli(self.base, "operations", "watch", operation)
        watch.stdout.readline()
        said = self.run_cli(self.base, "operations", "cancel", "last").stdout
        self.assertIn("\ncancelled", said)
        out, _ = watch.communicate(timeout=60)
        self.assertEqual(watch.returncode, 5)
        self.assertIn("\ncancelled", out)
        self.assertEqual(self.hub.get("/api/skills/list").json["items"], [])

    def test_the_same_request_joins_and_says_so(self):
        operation = self.accepted("skill", "install", "notes_skill")
        said = self.run_cli(self.base, "skill", "install", "notes_skill", "--json")
        self.assertEqual(json.loads(said.stdout)["operation_id"], operation)
        self.assertIn("under way already", said.stderr)

    def test_a_busy_target_names_its_holder_or_is_waited_for(self):
        operation = self.accepted("skill", "install", "notes_skill")
        said = self.run_cli(self.base, "operations", "start", "skill.install", "--target",
                            "skill:notes_skill", "--on-conflict", "fail", code=1).stderr
        self.assertIn(operation, said)
        waiting = self.begin_cli(self.base, "operations", "start", "skill.install", "--target",
                                 "skill:notes_skill", "--param", "pin=", "--on-conflict", "queue")
        waits = wait_until("one that waits", lambda: [
            line for line in self.run_cli(self.base, "operations", "list").stdout.splitlines()
            if f"waits for {short(operation)}" in line])
        self.assertEqual(len(waits), 1)
        out, _ = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0, out)
        self.assertIn(f"accepted: waits for {short(operation)}", out)

    def test_all_that_is_active_is_watched_to_its_end(self):
        self.accepted("skill", "install", "notes_skill")
        watch = self.begin_cli(self.base, "operations", "watch")
        self.run_cli(self.base, "skill", "install", "broken_skill", code=4)
        self.run_cli(self.base, "operations", "watch")
        out, err = watch.communicate(timeout=60)
        self.assertEqual(watch.returncode, 4, err)
        order = self.hub.get("/api/operations").json["order"]
        for operation, end in zip(order[-2:], ("succeeded", "failed")):
            self.assertRegex(out, rf"(?m)^{short(operation)} install skill .*{operation[-12:]}$")
            self.assertRegex(out, rf"(?m)^{short(operation)} {end}")

    def test_an_update_shows_the_operations_below_it(self):
        self.accepted("skill", "install", "notes_skill")
        self.run_cli(self.base, "operations", "watch")
        source = self.folder / "newer" / "notes_skill"
        shutil.copytree(self.base / "workspace/skills/notes_skill", source)
        manifest = source / "skill.yaml"
        manifest.write_text(re.sub(r"(?m)^version:.*$", "version: 9.0.0", manifest.read_text()))
        self.run_cli(self.base, "skill", "push", source, "--registry", self.registry)
        self.run_cli(self.base, "registry", "refresh")
        said = self.run_cli(self.base, "update").stdout
        child = next(state for state in self.hub.get("/api/operations").json["by_id"].values()
                     if state.get("parent_id"))
        self.assertIn("\nsucceeded", said)
        self.assertIn(short(child["operation_id"]), said)
        self.assertEqual(child["result"]["version"], "9.0.0")
        shown = self.run_cli(self.base, "operations", "show", child["parent_id"]).stdout
        self.assertIn(short(child["operation_id"]), shown)

    def test_a_log_is_followed_to_the_end(self):
        self.accepted("skill", "install", "notes_skill")
        followed = self.run_cli(self.base, "operations", "log", "last", "--follow").stdout
        self.assertEqual(followed, self.run_cli(self.base, "operations", "log", "last").stdout)
        self.assertIn(" activate: ", followed)

    def test_a_watch_outlives_a_killed_hub_at_another_port(self):
        operation = self.accepted("scenario", "install", "small_scenario")
        watch = self.begin_cli(self.base, "operations", "watch", operation)
        watch.stdout.readline()
        self.hub.kill()
        self.assertIn("the hub does not answer; waiting for it", watch.stderr.readline())
        before = self.hub.port
        with self.start_hub(self.base) as hub:
            out, err = watch.communicate(timeout=60)
            self.assertNotEqual(hub.port, before)
            self.assertEqual(hub.end_of(operation)["status"], "succeeded")
        self.assertEqual(watch.returncode, 0, err)
        self.assertIn("the hub is back after", err)
        self.assertIn("\nsucceeded", out)
        child = re.search(r"^(\w{6}) install skill Timer", out, re.M)[1]
        self.assertEqual(len(re.findall(rf"^{child} \w+: done", out, re.M)), 4, out)

    def test_an_answer_that_a_kill_swallowed_starts_nothing_twice(self):
        self.hub.__exit__()
        self.hub = self.start_hub(self.base, fault="kill_at=1")  # accepted, on disk, not answered
        start = self.begin_cli(self.base, "skill", "install", "notes_skill")
        self.assertEqual(self.hub.wait_dead(), -9)
        self.hub.__exit__()
        self.assertIn("the hub does not answer", start.stderr.readline())
        with self.start_hub(self.base) as hub:
            out, err = start.communicate(timeout=60)
            self.assertEqual(start.returncode, 0, err)
            self.assertIn("\nsucceeded", out)
            self.assertEqual(len(hub.get("/api/operations").json["order"]), 1)

    def test_a_hub_that_does_not_come_back_is_given_up(self):
        operation = self.accepted("skill", "install", "notes_skill")
        watch = self.begin_cli(self.base, "operations", "watch", operation, "--reconnect", 1)
        watch.stdout.readline()
        self.hub.kill()
        _, err = watch.communicate(timeout=30)
        self.assertEqual(watch.returncode, 3)
        self.assertIn("what was accepted goes on when the hub runs again", err)


class Limits(CliTest):
    def test_a_hub_without_slots_accepts_and_runs_nothing(self):
        base = self.folder / "idle"
        with self.start_hub(base, "--slots", "0", "--operations-max", "2"):
            self.run_cli(base, "skill", "install", "notes_skill", "--no-wait")
            self.run_cli(base, "skill", "install", "timer_skill", "--no-wait")
            listed = self.run_cli(base, "operations", "list", "--active").stdout
            self.assertRegex(listed, r"accepted +install skill .*notes_skill\): next in line")
            self.assertRegex(listed, r"accepted +install skill .*timer_skill\): number 2 in line")
            said = self.run_cli(base, "registry", "refresh", code=1).stderr
            self.assertIn("code: too_many_operations", said)
            self.run_cli(base, "operations", "cancel", "last")
            self.run_cli(base, "registry", "refresh", "--no-wait")
        with self.start_hub(base):
            self.run_cli(base, "operations", "watch")
            listed = self.run_cli(base, "operations", "list").stdout
            self.assertEqual(listed.count("succeeded"), 2, listed)
            self.assertEqual(listed.count("cancelled"), 1, listed)


if __name__ == "__main__":
    unittest.main()
