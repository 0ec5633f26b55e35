#!/usr/bin/env python3
"""Runs clang-tidy over the project, and remembers what it found clean. In ctest: `clang_tidy`.

    tools/clang_tidy.py BUILD_DIR [FILE…]     BUILD_DIR holds compile_commands.json

Tests (x_test.cpp) are left to the compiler's warnings and the sanitizers: they are half of the
files, and a minute spent there finds less than one spent on the code itself.

A file is checked again only when something it is made of changed: itself, a project header it
includes (directly or not), the command that compiles it, .clang-tidy, or clang-tidy itself. Their
hash names an empty file in build/clang-tidy-cache. Nothing changed: a second. System headers are
not watched; remove the cache after upgrading them.

The compile commands use the precompiled header, which clang-tidy of the same version reads too.

Most of the time goes into the headers, which are the same again and again. So files are checked
together, joined to one unit, where they are analysed as they would be alone. Files that use one
name for different things go into different units, as far as their declarations tell. When anything
is found in a unit, the files it is found in are checked alone, and only what is found then counts.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "clang-tidy-cache"
CLANG_TIDY = "clang-tidy-19"
CHECKED = ("src", "tests")
UNIT_FILES = 60
ANY_INCLUDE = re.compile(r'\s*#\s*include\s+(["<][^">]+[">])')
CACHE_DAYS = 30
PRIVATE_PART = re.compile(r"^namespace \{$(.*?)^\}  // namespace$", re.M | re.S)
DECLARED = re.compile(r"^(?:template <.*> )?"
                      r"(?:(?:struct|class|enum class|enum|union|using) (?!enum)|"
                      r"[A-Za-z_][\w:<>,&*\s\[\]]*?[\s&*])(\w+)\s*(?:[({=;\[]|:(?!:)|final)", re.M)
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.M)


class Sources:
    """Contents and includes of project files, each read once."""

    def __init__(self):
        self._known = {}

    def _read(self, path):
        """(content, project headers it includes directly)"""
        if path not in self._known:
            content = path.read_bytes()
            headers = []
            for name in INCLUDE.findall(content):
                for base in (ROOT / "src", path.parent):
                    header = base / name.decode()
                    if header.is_file():
                        headers.append(header.resolve())
                        break
            self._known[path] = (content, headers)
        return self._known[path]

    def content_of_all_in(self, path):
        """Yields (path, content) of the file and of every project header it includes."""
        seen, waiting = set(), [path]
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            content, headers = self._read(current)
            yield current, content
            waiting += headers


def key_of(path, command, build, sources, salt):
    digest = hashlib.sha256(salt)
    digest.update(command.replace(str(build), "BUILD").encode())
    for part, content in sorted(sources.content_of_all_in(path)):
        digest.update(f"\0{part.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def precompiled_header(build, entries):
    """Its list of includes; it is built when it isn't there yet."""
    for entry in entries:
        words = shlex.split(entry["command"])
        if "-include-pch" in words:
            header = build / words[words.index("-include-pch") + 2]
            if not header.is_file():
                target = str(header.relative_to(build))
                subprocess.run(["ninja", "-C", str(build), "--quiet", target], check=True)
            return header.with_suffix("").read_bytes()
    return b""


def flags_of(entry):
    """The words of the compiler's command that are not about one file: (where it looks for headers
    and what it defines, everything else)"""
    words, places, flags = shlex.split(entry["command"]), [], []
    while words and "clang" not in words[0].rsplit("/", 1)[-1]:
        words.pop(0)  # what starts the compiler
    while words:
        word = words.pop(0)
        if word in ("-o", "-c"):
            words.pop(0)
        elif word == "-isystem":
            places.append(word + words.pop(0))
        elif word.startswith(("-I", "-D")):
            places.append(word)
        else:
            flags.append(word)
    return places, tuple(flags)


def own_names(path):
    """What a file declares for itself alone, in its unnamed namespaces. Those of another folder are
    other names, since each room has a namespace."""
    text = path.read_text(encoding="utf-8")
    return {(path.parent, name) for part in PRIVATE_PART.findall(text)
            for name in DECLARED.findall(part)}


def units_of(paths, entries):
    """Lists of files that can be checked together: compiled in one way, without a name in common.
    The longest first."""
    dealt = []  # (files, names, flags, macros)
    for path in paths:
        places, flags = flags_of(entries[path])
        macros = dict(word.partition("=")[::2] for word in places if word.startswith("-D"))
        names = own_names(path)
        unit = next((unit for unit in dealt if len(unit[0]) < UNIT_FILES and unit[2] == flags
                     and not unit[1] & names
                     and all(unit[3].get(name, value) == value for name, value in macros.items())),
                    None)
        if not unit:
            unit = ([], set(), flags, {})
            dealt.append(unit)
        unit[0].append(path)
        unit[1].update(names)
        unit[3].update(macros)
    return sorted((unit[0] for unit in dealt), key=len, reverse=True)


