"""What a hub says when it has no room: too many operations, too little disk."""

import os
import pathlib
import subprocess
import sys
import unittest

from cli_harness import CliTest, Hub


def install(hub, name, **more):
    return hub.post("/api/skills/install", {"name": name, "async_operation": True, **more})


class TooMany(CliTest):
    def hub_with(self, name, *arguments):
        hub = Hub(self.folder / name, "--registry", str(self.registry), "--slots", "0", *arguments)
        self.addCleanup(hub.__exit__)
        hub.wait_catalog(4)
        return hub

    def test_of_one_initiator_are_429_and_of_all_503(self):
        for option, status, reason in (
                ("--operations-per-initiator-max", 429, "too_many_operations_of_one"),
                ("--operations-max", 503, "too_many_operations")):
            hub = self.hub_with(reason, option, "2")
            first = install(hub, "notes_skill").json["operation_id"]
            self.assertEqual(install(hub, "timer_skill").status, 202)
            full = install(hub, "broken_skill")
            self.assertEqual((full.status, full.json["code"]), (status, reason))
            self.assertGreater(int(full.headers["Retry-After"]), 0)
            self.assertIn("hint", full.json)
            # The same request again asks for no room of its own.
            self.assertEqual(install(hub, "notes_skill").json["operation_id"], first)
            self.assertEqual(hub.post(f"/api/operations/{first}/cancel").status, 202)
            self.assertEqual(install(hub, "broken_skill").status, 202)


# A file system of 96 MiB of its own, seen by this process and its hub alone. Needs root.
SMALL_DISK = """
import sys
sys.path.insert(0, sys.argv[1])
from harness import Hub
registry, base = sys.argv[2:]
with Hub(base, "--registry", registry) as hub:
    hub.wait_catalog(4)
    answer = hub.post("/api/skills/install", {"name": "notes_skill", "async_operation": True})
    print(answer.status, answer.json["code"])
    print(answer.json["detail"])
    print(hub.get("/api/operations").json["order"])
"""


class TooLittleDisk(CliTest):
    @unittest.skipIf(os.geteuid() != 0, "a disk of its own can only be mounted by root")
    def test_is_507_before_anything_is_stored(self):
        base = self.folder / "small"
        base.mkdir()
        tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
        if tried.returncode != 0:
            self.skipTest("this machine lets nobody mount: " + tried.stderr.decode())
        script = self.folder / "small_disk.py"
        script.write_text(SMALL_DISK, encoding="utf-8")
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c",
             'mount -t tmpfs -o size=96m none "$1" && shift && exec "$@"', "sh", str(base),
             sys.executable, str(script), str(pathlib.Path(__file__).parent),
             str(self.registry), str(base)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        said = done.stdout.splitlines()
        self.assertEqual(said[0], "507 disk_full", done.stdout)
        self.assertRegex(said[1], r"\d+ MiB are free on the hub's disk, and \d+ MiB are needed")
        self.assertEqual(said[2], "[]")


if __name__ == "__main__":
    unittest.main()
