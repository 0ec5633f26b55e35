"""registry.json and the tree digest: catalog_bench, beside Python's json and hashlib on the same
files in the same run."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from hub_under_load import tool
from made_registry import tree_digest

KIB = 1024
UPSERT_MS_MAX = {1_000: 15, 10_000: 80, 100_000: 700}
UPSERT_ROUNDS = {1_000: 200, 10_000: 100, 100_000: 20}
WORDS = ("weather погода notes timer home voice дом умный assistant browser network panel media "
         "center").split()


def entry_of(number):
    """About 1.1 kB, shaped like the entries of the live registry with a digest."""
    name = f"{WORDS[number % 3 * 2]}_{number:06}_skill"
    path = f"skills/{name}"
    manifest = f"{path}/skill.yaml"
    words = [WORDS[(number * step) % len(WORDS)] for step in range(1, 13)]
    entry = {
        "kind": "skill", "id": name, "name": name,
        "version": f"{number % 5}.{number % 17}.{number % 11}",
        "updated_at": "2026-07-05T04:52:42+00:00", "path": path, "manifest": manifest,
        "source": {"path": path, "manifest": manifest},
        "install": {"kind": "skill", "name": name, "id": name},
        "title": " ".join(words[:3]), "description": " ".join(words), "tags": words[:2],
        "publisher": {"owner_id": f"owner-{number % 997}"}, "entry": "handlers/main.py",
        "runtime_python": "3.11", "tools_count": number % 9,
        "integrity": {"tree": f"sha256:{number:064x}", "size": number * 13, "files": number % 40},
    }
    if number % 10 == 0:
        entry["title_i18n"] = {"en": words[0], "ru": "Погода"}
    return entry


def make_catalogue(path, count):
    entries = sorted(map(entry_of, range(count)), key=lambda one: one["name"])
    value = {"version": 2, "updated_at": "2026-07-05T04:52:42+00:00", "skills": entries,
             "scenarios": [], "projects": []}
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def said(figures):
    return (f"p50 {statistics.median(figures['ms']):.1f}, "
            f"p99 {percentile(figures['ms'], 0.99):.1f} ms "
            f"(processor {statistics.median(figures['cpu_ms']):.1f} ms)")


def bench(what, path, rounds):
    return json.loads(tool("catalog_bench", what, path, rounds))


def python(what, path, rounds):
    """The same work in a Python of its own, so that its memory is its own, too."""
    done = subprocess.run([sys.executable, __file__, what, path, str(rounds)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def measure(rounds, table):
    with tempfile.TemporaryDirectory(prefix="adaos-catalog-") as name:
        folder = pathlib.Path(name)
        for count in UPSERT_MS_MAX:
            path = folder / f"{count}.json"
            make_catalogue(path, count)
            measure_upsert(path, count, table)
            measure_read(path, count, rounds, table)
            path.unlink()
        measure_tree(folder / "tree", rounds, table)


def measure_upsert(path, count, table):
    ours, theirs = bench("upsert", path, UPSERT_ROUNDS[count]), python("upsert", path, 3)
    p99 = percentile(ours["ms"], 0.99)
    table.row(f"upsert among {count:,}, atomic write and fsync", said(ours),
              f"p99 <= {UPSERT_MS_MAX[count]} ms", p99 <= UPSERT_MS_MAX[count])
    table.row("  Python's json, the same file", said(theirs) + ", "
              f"{statistics.median(theirs['ms']) / statistics.median(ours['ms']):.1f} times longer")


def measure_read(path, count, rounds, table):
    ours, theirs = bench("read", path, rounds * 3), python("read", path, 3)
    figure = f"{said(ours)}, {ours['peak_kib'] / KIB:.0f} MiB with the file's bytes"
    best = min(ours["ms"])
    if count == 100_000:
        table.row(f"parse and index {count:,}", f"best {best:.0f}, {figure}", "<= 300 ms, 350 MiB",
                  best <= 300 and ours["peak_kib"] <= 350 * KIB)
    else:
        table.row(f"parse and index {count:,}", f"best {best:.1f}, {figure}")
    table.row("  Python's json, the same file",
              f"{said(theirs)}, {theirs['peak_kib'] / KIB:.0f} MiB")


def measure_tree(folder, rounds, table):
    (folder / "d").mkdir(parents=True)
    size, left = (128 << 20) // 10_000, (128 << 20) % 10_000
    for number in range(10_000):
        (folder / "d" / f"{number:05}").write_bytes(os.urandom(size + (number < left)))
    ours, theirs = bench("tree", folder, rounds * 2), python("tree", folder, 2)
    if ours["digest"] != theirs["digest"]:
        raise RuntimeError("the two digests differ")
    best = min(ours["ms"])
    table.row("tree digest, 128 MiB in 10,000 files", f"best {best:.0f}, {said(ours)}", "<= 600 ms",
              best <= 600)
    table.row("  Python's hashlib, the same files, no rules checked", said(theirs))


# ---- as a program of its own: Python's side

def read_round(path):
    value = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    index = {}
    for entry in value["skills"]:
        for alias in (entry["name"], entry["id"]):
            index.setdefault(alias.casefold(), entry)
    return index


def upsert_round(path, number):
    path = pathlib.Path(path)
    value = json.loads(path.read_text(encoding="utf-8"))
    value["skills"][number * 7919 % len(value["skills"])]["version"] = f"2.0.{number}"
    beside = path.with_suffix(".tmp")
    with beside.open("w", encoding="utf-8") as file:
        file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def tree_round(folder):
    folder = pathlib.Path(folder)
    return tree_digest([(file.relative_to(folder).as_posix(), 0, file.read_bytes())
                        for file in folder.rglob("*") if file.is_file()])


def python_side(what, path, rounds):
    figures = {"ms": [], "cpu_ms": []}
    for number in range(rounds):
        start, cpu = time.perf_counter(), time.process_time()
        if what == "read":
            kept = read_round(path)
        elif what == "upsert":
            kept = upsert_round(path, number)
        else:
            kept = figures["digest"] = tree_round(path)
        figures["ms"].append((time.perf_counter() - start) * 1e3)
        figures["cpu_ms"].append((time.process_time() - cpu) * 1e3)
        del kept
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    figures["peak_kib"] = int(status.split("VmHWM:")[1].split()[0])
    print(json.dumps(figures))


if __name__ == "__main__":
    python_side(sys.argv[1], sys.argv[2], int(sys.argv[3]))
