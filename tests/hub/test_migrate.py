"""An AdaOS workspace is taken over by a hub: dry run, migration, a kill in the middle, undo."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import unittest

from harness import (BINARY, Hub, RegistryCase, assert_whole, wait_until, write_scenario,
                     write_skill)

HANDLER = """
import os, pathlib
def read_diary():
    data = pathlib.Path(os.environ["ADAOS_SKILL_ENV_PATH"]).parent.parent
    return (data / "files" / "diary.txt").read_text(encoding="utf-8")
"""
TOOLS = ("entry: handlers/main.py\n"
         "tools:\n  - name: read_diary\n    entry: handlers.main:read_diary\n")


def listing(folder):
    """Every path below, with its bytes, its mode and the time of its last change."""
    return {path.relative_to(folder).as_posix():
            (path.lstat().st_mode, path.lstat().st_mtime_ns,
             path.read_bytes() if path.is_file() and not path.is_symlink() else None)
            for path in sorted(pathlib.Path(folder).rglob("*"))}


class AdaOS:
    """A base directory as AdaOS leaves it."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.write("workspace/registry.json", json.dumps(
            {"version": 1, "updated_at": "2026-01-01T00:00:00+00:00",
             "skills": [{"kind": "skill", "id": "diary_skill", "name": "diary_skill",
                         "version": "0.4.2"}], "scenarios": []}))

    def write(self, path, text):
        where = self.root / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text, encoding="utf-8")

    def skill(self, name, version, slot, handler=HANDLER, extra=TOOLS):
        bucket = "v" + version.rsplit(".", 1)[0]
        runtime = self.root / "workspace/skills/.runtime" / name
        write_skill(self.root / "workspace/skills", name, version, extra, handler)
        write_skill(runtime / bucket / "slots" / slot / "src/skills", name, version, extra, handler)
        at = f"workspace/skills/.runtime/{name}"
        self.write(f"{at}/current_version", version)
        self.write(f"{at}/current_runtime.json", json.dumps(
            {"version": version, "slot": slot, "runtime_bucket": bucket, "updated_at": 1.0}))
        self.write(f"{at}/{bucket}/active", slot)
        self.write(f"{at}/{bucket}/data/files/diary.txt", f"dear diary of {name}")
        self.write(f"{at}/{bucket}/data/db/skill_env.json", "{}")

    def register(self, names):
        state = self.root / "state"
        state.mkdir(exist_ok=True)
        with sqlite3.connect(state / "adaos.db") as db:
            db.execute("CREATE TABLE skills(id INTEGER PRIMARY KEY, name TEXT UNIQUE, "
                       "active_version TEXT, repo_url TEXT, installed BOOLEAN, last_updated TEXT)")
            db.executemany("INSERT INTO skills(name, active_version, installed) VALUES(?, ?, ?)",
                           names)
        db.close()

    def history(self):
        self.write("state/operations/operations.json", json.dumps({
            "schema": "adaos.operations.state.v1", "sequence": 2, "webspaces": {"desktop": {
                "operations": [
                    {"operation_id": "op_1_1", "kind": "skill.install", "target_kind": "skill",
                     "target_id": "diary_skill", "status": "succeeded",
                     "started_at": "2026-01-01T00:00:00+00:00"},
                    {"operation_id": "op_2_2", "kind": "skill.install", "target_kind": "skill",
                     "target_id": "diary_skill", "status": "running",
                     "started_at": "2026-01-02T00:00:00+00:00"}],
                "notifications": []}}}))