def command_of(unit, source, entries):
    """Compiles all files of the unit, which `source` holds: looks wherever one of them does. What
    shadows a name of another file shadows nothing."""
    flags = flags_of(entries[unit[0]])[1]
    places = dict.fromkeys(word for path in unit for word in flags_of(entries[path])[0])
    beside = dict.fromkeys(f"-iquote{path.parent}" for path in unit)
    return shlex.join([*flags, "-Wno-shadow", *places, *beside, "-c", str(source)])


def run_clang_tidy(*arguments):
    """Problems as text."""
    ran = subprocess.run([CLANG_TIDY, "--quiet", *map(str, arguments)], capture_output=True,
                         text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout.strip() or ran.stderr.strip() or "it failed"


def joined(unit):
    """(text of the files one after the other, the file of each line). Joined, not included: some
    checks look only at the main file. Each header is included once."""
    lines, owners, seen = [], [], set()
    for path in unit:
        for line in path.read_text(encoding="utf-8").splitlines():
            header = ANY_INCLUDE.match(line)
            lines.append("" if header and header[1] in seen else line)
            owners.append(path)
            if header:
                seen.add(header[1])
    return "\n".join(lines) + "\n", owners


def check_together(unit, entries):
    """(files of the unit in which something was found, whether the others were looked at)"""
    with tempfile.TemporaryDirectory(prefix="unit-", dir=CACHE) as folder:
        folder = pathlib.Path(folder)
        source = folder / "unit.cpp"
        text, owners = joined(unit)
        source.write_text(text, encoding="utf-8")
        command = command_of(unit, source, entries)
        place = entries[unit[0]]["directory"]
        (folder / "compile_commands.json").write_text(json.dumps(
            [{"directory": place, "file": str(source), "command": command}]))
        problems = run_clang_tidy("-p", folder, f"--config-file={ROOT / '.clang-tidy'}", source)
    if not problems:
        return [], True
    # With the notes: what is found in a header was looked at for somebody's sake.
    found = {owners[int(line) - 1] for line in re.findall(
        rf"^{re.escape(str(source))}:(\d+):\d+: ", problems, re.M)}
    return sorted(found) or unit, "[clang-diagnostic-error]" not in problems


def check(build, unit, entries):
    """[(path, problems as text)] of all files of the unit"""
    if len(unit) == 1:
        return [(unit[0], run_clang_tidy("-p", build, unit[0]))]
    found, whole = check_together(unit, entries)
    others = [path for path in unit if path not in found]
    results = [result for path in found for result in check(build, [path], entries)]
    if whole or not others:
        return results + [(path, "") for path in others]
    return results + check(build, others, entries)


def each_problem(text, build):
    """Diagnostics one by one, with paths of the sources: rooms/<room> is a link to src."""
    text = re.sub(rf"{re.escape(str(build))}/rooms/\w+/", f"{ROOT}/src/", text)
    return re.split(rf"\n(?={re.escape(str(ROOT))}/\S+: (?:error|warning): )", text)


def forget_old_results():
    limit = time.time() - CACHE_DAYS * 86400
    for entry in CACHE.iterdir():
        if entry.stat().st_mtime < limit:
            entry.unlink(missing_ok=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("files", nargs="*", type=pathlib.Path)
    arguments.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    given = arguments.parse_args()
    build = given.build.resolve()
    wanted = {path.resolve() for path in given.files}

    entries = json.loads((build / "compile_commands.json").read_text())
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    salt = version + (ROOT / ".clang-tidy").read_bytes() + precompiled_header(build, entries)
    sources, keys, commands = Sources(), {}, {}
    for entry in entries:
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        inside = path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in CHECKED
        asked = path in wanted if wanted else not path.name.endswith("_test.cpp")
        if inside and path.is_file() and asked:
            commands[path] = entry
            keys[path] = key_of(path, entry["command"], build, sources, salt)

    CACHE.mkdir(parents=True, exist_ok=True)
    unknown = []
    for path, key in sorted(keys.items()):
        if (CACHE / key).exists():
            os.utime(CACHE / key)
        else:
            unknown.append(path)

    failed, shown, start = 0, set(), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        checks = [pool.submit(check, build, unit, commands)
                  for unit in units_of(unknown, commands)]
        for done in concurrent.futures.as_completed(checks):
            for path, problems in done.result():
                print(f"{'FAIL' if problems else 'ok':4}  {path.relative_to(ROOT)}  "
                      f"at {time.monotonic() - start:.0f} s", flush=True)
                if not problems:
                    (CACHE / keys[path]).touch()
                    continue
                failed += 1
                for problem in each_problem(problems, build):
                    if problem not in shown:  # a header's is found again in each file
                        shown.add(problem)
                        print(problem, flush=True)
    forget_old_results()
    print(f"clang-tidy: {len(keys)} files, {len(unknown)} checked, {failed} with problems, "
          f"{len(shown)} different")
    return 1 if failed or not keys else 0


if __name__ == "__main__":
    sys.exit(main())
