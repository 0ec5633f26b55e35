#!/usr/bin/env python3
"""Tests of clang_tidy.py: a result is forgotten when, and only when, what it rests on changed."""
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
TOOLS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS))
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


class Units(unittest.TestCase):
    """With the real clang-tidy and the project's own list of checks."""

    def setUp(self):
        # Inside the project, since only its files are looked at.
        clang_tidy.CACHE.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="test-", dir=clang_tidy.CACHE)
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve() / "src"
        self.root.mkdir()
        patch = mock.patch.object(clang_tidy, "ROOT", self.root.parent)
        patch.start()
        self.addCleanup(patch.stop)
        (self.root.parent / ".clang-tidy").write_bytes(
            (TOOLS.parent / ".clang-tidy").read_bytes())

    def check(self, **files):
        entries = {}
        for name, text in files.items():
            path = self.root / f"{name}.cpp"
            path.write_text(text, encoding="utf-8")
            entries[path] = {"directory": str(self.root), "file": str(path),
                             "command": f"/usr/bin/clang++-19 -std=c++20 -o x.o -c {path}"}
        (self.root / "compile_commands.json").write_text(json.dumps(list(entries.values())))
        units = list(clang_tidy.units_of(sorted(entries), entries))
        return len(units), {path.stem: problems for unit in units
                            for path, problems in clang_tidy.check(self.root, unit, entries)}

    def test_a_problem_in_a_unit_is_one_of_its_file_alone(self):
        units, found = self.check(
            a="int a() { return 1; }\n",
            b="int b(int* from) { if (from == nullptr) return *from; return 2; }\n",
            c="int* c() { return 0; }\n")
        self.assertEqual(units, 1)
        self.assertEqual(found["a"], "")
        self.assertIn("NullDereference", found["b"])
        self.assertIn("modernize-use-nullptr", found["c"])

    def test_files_that_cannot_stand_together_are_checked_apart(self):
        one = ("namespace {\nint same() { return 1; }\n}  // namespace\n"
               "int %s() { return same(); }\n")
        self.assertEqual(self.check(a=one % "a", b=one % "b"), (2, {"a": "", "b": ""}))
        hidden = one.replace("namespace {\n", "namespace { ")  # not seen before it is compiled
        self.assertEqual(self.check(a=hidden % "a", b=hidden % "b"), (1, {"a": "", "b": ""}))

    def test_files_compiled_in_different_ways_are_no_unit(self):
        paths = [self.root / "a.cpp", self.root / "b.cpp"]
        for path in paths:
            path.touch()
        for flags in (("-DX=0", "-DX=1"), ("-O1", "-O2"), ("-DX -O1", "-DX -O2")):
            entries = {path: {"command": f"ccache /usr/bin/clang++-19 {given} -o x.o -c {path}"}
                       for path, given in zip(paths, flags)}
            self.assertEqual(clang_tidy.units_of(paths, entries), [[paths[0]], [paths[1]]])
        for flags in (("-DX=0 -I/a", "-DX=0 -I/b"), ("-DX", "-DY")):
            entries = {path: {"command": f"ccache /usr/bin/clang++-19 {given} -o x.o -c {path}"}
                       for path, given in zip(paths, flags)}
            self.assertEqual(clang_tidy.units_of(paths, entries), [paths])


if __name__ == "__main__":
    unittest.main()
