"""SIGKILL at every point of an operation, then a restart: nothing lost, doubled, stuck or forged.

The points are found by a dry run with ADAOS_HUB_FAULT=trace=FILE; each run then dies at one."""

import contextlib
import os
import pathlib
import shutil
import unittest

from harness import (SAMPLES, Hub, assert_whole, database, run_cli, same_files, temporary_folder,
                     wait_until, write_scenario, write_skill)

EVERY = int(os.environ.get("HUB_CRASH_EVERY", "1"))  # 2 tries every second point, and so on


class CrashBase(unittest.TestCase):
    """A registry, and hubs that die."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(temporary_folder())
        cls.registry = cls.folder / "registry"
        cache = cls.folder / "cache"
        run_cli("registry", "init", cls.registry, cache=cache)
        for name in ("notes_skill", "timer_skill", "table_skill"):
            run_cli("skill", "push", SAMPLES / "skills" / name, "--registry", cls.registry,
                    cache=cache)
        write_skill(cls.folder, "broken_skill",
                    extra="dependencies: ['--no-index', 'no_such_package==1.0']\n")
        run_cli("skill", "push", cls.folder / "broken_skill", "--registry", cls.registry,
                cache=cache)
        write_scenario(cls.folder, "broken_scenario", ["timer_skill", "broken_skill"])
        run_cli("scenario", "push", cls.folder / "broken_scenario", "--registry", cls.registry,
                cache=cache)
        cls.template = cls.folder / "template"
        with cls.hub(cls.template) as hub:
            hub.wait_catalog(5)

    @classmethod
    def hub(cls, base, fault=None, wait=True):
        return Hub(base, "--registry", str(cls.registry), fault=fault, wait=wait)

    def fresh_base(self, name):
        base = self.folder / name
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(self.template, base)
        (base / "hub.log").unlink(missing_ok=True)
        return base

    def points_of(self, path, body, during="accepted"):
        """How many points the operation passes, and their names."""
        base = self.fresh_base("dry")
        trace = self.folder / "trace"
        trace.unlink(missing_ok=True)
        with self.hub(base, fault=f"trace={trace}") as hub:
            state = hub.end_of(hub.post(path, body).json["operation_id"])
        shutil.rmtree(base)
        self.assertIn(state["status"], ("succeeded", "failed"))
        names = pathlib.Path(trace).read_text(encoding="utf-8").split("\n")[:-1]
        self.assertTrue(any(name.startswith(during) for name in names))
        return names

    def die_at(self, base, point, path, body):
        """Starts a hub that dies at the given point of the operation it is asked for."""
        with self.hub(base, fault=f"kill_at={point}") as hub:
            try:
                hub.post(path, body)
            except OSError:
                pass  # it died before it answered
            self.assertEqual(hub.wait_dead(), -9)

    @staticmethod
    def has_ended(base):
        with contextlib.closing(database(base)) as db:
            return db.execute("SELECT COUNT(*) FROM operations WHERE finished_at IS NULL"
                              ).fetchone()[0] == 0

    def only_operation(self, hub):
        """The one that was asked for; those below it do not count."""
        known = hub.get("/api/operations").json
        asked = [one for one in known["order"] if known["by_id"][one].get("parent_id") is None]
        self.assertEqual(len(asked), 1)
        return asked[0]


class CrashPoints(CrashBase):
    def test_install_survives_a_kill_at_each_point(self):
        path, body = "/api/skills/install", {"name": "notes_skill", "async_operation": True}
        names = self.points_of(path, body)
        self.assertGreaterEqual(len(names), 15, names)
        for point in range(1, len(names) + 1, EVERY):
            with self.subTest(point=point, name=names[point - 1]):
                base = self.fresh_base("killed")
                self.die_at(base, point, path, body)
                with self.hub(base) as hub:
                    operation_id = self.only_operation(hub)
                    state = hub.end_of(operation_id)
                    self.assertEqual(state["status"], "succeeded", state)
                    listed = hub.get("/api/skills/list").json["items"]
                    self.assertEqual([item["name"] for item in listed], ["notes_skill"])
                assert_whole(self, base, operation_id)
                self.assertTrue(same_files(base / "workspace/skills/notes_skill",
                                           SAMPLES / "skills/notes_skill"))
                shutil.rmtree(base)

    def test_a_failing_install_is_taken_back_whatever_point_it_dies_at(self):
        path, body = "/api/scenarios/install", {"name": "broken_scenario", "async_operation": True}
        names = self.points_of(path, body)
        begin = names.index("children:skills")
        for point in range(begin + 1, len(names) + 1, 2 * EVERY):
            with self.subTest(point=point, name=names[point - 1]):
                base = self.fresh_base("killed")
                self.die_at(base, point, path, body)
                with self.hub(base) as hub:
                    operation_id = self.only_operation(hub)
                    state = hub.end_of(operation_id)
                    self.assertEqual(state["status"], "failed", state)
                    self.assertEqual(state["error"]["code"], "REQUIRED_SKILL_FAILED")
                    self.assertEqual(state["error"]["details"]["skill"], "broken_skill")
                    # None: the other skill was stopped before it was there.
                    self.assertIn(state["effects"], ("reverted", "none"))
                    self.assertEqual(hub.get("/api/skills/list").json["items"], [])
                assert_whole(self, base, operation_id)
                self.assertFalse((base / "workspace/skills/timer_skill").exists())
                shutil.rmtree(base)

    def test_pip_packages_are_in_place_once_whatever_point_of_their_switch_it_dies_at(self):
        path, body = "/api/skills/install", {"name": "table_skill", "async_operation": True}
        names = self.points_of(path, body)
        begin, end = names.index("intent:prepare"), names.index("done:prepare")
        for point in range(begin + 1, end + 2):
            with self.subTest(point=point, name=names[point - 1]):
                base = self.fresh_base("killed")
                self.die_at(base, point, path, body)
                with self.hub(base) as hub:
                    operation_id = self.only_operation(hub)
                    self.assertEqual(hub.end_of(operation_id)["status"], "succeeded")
                assert_whole(self, base, operation_id)
                runtime = base / "workspace/skills/.runtime/table_skill/v1.1"
                self.assertEqual((runtime / "active").read_text(), "A")
                self.assertTrue((runtime / "vendor/adaos_sample_tables").is_dir())
                shutil.rmtree(base)

    def test_a_second_kill_during_recovery_changes_nothing(self):
        path, body = "/api/skills/install", {"name": "notes_skill", "async_operation": True}
        names = self.points_of(path, body)
        for first in range(2, len(names), 4 * EVERY):
            for second in (1, 3):
                with self.subTest(first=first, second=second):
                    base = self.fresh_base("killed")
                    self.die_at(base, first, path, body)
                    with self.hub(base, fault=f"kill_at={second}", wait=False) as hub:
                        # Near the end there may be too few points left to die at.
                        wait_until("the second death or the end", lambda hub=hub, base=base: (
                            hub.process.poll() is not None or self.has_ended(base)))
                    with self.hub(base) as hub:
                        operation_id = self.only_operation(hub)
                        self.assertEqual(hub.end_of(operation_id)["status"], "succeeded")
                    assert_whole(self, base, operation_id)
                    shutil.rmtree(base)

class SteeredCrashPoints(CrashBase):
    """The same for what is asked of an operation, and for one with others below it: a sample."""

    def copy_of(self, template):
        base = self.folder / "killed"
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(template, base)
        return base

    def prepare(self, name, work):
        """A base directory on which a hub has done this, and knows all that is published, so that
        it has nothing to fetch by itself when it starts."""
        base = self.fresh_base(name)
        with self.hub(base) as hub:
            self.look_at_the_registry(hub)
            done = work(hub)
            self.look_at_the_registry(hub)
            return base, done

    def look_at_the_registry(self, hub):
        state = hub.end_of(self.ask(hub, "registry.refresh", "registry", "registry"))
        self.assertEqual(state["status"], "succeeded", state)

    @staticmethod
    def ask(hub, kind, target_kind, target_id):
        return hub.post("/api/operations", {"kind": kind, "target_kind": target_kind,
                                            "target_id": target_id}).json["operation_id"]

    def known(self, base):
        with contextlib.closing(database(base)) as db:
            return {row[0] for row in db.execute("SELECT operation_id FROM operations")}

    def die_and_go_on(self, template, act, every, check, delay_ms=0, before=None):
        """act(hub) asks for something and names its operation; check(hub, state) sees its end.

        before(hub) is done first, and not died in."""
        before = before or (lambda hub: None)
        trace = self.folder / "trace"
        trace.unlink(missing_ok=True)
        base = self.copy_of(template)
        with self.hub(base, fault=f"trace={trace},delay_ms={delay_ms}") as hub:
            before(hub)
            begin = len(trace.read_text(encoding="utf-8").splitlines()) if trace.exists() else 0
            hub.end_of(act(hub))
        count = len(trace.read_text(encoding="utf-8").splitlines())
        self.assertGreater(count, begin + 2)
        died_early = 0
        for point in range(begin + 1, count + 1, every):
            with self.subTest(point=point, of=count):
                base = self.copy_of(template)
                fault = f"kill_at={point},delay_ms={delay_ms}"
                with self.hub(base, fault=fault) as hub:
                    try:
                        before(hub)
                    except OSError:
                        # The last of its points come while its end is told already.
                        wait_until("the death", lambda hub=hub: hub.process.poll() is not None)
                        died_early += 1
                        continue
                    known = self.known(base)
                    with contextlib.suppress(OSError):
                        act(hub)
                    # Near the end there may be a point less than in the dry run.
                    wait_until("the death or the end", lambda hub=hub, base=base: (
                        hub.process.poll() is not None or self.has_ended(base)))
                with self.hub(base) as hub:
                    states = [hub.get(f"/api/operations/{one}").json
                              for one in self.known(base) - known]
                    asked = [state for state in states if state.get("parent_id") is None
                             and state["initiator"]["kind"] != "schedule"]
                    self.assertLessEqual(len(asked), 1)  # none: it died before it was stored
                    operation_id = asked[0]["operation_id"] if asked else act(hub)
                    check(hub, hub.end_of(operation_id))
                for one in self.known(base) - known:
                    assert_whole(self, base, one)
        self.assertLessEqual(died_early, 1)

    def test_a_retry_survives(self):
        gone = self.registry.with_name("gone")

        def fail(hub):
            self.registry.rename(gone)
            try:
                state = hub.end_of(self.ask(hub, "registry.refresh", "registry", "registry"))
            finally:
                gone.rename(self.registry)
            self.assertEqual(state["status"], "failed", state)
            return state["operation_id"]

        def check(_, state):
            self.assertEqual((state["status"], state["retry_of"]), ("succeeded", first), state)

        template, first = self.prepare("failed", fail)
        self.die_and_go_on(
            template, lambda hub: hub.post(f"/api/operations/{first}/retry").json["operation_id"],
            2 * EVERY, check)

    def test_an_undo_survives(self):
        first = []

        def install(hub):
            first[:] = [self.ask(hub, "skill.install", "skill", "notes_skill")]
            hub.end_of(first[0])

        def undo(hub):
            return hub.post(f"/api/operations/{first[0]}/undo").json["operation_id"]

        def check(hub, state):
            self.assertEqual((state["status"], state["undo_of"]), ("succeeded", first[0]), state)
            self.assertEqual(hub.get("/api/skills/list").json["items"], [])
            self.assertFalse((hub.base / "workspace/skills/notes_skill").exists())

        # Not on a copy of what is installed: a folder is known by its inode.
        self.die_and_go_on(self.template, undo, 3 * EVERY, check, before=install)

    def test_a_cancel_survives(self):
        answered = []

        def begin_and_cancel(hub):
            answered.clear()
            operation_id = self.ask(hub, "skill.install", "skill", "notes_skill")
            wait_until("its second step", lambda: hub.get(
                f"/api/operations/{operation_id}").json.get("current_step") not in (None, "fetch"))
            answer = hub.post(f"/api/operations/{operation_id}/cancel")
            if answer.status < 300:
                answered.append(operation_id)
            return operation_id

        def check(hub, state):
            allowed = ("cancelled",) if answered else ("cancelled", "succeeded")
            self.assertIn(state["status"], allowed, state)
            installed = [item["name"] for item in hub.get("/api/skills/list").json["items"]]
            here = (hub.base / "workspace/skills/notes_skill").exists()
            whole = state["status"] == "succeeded"
            self.assertEqual((installed, here), (["notes_skill"] if whole else [], whole), state)

        self.die_and_go_on(self.template, begin_and_cancel, 2 * EVERY, check, delay_ms=60)

    def test_a_parent_and_its_children_survive(self):
        names = ("lamp_skill", "door_skill")

        def push(version):
            for name in names:
                write_skill(self.folder, name, version=version)
                run_cli("skill", "push", self.folder / name, "--registry", self.registry,
                        cache=self.folder / "cache")

        def fall_behind(hub):
            hub.end_of(self.ask(hub, "registry.refresh", "registry", "registry"))
            for name in names:
                hub.end_of(self.ask(hub, "skill.install", "skill", name))
            push("1.1.0")
            hub.end_of(self.ask(hub, "registry.refresh", "registry", "registry"))

        def check(hub, state):
            self.assertEqual(state["status"], "succeeded", state)
            self.assertEqual(state["result"]["updated"], 2, state)
            items = hub.get("/api/skills/list").json["items"]
            self.assertEqual({item["name"]: item["version"] for item in items},
                             {name: "1.1.0" for name in names})
            with contextlib.closing(database(hub.base)) as db:
                children = db.execute(
                    "SELECT COUNT(*) FROM operations WHERE json_extract(state, '$.parent_id') = ?",
                    (state["operation_id"],)).fetchone()[0]
            self.assertEqual(children, 2)

        push("1.0.0")
        template, _ = self.prepare("behind", fall_behind)
        self.die_and_go_on(
            template, lambda hub: self.ask(hub, "workspace.update", "workspace", "workspace"),
            5 * EVERY, check)


if __name__ == "__main__":
    unittest.main(verbosity=1)
