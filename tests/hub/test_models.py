"""model.download and model.remove from the outside: a hub, its command line, and a server that
counts what it has sent."""

import json
import os
import pathlib
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

# pylint: disable=wrong-import-position
from cli_harness import environment
from harness import BINARY, Hub, temporary_folder, wait_until
from model_server import ModelServer, sha256

os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"
MIB = 1 << 20


def content(size, seed):
    return random.Random(seed).randbytes(size)


class ModelsTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(temporary_folder())
        self.base = self.folder / "base"
        self.weights, self.words = content(16 * MIB, 1), content(5000, 2)
        self.server = ModelServer({"/w.bin": self.weights, "/words.txt": self.words})
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def files(self):
        return [{"path": "w.bin", "size": len(self.weights), "sha256": sha256(self.weights),
                 "urls": [self.server.url("/w.bin")]},
                {"path": "vocab/words.txt", "sha256": sha256(self.words),
                 "urls": [self.server.url("/gone"), self.server.url("/words.txt")]}]

    def ask(self, hub, kind="model.download", target="tiny", **params):
        answer = hub.post("/api/operations", {"kind": kind, "target_kind": "model",
                                              "target_id": target, "params": params})
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json["operation_id"]

    def end_of(self, hub, operation_id, status="succeeded"):
        state = hub.end_of(operation_id)
        self.assertEqual(state["status"], status, state)
        return state

    def listed(self, hub):
        return {item["name"]: item for item in hub.get("/api/models").json["items"]}

    def assert_whole(self, folder):
        self.assertEqual((folder / "w.bin").read_bytes(), self.weights)
        self.assertEqual((folder / "vocab/words.txt").read_bytes(), self.words)

    def cli(self, *arguments, code=0):
        done = subprocess.run([BINARY, *map(str, arguments)], text=True, capture_output=True,
                              env=environment(ADAOS_BASE_DIR=str(self.base)), timeout=60,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, code, f"{arguments}:\n{done.stdout}\n{done.stderr}")
        return done

    def test_a_model_comes_whole_is_shared_removed_and_brought_back(self):
        with Hub(self.base) as hub:
            state = self.end_of(hub, self.ask(hub, files=self.files()))
            self.assertEqual(state["result"]["size"], len(self.weights) + len(self.words))
            self.assertIn("/gone was not used", state["warnings"][0])
            folder = self.base / "models/tiny"
            self.assert_whole(folder)
            self.assertEqual(self.listed(hub)["tiny"]["files"][0]["sha256"], sha256(self.weights))
            self.assertFalse(list((self.base / "models/.partial").iterdir()))

            sent = self.server.sent
            state = self.end_of(hub, self.ask(hub, target="twin", files=self.files()))
            self.assertEqual((state["result"]["shared_files"], self.server.sent), (2, sent))
            self.assertEqual((folder / "w.bin").stat().st_ino,
                             (self.base / "models/twin/w.bin").stat().st_ino)
            state = self.end_of(hub, self.ask(hub, files=self.files()))
            self.assertIn("was here already", state["message"])

            removed = self.ask(hub, "model.remove")
            self.assertTrue(self.end_of(hub, removed)["can_undo"])
            self.assertEqual(list(self.listed(hub)), ["twin"])
            undo = hub.post(f"/api/operations/{removed}/undo").json["operation_id"]
            self.end_of(hub, undo)
            self.assert_whole(folder)

    def test_a_kill_in_the_middle_loses_next_to_nothing(self):
        self.server.bytes_per_s = 6 * MIB  # of each connection
        with Hub(self.base) as hub:
            operation_id = self.ask(hub, files=self.files())
            wait_until("half of it", lambda: self.server.sent > 9 * MIB)
            state = hub.get(f"/api/operations/{operation_id}").json
            self.assertEqual(state["progress_detail"]["unit"], "bytes")
            self.assertFalse((self.base / "models/tiny").exists())
            hub.kill()
        self.server.bytes_per_s = 0
        with Hub(self.base) as hub:
            self.end_of(hub, operation_id)
            self.assert_whole(self.base / "models/tiny")
        again = self.server.sent - len(self.weights) - len(self.words)
        self.assertLess(again, 9 * MIB, "sent twice")

    def test_a_cancel_and_a_failure_leave_nothing_that_is_seen_and_keep_what_came(self):
        self.server.bytes_per_s = 6 * MIB
        with Hub(self.base) as hub:
            operation_id = self.ask(hub, files=self.files())
            wait_until("some of it", lambda: self.server.sent > 5 * MIB)
            hub.post(f"/api/operations/{operation_id}/cancel")
            began = time.monotonic()
            self.end_of(hub, operation_id, "cancelled")
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(self.listed(hub), {})
            self.server.bytes_per_s = 0
            broken = self.files()
            broken[1]["sha256"] = "0" * 64
            state = self.end_of(hub, self.ask(hub, files=broken), "failed")
            self.assertEqual(state["error"]["code"], "CONTENT_MISMATCH", state["error"])
            self.assertEqual(self.listed(hub), {})
            self.end_of(hub, self.ask(hub, files=self.files()))
            self.assert_whole(self.base / "models/tiny")
            again = self.server.sent - len(self.weights) - len(self.words)
            self.assertLess(again, 9 * MIB + 2 * len(self.words))

    def test_a_password_in_an_address_is_seen_nowhere(self):
        files = self.files()[:1]
        files[0]["urls"] = [files[0]["urls"][0].replace("//", "//me:hunter2hunter2@")]
        with Hub(self.base) as hub:
            operation_id = self.ask(hub, files=files)
            state = self.end_of(hub, operation_id)
            shown = json.dumps(state) + hub.get(f"/api/operations/{operation_id}/log").body.decode()
            self.assertNotIn("hunter2", shown)
        for path in self.base.rglob("*"):
            if path.is_file() and path.stat().st_size < MIB:
                self.assertNotIn(b"hunter2", path.read_bytes(), path)

    def test_the_command_line_downloads_lists_and_removes(self):
        with Hub(self.base):
            self.assertIn("no models", self.cli("model", "list").stdout)
            self.cli("model", "download", "tiny", "--file", self.server.url("/w.bin"),
                     "--sha256", sha256(self.weights), "--size", len(self.weights),
                     "--file", f"vocab/words.txt={self.server.url('/gone')},"
                     f"{self.server.url('/words.txt')}", "--sha256", sha256(self.words),
                     "--size", len(self.words))
            self.assert_whole(self.base / "models/tiny")
            self.assertRegex(self.cli("model", "list").stdout, r"tiny +16 MiB +2")
            manifest = self.folder / "twin.json"
            manifest.write_text(json.dumps({"files": self.files(), "connections": 2}),
                                encoding="utf-8")
            said = self.cli("model", "download", "twin", "--manifest", manifest, "--plan").stdout
            self.assertIn("twin", said)
            self.cli("model", "download", "twin", "--manifest", manifest)
            self.cli("model", "remove", "tiny")
            said = self.cli("model", "list", "--json").stdout
            self.assertEqual([item["name"] for item in json.loads(said)["items"]], ["twin"])
            said = self.cli("model", "remove", "tinny", code=1).stderr
            self.assertIn("unknown_model", said)
            said = self.cli("model", "download", "x", "--file", "http://h/../../etc/passwd",
                            "--sha256", "12", code=1).stderr
            self.assertIn("bad_sha256", said)
            self.assertIn("--sha256", self.cli("model", "download", "x", "--file", "http://h/a",
                                               code=2).stderr)


if __name__ == "__main__":
    unittest.main()
