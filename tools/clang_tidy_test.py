#!/usr/bin/env python3
"""Tests of clang_tidy.py: a result is forgotten when, and only when, what it rests on changed."""
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import clang_tidy  # noqa: E402


class Key(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        patch = mock.patch.object(clang_tidy, "ROOT", self.root)
        patch.start()
        self.addCleanup(patch.stop)
        self.write("src/base/a.hpp", "int a();\n")
        self.write("src/store/b.hpp", '#include "base/a.hpp"\n#include "store/b.hpp"\n')
        self.write("src/store/c.cpp", '#include "store/b.hpp"\n#include <vector>\n')
        self.write("src/store/other.hpp", "int other();\n")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def key(self, build="/b/dev", flags="-O1", salt=b"19"):
        return clang_tidy.key_of(self.root / "src/store/c.cpp", f"clang {flags} -I{build}/rooms",
                                 build, clang_tidy.Sources(), salt)

    def test_a_header_included_by_a_header_counts(self):
        before = self.key()
        self.write("src/base/a.hpp", "int a(int);\n")
        self.assertNotEqual(self.key(), before)

    def test_a_file_that_is_not_included_does_not(self):
        before = self.key()
        self.write("src/store/other.hpp", "int another();\n")
        self.assertEqual(self.key(), before)

    def test_the_command_and_the_rules_count_and_the_build_folder_does_not(self):
        self.assertEqual(self.key(build="/b/dev"), self.key(build="/b/other"))
        self.assertNotEqual(self.key(), self.key(flags="-O2"))
        self.assertNotEqual(self.key(), self.key(salt=b"20"))


class Report(unittest.TestCase):
    def test_problems_come_one_by_one_with_paths_of_the_sources(self):
        root, build = clang_tidy.ROOT, clang_tidy.ROOT / "build" / "dev"
        text = (f"{build}/rooms/base/base/a.hpp:1:2: error: one [x]\n  1 | int a;\n"
                f"{root}/src/store/c.cpp:3:4: error: two [y]\n  3 | int b;")
        self.assertEqual(clang_tidy.each_problem(text, build), [
            f"{root}/src/base/a.hpp:1:2: error: one [x]\n  1 | int a;",
            f"{root}/src/store/c.cpp:3:4: error: two [y]\n  3 | int b;"])


if __name__ == "__main__":
    unittest.main()
