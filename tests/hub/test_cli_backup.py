"""adaos-hub backup and restore: while the hub works, and into another folder."""

import json
import re
import shutil
import sqlite3
import stat
import unittest

from cli_harness import SLOW, CliTest, wait_until


class Backups(CliTest):
    def setUp(self):
        self.base = self.folder / self.id().rsplit(".", 1)[1]
        self.saved = self.base.with_suffix(".db")

    def states(self, hub):
        return hub.get("/api/operations?limit=1000").json["by_id"]

    def test_a_backup_of_a_busy_hub_is_a_hub_of_its_own(self):
        with self.start_hub(self.base, fault=SLOW) as hub:
            ended = json.loads(self.run_cli(self.base, "registry", "refresh", "--json").stdout)
            for kind, name in (("skill", "notes_skill"), ("scenario", "small_scenario")):
                said = self.run_cli(self.base, kind, "install", name, "--no-wait", "--json").stdout
                last = json.loads(said)["operation_id"]
            wait_until("a running one", lambda: hub.get(
                f"/api/operations/{last}").json["status"] == "running" or hub.get(
                "/api/operations?status=active").json["order"])
            said = self.run_cli(self.base, "backup", self.saved).stdout
            counts = re.search(r"[3-5] operations, [2-4] of them not ended", said)[0]
            self.assertIn(str(self.base / "workspace"), said)
            before = self.states(hub)
            self.assertEqual(stat.S_IMODE(self.saved.stat().st_mode) & 0o077, 0)
            self.assertEqual(hub.end_of(last)["status"], "succeeded", "the hub went on")
        other = self.base.with_suffix(".other")
        said = self.run_cli(other, "restore", self.saved).stdout
        self.assertIn(counts, said)
        self.assertIn(f"adaos-hub serve --base-dir {other}", said)
        shutil.copy(self.base / "state/token", other / "state/token")
        with self.start_hub(other) as hub:
            more = [state for one, state in self.states(hub).items() if one not in before]
            self.assertTrue(all(state["parent_id"] for state in more), more)
            for operation, state in before.items():
                end = hub.end_of(operation)
                self.assertEqual(end["created_at"], state["created_at"])
                if end["status"] != "succeeded":  # what it had fetched is not in the backup
                    self.assertEqual((end["status"], end["can_retry"]), ("failed", True), end)
                    self.run_cli(other, "operations", "retry", operation)
            ended.pop("log_tail")  # logs are files beside the store
            self.assertEqual(self.states(hub)[ended["operation_id"]], ended)
            self.assertTrue((other / "workspace/skills/notes_skill/skill.yaml").exists())
            listed = self.run_cli(other, "operations", "list").stdout
            self.assertGreaterEqual(listed.count("succeeded"), 3, listed)

    def test_a_restore_never_destroys_what_is_there(self):
        with self.start_hub(self.base):
            self.run_cli(self.base, "registry", "refresh")
            self.run_cli(self.base, "backup", self.saved)
            self.run_cli(self.base, "skill", "install", "notes_skill")
            said = self.run_cli(self.base, "restore", self.saved, "--yes", code=1).stderr
            self.assertIn("code: base_directory_in_use", said)
            self.assertIn("stop the hub", said)
        said = self.run_cli(self.base, "restore", self.saved, code=1).stderr
        self.assertIn("code: not_confirmed", said)
        self.assertIn("--yes", said)
        with self.terminal(self.base, "restore", self.saved) as terminal:
            terminal.wait_for("Put the backup in its place? [y/N]")
            terminal.type("n\n")
            self.assertEqual(terminal.end(), 1)
        said = json.loads(self.run_cli(self.base, "restore", self.saved, "--yes", "--json").stdout)
        self.assertEqual(said["from"]["operations"], 1)
        with sqlite3.connect(said["moved_aside"]) as kept:
            self.assertEqual(kept.execute("SELECT COUNT(*) FROM operations").fetchone()[0], 2)
        kept.close()
        with self.start_hub(self.base) as hub:
            self.assertEqual(len(self.states(hub)), 1)

    def test_what_cannot_be_saved_or_restored_is_said(self):
        said = self.run_cli(self.base, "backup", self.saved, code=1).stderr
        self.assertIn("code: database_missing", said)
        self.assertFalse(self.saved.exists())
        said = self.run_cli(self.base, "restore", self.saved, code=1).stderr
        self.assertIn("code: backup_missing", said)
        self.assertFalse(self.base.exists(), "a refused restore leaves no folder")
        self.saved.write_bytes(b"not a database at all" * 500)
        said = self.run_cli(self.base, "restore", self.saved, "--json", code=1).stdout
        self.assertFalse(json.loads(said)["ok"])
        self.assertTrue(json.loads(said)["code"])
        self.assertFalse((self.base / "state/hub.db").exists())
        with self.start_hub(self.base):
            self.assertIn("code: backup_exists",
                          self.run_cli(self.base, "backup", self.saved, code=1).stderr)


if __name__ == "__main__":
    unittest.main()
