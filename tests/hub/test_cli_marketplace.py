"""adaos-hub marketplace: what can be installed, and all about one, in a pipe and as JSON."""

import json
import unittest

from cli_harness import CliTest


class Marketplace(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = cls.folder / "base"
        cls.hub = cls.enterClassContext(cls.start_hub(cls.base))

    def said(self, *arguments, code=0):
        return self.run_cli(self.base, "marketplace", *arguments, code=code)

    def test_rows_are_found_by_words_and_mistyped_ones(self):
        everything = self.said().stdout.splitlines()
        self.assertEqual(everything[0].split(), ["NAME", "KIND", "VERSION", "STATE", "WHAT"])
        self.assertEqual(len(everything), 5)
        self.assertIn("small_scenario", self.said("УТРЕННЯЯ").stdout)
        found = self.said("note", "--kind", "skill").stdout
        self.assertIn("notes_skill", found)
        self.assertNotIn("timer_skill", found)
        mistyped = self.said("timre").stdout
        self.assertIn("nothing has \"timre\": looked for timer", mistyped)
        self.assertIn("timer_skill", mistyped)
        nothing = self.said("xyzzyx").stdout
        self.assertIn("nothing matches\n  what to do: try fewer or other words", nothing)

    def test_json_is_what_the_hub_answers(self):
        answer = json.loads(self.said("--json", "--limit", "1", "--sort", "name").stdout)
        self.assertEqual(answer["total"], 4)
        self.assertEqual(len(answer["rows"]), 1)
        self.assertEqual(answer["catalog"]["state"], "fresh")
        details = json.loads(self.said("show", "small_scenario", "--json").stdout)
        self.assertEqual(details["requirements"]["will_install"],
                         ["skill:timer_skill", "skill:notes_skill", "scenario:small_scenario"])
        self.assertEqual([one["version"] for one in details["versions"]], ["1.0.0"])

    def test_one_artifact_is_told_whole(self):
        skill = self.said("show", "NOTES_skill").stdout
        self.assertIn("README.md", skill)
        self.assertIn("scenario small_scenario", skill)
        self.assertIn("install it with: adaos-hub skill install notes_skill", skill)
        scenario = self.said("show", "small_scenario").stdout
        self.assertIn("will be installed with it", scenario)
        missing = self.said("show", "notez_skill", code=1)
        self.assertIn("no skill and no scenario of that name", missing.stderr)
        self.assertIn("notes_skill", missing.stderr)


if __name__ == "__main__":
    unittest.main()
