"""adaos-hub registry rebuild, verify and diff: what they print, how they end."""

import json
import subprocess
import unittest

from harness import run_cli, temporary_folder, write_scenario, write_skill


class RegistryCommands(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(temporary_folder())
        self.registry = self.folder / "registry.git"
        self.cli("registry", "init", self.registry, known=False)
        self.push("skill", write_skill(self.folder, "notes_skill", extra="permissions: [files]\n"))
        self.push("scenario", write_scenario(self.folder, "morning", ["notes_skill"]))

    def cli(self, *arguments, code=0, known=True):
        place = ("--registry", self.registry) if known else ()
        done = run_cli(*arguments, *place, cache=self.folder / "cache", check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def push(self, kind, source):
        self.cli(kind, "push", source)

    def git(self, *arguments, text=None):
        done = subprocess.run(["git", "-C", self.work, *arguments], input=text, text=True,
                              capture_output=True, check=True)
        return done.stdout

    def change(self, path, edit):
        """A commit past all rules, from a work tree of its own."""
        self.work = self.folder / "work"
        if not self.work.exists():
            subprocess.run(["git", "clone", "-q", self.registry, self.work], check=True)
        self.git("pull", "-q")
        file = self.work / path
        file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8")
        self.git("-c", "user.name=a", "-c", "user.email=a@a", "commit", "-qam", "by hand")
        self.git("push", "-q")

    def published(self):
        return subprocess.run(["git", "-C", self.registry, "show", "main:registry.json"],
                              capture_output=True, check=True).stdout

    def test_what_was_pushed_is_right_and_a_changed_catalogue_is_mended(self):
        good = self.published()
        said = self.cli("registry", "rebuild", "--check").stdout
        self.assertIn("registry.json is what the files of 1 skill and 1 scenario give", said)
        self.change("registry.json", lambda text: text.replace("a test skill", "another"))
        said = self.cli("registry", "rebuild", "--check", code=1).stdout
        self.assertIn("skills/notes_skill: differs: description", said)
        self.assertIn("to mend it: adaos-hub registry rebuild", said)
        told = json.loads(self.cli("registry", "rebuild", "--check", "--json", code=1).stdout)
        self.assertEqual(told["status"], "differs")
        self.assertEqual(told["differences"], [
            {"path": "skills/notes_skill", "what": "differs", "fields": "description"}])
        out = self.folder / "rebuilt.json"
        self.cli("registry", "rebuild", "--output", out)
        self.assertEqual(out.read_bytes(), good)
        self.assertIn("published registry.json", self.cli("registry", "rebuild").stdout)
        self.assertEqual(self.published(), good)
        self.assertIn("nothing was changed", self.cli("registry", "rebuild").stdout)

    def test_verify_finds_a_file_that_is_not_the_published_one(self):
        self.assertIn("2 entries of 2 good", self.cli("registry", "verify").stdout)
        self.change("skills/notes_skill/handlers/main.py", lambda text: text + "import os\n")
        said = self.cli("registry", "verify", code=1).stdout
        self.assertIn("BAD        skills/notes_skill 1.0.0: cannot trust skills/notes_skill", said)
        self.assertIn("what to do: push it again with a higher version", said)
        told = json.loads(self.cli("registry", "verify", "--json", code=1).stdout)
        self.assertEqual([(one["path"], one["status"]) for one in told["artifacts"]],
                         [("skills/notes_skill", "changed")])
        said = self.cli("registry", "verify", "--commit", "main~1").stdout
        self.assertIn("2 entries of 2 good", said)

    def test_diff_says_what_changed_and_what_it_asks_for(self):
        self.push("skill", write_skill(self.folder, "notes_skill", version="1.1.0",
                                       extra="permissions: [files, network]\n"))
        said = self.cli("registry", "diff", "main~3", "main").stdout
        self.assertIn("new      skill notes_skill 1.1.0", said)
        self.assertIn("new      scenario morning 1.0.0", said)
        self.assertIn("    + needs skill notes_skill", said)
        said = self.cli("registry", "diff", "main~1", "main").stdout
        self.assertIn("updated  skill notes_skill 1.0.0 -> 1.1.0\n    + permission network", said)
        self.assertNotIn("morning", said)
        told = json.loads(self.cli("registry", "diff", "main", "main~1", "--json").stdout)
        self.assertEqual(told["changes"][0]["permissions"], {"added": [], "removed": ["network"]})
        self.assertIn("nothing changed", self.cli("registry", "diff", "main", "main").stdout)

    def test_a_commit_that_is_not_there_is_refused_with_what_to_do(self):
        said = self.cli("registry", "diff", "beefbeef", "main", code=1).stderr
        self.assertIn("cannot find commit beefbeef", said)
        self.assertIn("code: no_commit", said)
        said = self.cli("registry", "verify", "--commit", "main~9", "--json", code=1).stdout
        told = json.loads(said)
        self.assertEqual(told["code"], "no_commit")
        self.cli("registry", "rebuild", "--commit", "main~1", code=2)


if __name__ == "__main__":
    unittest.main()
