"""diagnostics.run and `adaos-hub doctor`: what is wrong is found, said with what to do about it,
and told by the exit code; with a hub and without one."""

import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

# pylint: disable=wrong-import-position
from cli_harness import CliTest


def levels(report):
    worst = {}
    order = ["ok", "warning", "problem"]
    for finding in report["findings"]:
        known = worst.get(finding["check"], "ok")
        worst[finding["check"]] = max(known, finding["level"], key=order.index)
    return worst


class DoctorTest(CliTest):
    def setUp(self):
        self.base = self.folder / self.id().rsplit(".", 1)[1]

    def doctor(self, *arguments, code=0):
        said = self.run_cli(self.base, "doctor", "--json", *arguments, code=code).stdout
        return json.loads(said)

    def test_a_running_hub_finds_what_is_wrong_with_it(self):
        with self.start_hub(self.base) as hub:
            self.run_cli(self.base, "skill", "install", "notes_skill")
            report = self.doctor()
            self.assertEqual((report["scope"], report["problems"]), ("running", 0), report)
            found = levels(report)
            for check in ("store", "operations", "registry", "artifacts", "models", "clock",
                          "leftovers", "permissions"):
                self.assertEqual(found[check], "ok", report)
            operation = hub.get("/api/operations?kind=diagnostics.run").json["order"][0]
            result = hub.get(f"/api/operations/{operation}/result")
            self.assertEqual(result.json["findings"], report["findings"])
            state = hub.get(f"/api/operations/{operation}").json
            self.assertEqual(state["result"]["problems"], 0)
            self.assertLess(len(json.dumps(state)), 8192)
            self.assertEqual(hub.get("/api/operations/op_x/result").status, 404)

            os.chmod(self.base / "state/token", 0o644)
            manifest = next((self.base / "workspace/skills").glob("*/skill.yaml"))
            manifest.write_text(manifest.read_text() + "# mine\n", encoding="utf-8")
            (self.base / "state/staging/op_gone").mkdir()
            said = self.run_cli(self.base, "doctor", code=1).stdout
            for line in ("problem  ", "what to do: chmod 600 ", "notes_skill",
                         "adaos-hub skill install notes_skill", "restart the hub"):
                self.assertIn(line, said)
            found = levels(self.doctor(code=1))
            self.assertEqual((found["permissions"], found["artifacts"], found["leftovers"]),
                             ("problem", "warning", "warning"))

    def test_without_a_hub_its_files_are_looked_at_and_left_alone(self):
        self.assertIn("base_directory_missing",
                      self.run_cli(self.base, "doctor", code=1).stderr)
        with self.start_hub(self.base) as hub:
            self.run_cli(self.base, "skill", "install", "notes_skill")
            hub.kill()
        before = {path: path.stat().st_mtime_ns for path in self.base.rglob("*")}
        report = self.doctor()
        self.assertEqual((report["scope"], report["problems"]), ("stopped", 0), report)
        self.assertEqual({path: path.stat().st_mtime_ns for path in self.base.rglob("*")}, before)
        with open(self.base / "state/hub.db", "r+b") as database:
            database.write(b"no database any more")
        report = self.doctor(code=1)
        self.assertEqual(levels(report)["store"], "problem")


if __name__ == "__main__":
    unittest.main()
