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


class CrashPoints(unittest.TestCase):
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
        order = hub.get("/api/operations").json["order"]
        self.assertEqual(len(order), 1)
        return order[0]

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
        begin = names.index("effect:activate skill:timer_skill")
        for point in range(begin + 1, len(names) + 1, EVERY):
            with self.subTest(point=point, name=names[point - 1]):
                base = self.fresh_base("killed")
                self.die_at(base, point, path, body)
                with self.hub(base) as hub:
                    operation_id = self.only_operation(hub)
                    state = hub.end_of(operation_id)
                    self.assertEqual(state["status"], "failed", state)
                    self.assertEqual(state["error"]["code"], "DEPENDENCIES_FAILED")
                    self.assertEqual(state["effects"], "reverted")
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
                self.assertEqual([p.name for p in runtime.iterdir()], ["vendor"])
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


if __name__ == "__main__":
    unittest.main(verbosity=1)
