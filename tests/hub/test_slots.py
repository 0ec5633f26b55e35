"""The active version of a skill is whole at every moment: a process that imports it in a loop never
fails while the skill is updated, rolled back, taken back, and the hub is killed.

HUB_SLOT_FULL=1: 200 updates and 50 kills instead of 12 and 3."""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import unittest

from harness import Hub, RegistryCase, same_files, wait_until, write_skill

FULL = os.environ.get("HUB_SLOT_FULL") == "1"
UPDATES, KILLS = (200, 50) if FULL else (12, 3)
VERSIONS = ("1.0.0", "1.1.0")

# Resolves the link once, as whoever runs a skill does, and then reads the version in three places.
READER = """
import importlib, pathlib, sys, time
place, stop = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
rounds, seen = 0, set()
while not stop.exists():
    source = place.resolve(strict=True)
    manifest = (source / "skill.yaml").read_text()
    version = manifest.split("version: ")[1].split()[0]
    sys.path.insert(0, str(source / "handlers"))
    main = importlib.import_module("main")
    time.sleep(0.002)
    late = importlib.import_module("late")
    assert main.VERSION == version == late.VERSION, (main.VERSION, version, late.VERSION)
    sys.path.pop(0)
    for name in ("main", "late"):
        del sys.modules[name]
    importlib.invalidate_caches()
    rounds += 1
    seen.add(version)
print(rounds, *sorted(seen))
"""


class Slots(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for version in VERSIONS:
            cls.publish("clock_skill", version)

    @classmethod
    def publish(cls, name, version):
        text = f"VERSION = {version!r}\n"
        skill = write_skill(cls.folder / version, name, version, handler=text)
        (skill / "handlers" / "late.py").write_text(text, encoding="utf-8")
        cls.push("skill", skill)

    def setUp(self):
        self.base = self.folder / "base"
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.hub = None
        self.addCleanup(self.stop)
        self.start()
        self.hub.wait_catalog()

    def start(self):
        self.hub = Hub(self.base, "--registry", str(self.registry))

    def stop(self):
        if self.hub:
            self.hub.__exit__()
            self.hub = None

    def begin(self, verb, **body):
        answer = self.hub.post(f"/api/skills/{verb}",
                               {"name": "clock_skill", "async_operation": True, **body})
        self.assertEqual(answer.status, 202, answer.json)
        return answer.json["operation_id"]

    def do(self, verb, **body):
        state = self.hub.end_of(self.begin(verb, **body))
        self.assertEqual(state["status"], "succeeded", state)
        return state

    def shown(self):
        items = self.hub.get("/api/skills/list").json["items"]
        return items[0] if items else None

    @property
    def place(self):
        return self.base / "workspace/skills/clock_skill"

    def test_a_reader_never_fails_while_versions_change_and_the_hub_is_killed(self):
        chance = random.Random(5)
        self.do("install", pin=VERSIONS[0])
        ready, stop = self.folder / "reader.py", self.folder / "stop"
        ready.write_text(READER, encoding="utf-8")
        with subprocess.Popen([sys.executable, "-B", str(ready), str(self.place), str(stop)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as reader:
            try:
                kills = set(chance.sample(range(UPDATES), KILLS))
                for count in range(UPDATES):
                    wanted = VERSIONS[(count + 1) % 2]
                    operation = self.begin("update", pin=wanted)
                    if count in kills:
                        wait_until("it to be under way", lambda one=operation: self.hub.get(
                            f"/api/operations/{one}").json["status"] != "accepted")
                        self.hub.kill()
                        self.hub.output.close()
                        self.start()
                    state = self.hub.end_of(operation)
                    self.assertEqual(state["status"], "succeeded", state)
                    self.assertEqual(self.shown()["version"], wanted)
                    self.assertIsNone(reader.poll(), "the reader goes on")
            finally:
                stop.touch()
                said, errors = reader.communicate(timeout=30)
                stop.unlink()
        self.assertEqual(reader.returncode, 0, errors)
        rounds, *seen = said.split()
        self.assertGreater(int(rounds), UPDATES)
        self.assertEqual(tuple(seen), VERSIONS)

    def test_update_rollback_undo_and_uninstall_show_in_the_lists_and_to_adaos(self):
        self.do("install", pin=VERSIONS[0])
        self.assertEqual((self.shown()["slot"], self.shown()["pin"]), ("A", VERSIONS[0]))
        self.assertEqual(self.hub.post("/api/skills/update", {"name": "clock_skill"}).status, 409)
        self.do("unpin")
        self.do("update")
        shown = self.shown()
        self.assertEqual((shown["version"], shown["slot"], shown["previous_version"], shown["pin"]),
                         (VERSIONS[1], "B", VERSIONS[0], None))
        runtime = self.base / "workspace/skills/.runtime/clock_skill"
        self.assertEqual((runtime / "current_version").read_text(), VERSIONS[1])
        self.assertTrue(same_files(runtime / "v1.1/slots/B/src/skills/clock_skill", self.place))
        resolved = json.loads((runtime / "v1.1/slots/B/resolved.manifest.json").read_text())
        self.assertEqual((resolved["version"], resolved["slot"]), (VERSIONS[1], "B"))
        back = self.do("rollback")
        self.assertEqual(self.shown()["version"], VERSIONS[0])
        self.hub.end_of(self.hub.post(
            f"/api/operations/{back['operation_id']}/undo").json["operation_id"])
        self.assertEqual(self.shown()["version"], VERSIONS[1])
        gone = self.do("uninstall")
        self.assertFalse(os.path.lexists(self.place))
        self.assertEqual(list(runtime.glob("*")), [])
        self.hub.end_of(self.hub.post(
            f"/api/operations/{gone['operation_id']}/undo").json["operation_id"])
        self.assertEqual(self.shown()["version"], VERSIONS[1])
        self.do("rollback")

    def test_what_somebody_put_there_is_not_touched(self):
        mine = self.base / "workspace/skills/my_own_skill"
        mine.mkdir(parents=True)
        (mine / "notes.txt").write_text("dear diary", encoding="utf-8")
        loose = pathlib.Path(self.base / "workspace/notes of mine.txt")
        loose.write_text("and more", encoding="utf-8")
        self.do("install")
        self.hub.end_of(self.hub.post("/api/operations", {
            "kind": "workspace.update", "target_kind": "workspace",
            "target_id": "workspace"}).json["operation_id"])
        self.do("uninstall")
        self.stop()
        self.start()
        self.assertEqual((mine / "notes.txt").read_text(encoding="utf-8"), "dear diary")
        self.assertEqual(loose.read_text(encoding="utf-8"), "and more")

    def test_two_updates_of_the_same_skill_are_joined_or_follow_one_another(self):
        self.do("install", pin=VERSIONS[0])
        first = self.begin("update", pin=VERSIONS[1])
        second = self.begin("update", pin=VERSIONS[0])
        ends = [self.hub.end_of(one) for one in (first, second)]
        self.assertEqual([end["status"] for end in ends], ["succeeded", "succeeded"])
        self.assertGreaterEqual(ends[1]["started_at"], ends[0]["finished_at"])
        self.assertEqual(self.shown()["version"], VERSIONS[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
