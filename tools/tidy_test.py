#!/usr/bin/env python3
"""Tests of tidy.py: each check finds what it is for, and leaves right code alone."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tidy  # noqa: E402

MAP = """
hub_room(base        LIBS Boost::json)   # hub_room(ghost)
hub_room(contracts   DEPS base)
hub_room(store       DEPS contracts)
hub_room(ydoc        DEPS base)
hub_room(cli         DEPS store)
"""


class Tree(unittest.TestCase):
    """A project in a temporary folder, with the rooms of MAP."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("src/CMakeLists.txt", MAP)
        for room in ("base", "contracts", "store", "ydoc", "cli"):
            (self.root / "src" / room).mkdir()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def problems(self):
        return list(tidy.check_all(self.root))

    def expect(self, *starts):
        found = self.problems()
        self.assertEqual(len(found), len(starts), found)
        for problem, start in zip(found, starts):
            self.assertTrue(problem.startswith(start), f"{problem} does not begin with {start}")


class Layers(Tree):
    def test_a_room_may_include_what_its_rooms_include(self):
        self.write("src/cli/a.cpp", '#include "base/a.hpp"\n#include "contracts/b.hpp"\n')
        self.expect()

    def test_an_upward_or_sideways_include_is_found(self):
        self.write("src/store/a.cpp", '#include "cli/a.hpp"\n')
        self.write("src/ydoc/a.cpp", '#include "store/a.hpp"\n')
        self.expect("src/store/a.cpp:1: store may not include cli",
                    "src/ydoc/a.cpp:1: ydoc may not include store")

    def test_a_test_keeps_to_the_layers_too(self):
        self.write("src/ydoc/a_test.cpp", '#include "store/a.hpp"\n')
        self.expect("src/ydoc/a_test.cpp:1: ydoc may not include store")

    def test_an_include_in_a_comment_is_none(self):
        self.write("src/base/a.cpp", '// #include "store/a.hpp"\n')
        self.expect()

    def test_includes_name_their_room(self):
        self.write("src/base/a.cpp", '#include "files.hpp"\n#include "../base/files.hpp"\n')
        self.expect("src/base/a.cpp:1: include by room", "src/base/a.cpp:2: include by room")

    def test_every_folder_is_a_room_and_every_room_has_one(self):
        (self.root / "src" / "attic").mkdir()
        (self.root / "src" / "ydoc").rmdir()
        self.expect("src/attic:1:", "src/CMakeLists.txt:1: room ydoc has no folder")

    def test_a_room_cannot_depend_on_one_below_its_line(self):
        self.write("src/CMakeLists.txt", "hub_room(store DEPS base)\nhub_room(base)\n")
        self.expect("src/CMakeLists.txt:1: room store depends on base")


class Size(Tree):
    def test_limits_hold_for_code_and_page(self):
        self.write("src/base/a.cpp", "//\n" * 400)
        self.expect()
        self.write("src/base/a.cpp", "//\n" * 401)
        self.write("web/src/ui/a.ts", "//\n" * 401)
        self.expect("src/base/a.cpp:401:", "web/src/ui/a.ts:401:")

    def test_columns_are_characters_and_an_address_may_be_long(self):
        self.write("src/base/a.cpp", "// " + "я" * 97 + "\n// https://" + "x" * 200 + "\n")
        self.expect()
        self.write("src/base/a.cpp", "// " + "я" * 98 + "\n")
        self.expect("src/base/a.cpp:1: the line is longer")

    def test_built_files_are_not_read(self):
        self.write("web/src/node_modules/a.ts", "any\n" * 1000)
        self.write("tests/x/node_modules/a.mjs", "// FIX" "ME\n")
        self.expect()

    def test_unfinished_work_and_loose_ends_are_found(self):
        self.write("src/base/a.cpp", "int a;  // HA" "CK\nint b; \nint c;")
        self.expect("src/base/a.cpp:1: finish it", "src/base/a.cpp:2: spaces",
                    "src/base/a.cpp:3: no newline")