class Migrate(RegistryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        skill = write_skill(cls.folder / "newer", "diary_skill", "0.5.0", TOOLS, HANDLER)
        cls.push("skill", skill)

    def setUp(self):
        self.adaos = AdaOS(self.folder / "adaos")
        self.addCleanup(shutil.rmtree, self.adaos.root, ignore_errors=True)
        self.adaos.skill("diary_skill", "0.4.2", "B")
        self.adaos.skill("clock_skill", "1.0.0", "A")
        write_scenario(self.adaos.root / "workspace/scenarios", "evening", ["diary_skill"], "0.2.0")
        self.adaos.register([("diary_skill", "0.4.2", 1), ("lost_skill", "1.0.0", 1)])
        self.adaos.history()
        self.before = listing(self.adaos.root)
        self.base = self.folder / "base"
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.hub = None
        self.addCleanup(self.stop)

    def start(self, **more):
        self.hub = Hub(self.base, "--registry", str(self.registry), **more)
        self.hub.wait_catalog()

    def stop(self):
        if self.hub:
            self.hub.__exit__()
            self.hub = None

    def cli(self, *arguments, code=0):
        environment = {**os.environ, "ADAOS_BASE_DIR": str(self.base), "LANG": "C.UTF-8"}
        done = subprocess.run([BINARY, *map(str, arguments)], env=environment, text=True,
                              capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def installed(self):
        skills = self.hub.get("/api/skills/list").json["items"]
        scenarios = self.hub.get("/api/scenarios/list").json["items"]
        return {item["name"]: item["version"] for item in skills + scenarios}

    def last(self):
        return self.hub.get("/api/operations?kind=migration.run&limit=1").json["order"][-1]

    def read_diary(self):
        answer = self.hub.post("/api/tools/call", {"tool": "diary_skill:read_diary"})
        self.assertEqual(answer.status, 200, answer.json)
        return answer.json["result"]

    def test_a_workspace_is_looked_at_taken_over_used_updated_and_given_back(self):
        self.start()
        said = self.cli("migrate", self.adaos.root, "--dry-run")
        self.assertIn("is taken over", said)
        self.assertIn("Nothing was started", said)
        self.assertIn("lost_skill", said)
        self.assertEqual(self.installed(), {})
        self.assertEqual(self.hub.get("/api/operations").json["order"], [])

        said = self.cli("migrate", self.adaos.root)
        self.assertIn("was taken over", said)
        self.assertIn("its files are gone", said)
        self.assertEqual(self.installed(),
                         {"diary_skill": "0.4.2", "clock_skill": "1.0.0", "evening": "0.2.0"})
        self.assertEqual(self.read_diary(), "dear diary of diary_skill")
        self.assertEqual(listing(self.adaos.root), self.before, "the workspace is as it was")
        first = self.last()
        result = self.hub.get(f"/api/operations/{first}/result").json
        self.assertEqual({item["name"]: item["fate"] for item in result["items"]},
                         {"diary_skill": "adopted", "clock_skill": "adopted",
                          "evening": "adopted", "lost_skill": "refused"})
        self.assertEqual((result["past_operations"], result["unfinished_operations"]), (2, 1))

        self.assertIn("is here already", self.cli("migrate", self.adaos.root))
        assert_whole(self, self.base, self.last())

        self.cli("operations", "undo", first)
        self.assertEqual(self.installed(), {})
        self.assertEqual(listing(self.adaos.root), self.before)
        self.cli("migrate", self.adaos.root)
        self.cli("skill", "update", "diary_skill")
        self.assertEqual(self.installed()["diary_skill"], "0.5.0")
        self.assertEqual(self.read_diary(), "dear diary of diary_skill")

    def test_a_hub_that_is_killed_in_the_middle_goes_on_where_it_was(self):
        big = self.adaos.root / "workspace/skills/.runtime/diary_skill/v0.4/data/files"
        for number in range(8):
            (big / f"{number}.bin").write_bytes(os.urandom(200_000))
        before = listing(self.adaos.root)
        self.start(fault="delay_ms=40")
        operation = self.hub.post("/api/operations", {
            "kind": "migration.run", "target_kind": "workspace", "target_id": "adaos",
            "params": {"source": str(self.adaos.root)}}).json["operation_id"]
        place = self.base / "state/staging" / operation / "skill.diary_skill/data/files"
        wait_until("a part of the data", lambda: len(list(place.glob("*.bin"))) > 2)
        self.hub.kill()
        self.hub.output.close()
        copied = {path.name: path.stat().st_ino for path in place.glob("*.bin")}
        self.assertGreater(len(copied), 2)
        self.start()
        state = self.hub.end_of(operation)
        self.assertEqual(state["status"], "succeeded", state)
        assert_whole(self, self.base, operation)
        home = self.base / "workspace/skills/.runtime/diary_skill/data/files"
        self.assertEqual({name: (home / name).stat().st_ino for name in copied}, copied,
                         "what was copied is not copied again")
        self.assertEqual(sorted(path.name for path in home.iterdir()),
                         sorted(path.name for path in big.iterdir()))
        self.assertEqual(listing(self.adaos.root), before)

    def test_a_workspace_at_work_and_what_is_none_are_refused(self):
        self.start()
        with open(self.adaos.root / "state/adaos.db", "r+b"):
            said = self.cli("migrate", self.adaos.root, code=1)
            self.assertIn("is at work there", said)
            self.assertIn("stop AdaOS", said)
        self.assertIn("no AdaOS base directory", self.cli("migrate", self.folder / "newer", code=1))
        self.assertIn("no such directory", self.cli("migrate", self.folder / "nowhere", code=1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
