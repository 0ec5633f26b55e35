"""The operator's command line in a pipe: every verb, errors, exit codes."""

import http.server
import json
import shutil
import subprocess
import threading
import unittest

from cli_harness import CliTest, short


class Verbs(CliTest):
    """One hub for all; each test uses a target of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = cls.folder / "base"
        cls.hub = cls.enterClassContext(cls.start_hub(cls.base))

    def cli(self, *arguments, **more):
        return self.run_cli(self.base, *arguments, **more)

    def operations(self):
        return self.hub.get("/api/operations?limit=1000").json["order"]

    def test_an_install_is_watched_line_by_line_and_undone_by_an_uninstall(self):
        said = self.cli("skill", "install", "timer_skill").stdout
        self.assertRegex(said, r"^install skill .*timer_skill.*  op_[0-9a-f-]{36}\n")
        for step in ("fetch", "verify", "prepare", "activate"):
            self.assertRegex(said, rf"\n{step}: done in [0-9.]+ s\n")
        self.assertRegex(said, r"\nsucceeded: .*installed.* \([0-9.]+ s\)\n$")
        self.assertTrue((self.base / "workspace/skills/timer_skill/skill.yaml").exists())
        again = self.cli("skill", "uninstall", "timer_skill", "--json").stdout
        self.assertEqual(json.loads(again)["status"], "succeeded")
        self.assertFalse((self.base / "workspace/skills/timer_skill").exists())

    def test_a_failed_install_says_why_and_what_to_do_and_can_be_tried_again(self):
        said = self.cli("skill", "install", "broken_skill", code=4).stdout
        self.assertRegex(said, r"failed \([0-9.]+ s\)\n  DEPENDENCIES_FAILED at prepare")
        self.assertIn("  what to do: ", said)
        self.assertIn("  left on the hub: ", said)
        failed = self.operations()[-1]
        self.assertIn(f"adaos-hub operations show {short(failed)}", said)
        shown = self.cli("operations", "show", short(failed)).stdout
        self.assertIn(f"  id          {failed}\n", shown)
        self.assertIn("✗ prepare", shown)
        self.assertIn("DEPENDENCIES_FAILED", shown)
        self.assertIn("no_such_package", shown, "what pip printed")
        self.assertIn(f"adaos-hub operations retry {short(failed)}", shown)
        self.cli("operations", "retry", failed, code=4)
        retried = self.operations()[-1]
        self.assertNotEqual(retried, failed)
        self.assertIn(f"retry of    {failed}", self.cli("operations", "show", "last").stdout)
        self.assertEqual(json.loads(self.cli("operations", "show", retried, "--json").stdout),
                         self.hub.get(f"/api/operations/{retried}").json)

    def test_a_list_is_a_table_and_as_json_what_the_hub_answers(self):
        self.cli("registry", "refresh")
        last = self.operations()[-1]
        table = self.cli("operations", "list", "--kind", "registry.refresh").stdout.splitlines()
        self.assertRegex(table[0], r"^ID +AGE +STATUS +WHAT$")
        self.assertRegex(table[1], rf"^{short(last)} +\d+ s +succeeded +100 % +refresh registry$")
        listed = json.loads(self.cli("operations", "list", "--limit", 1, "--json").stdout)
        self.assertEqual([state["operation_id"] for state in listed], [last])
        self.assertEqual(listed[0], self.hub.get("/api/operations?limit=1").json["by_id"][last])
        self.assertEqual(self.cli("operations", "list", "--target", "skill:none").stdout,
                         "no operations\n")
        self.assertEqual(self.cli("operations", "list", "--active").stdout, "no operations\n")
        self.assertEqual(self.cli("operations", "watch").stderr, "nothing is active\n")

    def test_what_was_only_accepted_can_be_watched_after_its_end(self):
        said = self.cli("registry", "refresh", "--no-wait").stdout
        operation = self.operations()[-1]
        self.assertIn(operation, said)
        self.assertIn(f"adaos-hub operations watch {short(operation)}", said)
        self.hub.end_of(operation)
        self.assertIn("\nsucceeded", self.cli("operations", "watch", operation).stdout)
        lines = self.cli("operations", "watch", "last", "--json").stdout.splitlines()
        self.assertEqual([json.loads(line)["status"] for line in lines], ["succeeded"])

    def test_a_plan_starts_nothing(self):
        before = self.operations()
        said = self.cli("scenario", "install", "small_scenario", "--plan").stdout
        self.assertIn("what it would do\n  steps         1. ", said)
        self.assertIn("locks         ", said)
        self.assertIn("can be undone ", said)
        self.assertTrue(said.endswith("Nothing was started.\n"))
        plan = json.loads(self.cli("scenario", "install", "small_scenario", "--plan",
                                   "--json").stdout)["plan"]
        self.assertIn("scenario:small_scenario", plan["resources"])
        self.assertEqual(self.operations(), before)

    def test_an_operation_of_any_kind_can_be_started(self):
        said = self.cli("operations", "start", "registry.refresh", "--target", "registry",
                        "--priority", "background", "--on-conflict", "queue", "--deadline", 600,
                        "--json").stdout
        self.assertEqual(json.loads(said)["priority"], "background")
        said = self.cli("operations", "start", "skill.fly", "--target", "skill:x", code=1).stderr
        self.assertIn("unknown_kind", said)
        self.assertIn("skill.install", said, "it names those that there are")
        said = self.cli("skill", "install", "notes_skill", "--pin", "9.9.9", code=1).stderr
        self.assertIn("version_not_published", said)
        said = self.cli("skill", "install", "notes_skil", code=1).stderr
        self.assertIn("notes_skill", said, "the nearest name")

    def test_what_succeeded_is_undone_and_what_it_had_removed_is_back(self):
        self.cli("skill", "install", "timer_skill")
        installed = self.operations()[-1]
        self.assertIn(f"adaos-hub operations undo {short(installed)}",
                      self.cli("operations", "show", "last").stdout)
        said = self.cli("operations", "undo", "last").stdout
        self.assertRegex(said, r"\nundo activate: done in [0-9.]+ s\n")
        self.assertIn("\nsucceeded", said)
        self.assertFalse((self.base / "workspace/skills/timer_skill").exists())
        self.assertIn(f"undoes      {installed}", self.cli("operations", "show", "last").stdout)
        self.assertIn("operation_not_undoable",
                      self.cli("operations", "undo", installed, code=1).stderr)

    def test_an_update_of_everything_is_an_operation(self):
        self.assertIn("update workspace", self.cli("update").stdout)

    def test_a_log_is_printed(self):
        self.cli("skill", "install", "notes_skill")
        said = self.cli("operations", "log", "last").stdout
        self.assertRegex(said, r"^\d{4}-\d\d-\d\dT[0-9:.]+Z fetch: ")
        followed = self.cli("operations", "log", "last", "--follow").stdout
        self.assertEqual(followed, said)
        part = json.loads(self.cli("operations", "log", "last", "--json").stdout)
        self.assertEqual(part["text"], said)

    def test_refusals_name_their_reason(self):
        self.cli("registry", "refresh")
        for verb, reason in (("cancel", "operation_not_active"),
                             ("retry", "operation_not_retryable"),
                             ("undo", "operation_not_undoable")):
            said = self.cli("operations", verb, "last", code=1)
            self.assertIn(f"code: {reason}", said.stderr)
            said = self.cli("operations", verb, "last", "--json", code=1).stdout
            self.assertEqual(json.loads(said)["code"], reason)
        said = self.cli("operations", "confirm", "last", "yes", code=1)
        self.assertIn("code: operation_not_waiting", said.stderr)

    def test_an_id_that_means_none_or_several_is_refused(self):
        self.cli("registry", "refresh")
        self.cli("registry", "refresh")
        self.assertIn("operation_not_found",
                      self.cli("operations", "show", "0123456789", code=1).stderr)
        self.assertIn("bad_id", self.cli("operations", "show", "weather", code=1).stderr)
        said = self.cli("operations", "watch", "op_0", code=1).stderr
        self.assertIn("ambiguous_id", said)
        self.assertRegex(said, r"\([0-9a-f]{6}, ")

    def test_a_reader_that_has_seen_enough_ends_it_quietly(self):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {self.command()} operations list --json | head -c 1"],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")

    def command(self):
        from harness import BINARY  # pylint: disable=import-outside-toplevel
        return f"'{BINARY}' --version >/dev/null; '{BINARY}'"


class Finding(CliTest):
    def test_a_hub_is_found_by_its_folder_and_a_killed_one_is_noticed(self):
        base = self.folder / "found"
        with self.start_hub(base) as hub:
            self.run_cli(base, "operations", "list")
            address = (base / "state/address").read_text().strip()
            self.assertEqual(address, hub.address)
            hub.kill()
        said = self.run_cli(base, "operations", "list", code=3).stderr
        self.assertIn("it does not run (it was killed", said)
        self.assertIn(f"adaos-hub serve --base-dir {base}", said)
        with self.start_hub(base):
            self.run_cli(base, "operations", "list")
        self.assertFalse((base / "state/address").exists(), "a hub that ends takes it away")

    def test_without_a_hub_or_a_token_it_says_what_to_do(self):
        base = self.folder / "lonely"
        (base / "state").mkdir(parents=True)
        url = ("--url", "http://127.0.0.1:1")
        said = self.run_cli(base, "operations", "list", *url, code=3).stderr
        self.assertIn("there is no token in", said)
        self.assertIn("code: token_missing", said)
        said = self.run_cli(base, "operations", "list", *url, code=3,
                            env={"ADAOS_HUB_TOKEN": "x" * 64}).stderr
        self.assertIn("nothing listens there", said)
        self.assertIn("adaos-hub serve --base-dir", said)
        said = self.run_cli(base, "skill", "install", "x", *url, "--json", code=3,
                            env={"ADAOS_HUB_TOKEN": "x" * 64}).stdout
        self.assertEqual(json.loads(said)["code"], "hub_unreachable")
        for usage in (("operations", "list", "--status", "gone"), ("operations", "lst"),
                      ("skill", "install"), ("operations", "cancel")):
            said = self.run_cli(base, *usage, code=2).stderr
            self.assertIn("what to do: adaos-hub", said)

    def test_a_wrong_token_is_no_way_in(self):
        base = self.folder / "locked"
        with self.start_hub(base):
            other = self.folder / "other_token"
            other.write_text("y" * 64)
            said = self.run_cli(base, "operations", "list", "--token-file", other, code=3).stderr
            self.assertIn(f"does not know the token of {other}", said)
            self.assertIn("code: wrong_token", said)
            right = (base / "state/token").read_text().strip()
            self.run_cli(self.folder, "operations", "list", "--base-dir", base,
                         env={"ADAOS_HUB_TOKEN": right})

    def test_what_is_no_hub_or_another_version_is_told_apart(self):
        with stranger({"/": (200, "text/html", "<html>")}) as url:
            said = self.ask_stranger(url).stderr
            self.assertIn("what answers there is no adaos-hub", said)
            self.assertIn("--url", said)
        with stranger({"/api/hub": (200, "application/json", '{"version": "9.9.0"}'),
                       "/api/operations": (200, "application/json", '{"list": []}')}) as url:
            said = self.ask_stranger(url).stderr
            self.assertIn("warning: the hub is version 9.9.0", said)
            self.assertIn("code: other_version", said)
            self.assertIn("use the adaos-hub program that belongs to the hub", said)

    def ask_stranger(self, url):
        return self.run_cli(self.folder, "operations", "list", "--url", url, code=3,
                            env={"ADAOS_HUB_TOKEN": "x" * 64})


class stranger:  # pylint: disable=invalid-name
    """A server that is no hub of ours: {path: (status, type, body)}, "/" for all others."""

    def __init__(self, answers):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                found = answers.get(self.path.split("?")[0], answers.get("/"))
                status, kind, body = found or (404, "text/plain", "nothing")
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


if __name__ == "__main__":
    unittest.main()