class Banned(Tree):
    def test_words_are_found_in_code_and_not_in_comments_or_strings(self):
        self.write("src/store/a.cpp",
                   "// std::cout here\nauto b = \"std::cerr\";\n"
                   "auto c = 1'000; std::cout << 'x';\n")
        self.expect("src/store/a.cpp:3: use the log")

    def test_a_room_may_do_what_it_is_there_for(self):
        self.write("src/cli/a.cpp", "std::cout << 1;\n")
        self.write("src/base/a.cpp", "auto t = std::chrono::system_clock::now();\n")
        self.write("src/store/a.cpp", "auto t = std::chrono::system_clock::now();\n")
        self.expect("src/store/a.cpp:1: take a Clock")

    def test_a_lambda_names_its_captures(self):
        self.write("src/base/a.cpp",
                   "auto f = [=] { };\nauto g = [=, &x] { };\nauto h = [&x] { };\n")
        self.expect("src/base/a.cpp:1: name what", "src/base/a.cpp:2: name what")

    def test_a_sleep_belongs_in_a_polling_loop(self):
        self.write("src/base/a.cpp", "while (!done()) {\n  std::this_thread::sleep_for(1ms);\n}\n")
        self.write("src/store/a_test.cpp", "go();\nstd::this_thread::sleep_for(1s);\n")
        self.expect("src/store/a_test.cpp:2: wait for the event")

    def test_a_test_may_print(self):
        self.write("src/store/a_test.cpp", "std::cout << 1;\n")
        self.expect()

    def test_a_raw_string_is_a_string(self):
        self.write("src/store/a.cpp", 'auto a = R"sql(\nstd::cout\n)sql"; std::cout << a;\n')
        self.expect("src/store/a.cpp:3: use the log")

    def test_the_page_has_no_any_and_no_markup_from_outside(self):
        self.write("web/src/a.ts", "const a: any = 1;\n// company\nb.innerHTML = c;\n"
                                   "// eslint-disable-next-line no-x\n")
        self.expect("web/src/a.ts:1: name the type", "web/src/a.ts:3: text from outside",
                    "web/src/a.ts:4: mend it")

    def test_a_header_begins_with_pragma_once(self):
        self.write("src/base/a.hpp", "int a();\n")
        self.expect("src/base/a.hpp:1: a header")


class CoAwait(unittest.TestCase):
    def lines(self, text):
        return list(tidy.braces_in_co_await(tidy.without_strings(tidy.without_comments(text))))

    def test_finds_lambdas_and_braces(self):
        for text in ("co_await run([this] { go(); });", "co_await run([&x](int y) { });",
                     "co_await send(Frame{1, 2});", "co_await send({1, 2});",
                     "auto x = co_await f(a,\n    g<T>{});", "co_await f([] <class T>(T t) {});"):
            with self.subTest(text=text):
                self.assertEqual(self.lines(text), [1])

    def test_leaves_plain_calls_alone(self):
        for text in ("co_await run(std::move(task));", "co_await send(frames[index], sizes[0]);",
                     "if (co_await ready()) {\n  x = Frame{1};\n}",
                     "while (!co_await done(a)) { b(); }", "// co_await f({1});",
                     'co_await f("{}", "[x] {");', "co_await f(a[i](b));",
                     "for (auto x = co_await next(); x; x = co_await next()) { y{}; }"):
            with self.subTest(text=text):
                self.assertEqual(self.lines(text), [])

    def test_says_the_line_where_it_begins(self):
        self.assertEqual(self.lines("\n\nx = co_await f(\n  {1});"), [3])


class Decisions(Tree):
    def test_a_decision_has_context_decision_and_price(self):
        self.write("docs/decisions/one.md", "# One\n\n## Context\n\n## Decision\n\n## Price\n")
        self.write("docs/decisions/two.md", "# Two\n\n## Context\n\n## Decision\n")
        self.write("docs/decisions/README.md", "# All\n")
        self.expect("docs/decisions/two.md:1: it has no heading 'Price'")


class NpmLocks(Tree):
    LOCK = """{"packages": {"": {}, "node_modules/rollup": {"optionalDependencies":
        {"@rollup/linux": "1", "@rollup/mac": "1"}}, "node_modules/@rollup/linux": {}%s}}"""

    def test_a_lock_that_names_every_platform_is_right(self):
        self.write("web/package-lock.json", self.LOCK % ', "node_modules/@rollup/mac": {}')
        self.expect()

    def test_a_platform_that_was_left_out_is_found(self):
        self.write("web/package-lock.json", self.LOCK % "")
        self.expect("web/package-lock.json:1: node_modules/rollup may want @rollup/mac")


if __name__ == "__main__":
    unittest.main()
