"""The one table that benchmarks/run prints: what, figure, target, whether it holds."""
import statistics


def median(rounds, *keys):
    def figure(each):
        for key in keys:
            each = each[key]
        return each
    return statistics.median(figure(each) for each in rounds)


class ResultsTable:
    def __init__(self):
        self.rows = []

    def row(self, what, figure, target="", holds=None):
        verdict = "" if holds is None else "holds" if holds else "MISSED"
        self.rows.append((what, figure, target, verdict))

    def text(self):
        widths = [max(len(row[column]) for row in self.rows) for column in range(4)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                         for row in self.rows)

    # ---- the store, from the JSON of Google Benchmark

    def store(self, report):
        found = {each["name"].removesuffix("/real_time").split("/min_time")[0]: each
                 for each in report["benchmarks"]}
        disk = found["disk_fdatasync"]
        group = found["accept_64_in_flight"]
        alone = found["accept_one_by_one"]
        self.row("fdatasync of 4 KiB (F), p50 / p99",
                 f"{disk['p50_ms']:.3f} / {disk['p99_ms']:.3f} ms")
        rate = group["items_per_second"]
        self.row("store: accepts/s, 64 in flight",
                 f"{rate:,.0f} ({group['per_commit']:.0f} a commit, p50 {group['p50_ms']:.2f} ms)")
        self.row("store: one transaction per accept", f"{alone['items_per_second']:,.0f}/s, "
                 f"{rate / alone['items_per_second']:.1f} times less")
        for count in (100, 1000):
            whole = found[f"rewrite_whole_file/{count}"]
            self.row(f"store: whole file of {count:,} rewritten per transition",
                     f"{whole['items_per_second']:,.0f}/s, "
                     f"{rate / whole['items_per_second']:.0f} times less")
        for steps in (1, 4, 12):
            run = found[f"accept_and_run_steps/{steps}"]
            self.row(f"store: commits of an operation of {steps} steps", f"{run['commits']:.0f}",
                     f"<= {steps + 2}", run["commits"] <= steps + 2)

    # ---- the search, from search_bench

    def search(self, report):
        count = f"{report['entries']:,} entries"
        self.row(f"search: index of {count}, made / nothing new / 30 changed",
                 f"{report['index_build_ms']:,.0f} / {report['index_same_ms']:,.0f} / "
                 f"{report['index_30_changed_ms']:,.0f} ms; "
                 f"{report['index_bytes'] / 1e6:.0f} MB; list {report['listing_ms']:.0f} ms")
        for part in [*report["classes"], {"what": "all together", **report}]:
            found, answer = part["database"], part["answer"]
            last = part["what"] == "all together"
            self.row(f"search: {part['what']}, database / answer, processor p99",
                     f"{found['cpu_p99_ms']:.2f} / {answer['cpu_p99_ms']:.2f} ms "
                     f"(p50 {found['cpu_p50_ms']:.2f} / {answer['cpu_p50_ms']:.2f})",
                     "<= 5 ms in the database" if last else "",
                     found["cpu_p99_ms"] <= 5 if last else None)
        page = report["first_page_50"]
        self.row("search: first page of 50, made, processor p99", f"{page['cpu_p99_ms']:.2f} ms")

    def search_over_http(self, entries, figures):
        self.row(f"http: search among {entries:,}, p50 / p99",
                 f"{figures['p50']:.2f} / {figures['p99']:.2f} ms", "<= 15 ms",
                 figures["p99"] <= 15)
        self.row("http: first page of 50, cold", f"{figures['cold']:.1f} ms", "<= 50 ms",
                 figures["cold"] <= 50)
        self.row("http: first page of 50, warm p50 / p99",
                 f"{figures['warm_p50']:.2f} / {figures['warm_p99']:.2f} ms", "<= 10 ms",
                 figures["warm_p99"] <= 10)

    # ---- over HTTP

    def accept_rate(self, rounds, disk, target):
        rate = median(rounds, "per_second")
        self.row(f"http: durable accepts/s, 64 connections, {disk}",
                 f"{rate:,.0f} (best {max(each['per_second'] for each in rounds):,.0f}; "
                 f"F {median(rounds, 'disk', 'p50_ms'):.3f} ms; "
                 f"{median(rounds, 'cpu_us'):.0f} us of the hub's processor time each)",
                 f">= {target:,}", rate >= target)

    def accept_latency(self, rounds, rate):
        disk = median(rounds, "disk", "p50_ms")
        for name, limit, formula in (("p50", 1.5 * disk + 0.5, "1.5 F + 0.5"),
                                     ("p99", 5 * disk + 8, "5 F + 8")):
            figure = median(rounds, "latency", f"{name}_ms")
            self.row(f"http: accept at {rate:,}/s, {name}", f"{figure:.2f} ms (F {disk:.3f} ms)",
                     f"<= {formula} = {limit:.2f} ms", figure <= limit)

    # ---- restart

    def restart(self, operations, warm, cold, with_slots):
        for name, rounds in (("", warm), (", nothing of the file in memory", cold)):
            seconds = median(rounds, "answering_s")
            self.row(f"restart: {rounds[0]['live']:,} live of {operations:,}{name}",
                     f"{seconds:.2f} s ({rounds[0]['running']:,} were running)", "<= 1 s",
                     seconds <= 1)
        self.row("restart: until the first of them moves",
                 f"{median(with_slots, 'moving_s'):.2f} s")
        self.row("restart: memory of the hub then", f"{median(warm, 'memory_mb'):.0f} MiB")

    def bytes_each(self, operations, size):
        self.row(f"store: bytes per retained operation, {operations:,} of them", f"{size:,.0f}",
                 "<= 4,096", size <= 4096)

    # ---- installs, by the times that their operations keep

    def install(self, installs, answers, steps):
        middle = statistics.median(installs)
        ordered = sorted(installs)
        self.row(f"install: accepted to active, without packages, p50 / p90 of {len(installs)}",
                 f"{middle:.0f} / {ordered[len(ordered) * 9 // 10]:.0f} ms (the answer "
                 f"{statistics.median(answers):.1f} ms)", "<= 100 ms", middle <= 100)
        self.row("install: its steps, p50",
                 ", ".join(f"{name} {took:.0f}" for name, took in steps.items()) + " ms")

    # ---- a model, beside curl

    def model(self, mebibytes, cut_mib, ours, curls):
        seconds, fair = median(ours, "seconds"), median(curls, "seconds")
        alone, with_cuts = median(curls, "alone"), median(curls, "with_cuts")
        self.row(f"model: {mebibytes:,} MiB from a server that cuts each {cut_mib} MiB, verified",
                 f"{seconds:.2f} s, {mebibytes / seconds:,.0f} MiB/s, "
                 f"{median(ours, 'cuts'):.0f} cuts")
        self.row("model: beside curl, sync and sha256sum, without cuts",
                 f"{fair / seconds:.2f} of its speed ({mebibytes / fair:,.0f} MiB/s)", ">= 0.9",
                 fair / seconds >= 0.9)
        self.row("model: curl alone, nothing synced or verified, without / with cuts (-C -)",
                 f"{mebibytes / alone:,.0f} / {mebibytes / with_cuts:,.0f} MiB/s")
        again = max(each["again"] for each in ours)
        self.row("model: bytes sent twice, at most", f"{again:,}")
        memory = max(each["memory_mib"] for each in ours)
        self.row("model: memory of the hub (VmHWM)", f"{memory:.0f} MiB", "< 64 MiB", memory < 64)

    # ---- publishers, one line of publish_bench for each round

    def publish(self, rounds, target):
        slowest = max(each["seconds"] for each in rounds)
        lost = sum(each["publishers"] - each["landed"] for each in rounds)
        first = rounds[0]
        where = {"path": "a path", "git": "git://, one host",
                 "hosts": "git://, hosts of their own"}[first["mode"]]
        self.row(f"publish: {first['publishers']} at once to {where}, slowest of {len(rounds)}",
                 f"{slowest:.2f} s, {lost} lost, {median(rounds, 'commits'):.0f} commits, "
                 f"at most {max(each['attempts_max'] for each in rounds)} attempts",
                 f"<= {target} s", slowest <= target and lost == 0)

    # ---- the Yjs server beside others: one dict of situations for each round and server

    def yjs_beside(self, what, found, show, target, holds):
        """One row: the hub's figure, then the others' in brackets."""
        figures = {name: [show(each) for each in rounds] for name, rounds in found.items()}
        ours = [statistics.median(column) for column in zip(*figures.pop("hub"))]
        others = ", ".join(
            f"{name} " + " / ".join(f"{statistics.median(column):,.4g}" for column in zip(*each))
            for name, each in figures.items())
        self.row(f"yjs: {what}", " / ".join(f"{one:,.4g}" for one in ours) + f"  ({others})",
                 target, holds(ours))

    def yjs(self, found, windowed, commits):
        flood = {**found, "hub": [{"flood": each} for each in windowed]}
        self.yjs_beside(
            "1,000 clients x 200 updates/s: p50 / p99 ms, cores, MB", flood,
            lambda each: (each["flood"]["watch"]["age"]["p50_ms"],
                          each["flood"]["watch"]["age"]["p99_ms"],
                          each["flood"]["watch"]["cpu_share"],
                          each["flood"]["watch"]["memory_most"] / 1e6),
            "p99 <= 60, 0.4, 100", lambda of: of[1] <= 60 and of[2] <= 0.4 and of[3] <= 100)
        self.yjs_beside("no window, most frames/s before falling behind", found,
                        lambda each: (each["most"],), ">= 100,000", lambda of: of[0] >= 100_000)
        self.yjs_beside("50,000 frames/s: processor us a frame", found,
                        lambda each: (each["steady"]["watch"]["cpu_us_per_frame"],), "<= 7.5",
                        lambda of: of[0] <= 7.5)
        self.yjs_beside("50,000 frames/s: p50 / p99 ms", found,
                        lambda each: (each["steady"]["watch"]["age"]["p50_ms"],
                                      each["steady"]["watch"]["age"]["p99_ms"]),
                        "<= 3.5 / 10", lambda of: of[0] <= 3.5 and of[1] <= 10)
        self.yjs_beside("10,000 idle connections: KB each, and KB of the kernel", found,
                        lambda each: (each["idle"]["join"]["memory_each"] / 1e3,
                                      each["idle"]["join"]["kernel_memory_each"] / 1e3),
                        "<= 10", lambda of: of[0] <= 10)
        self.yjs_beside("500 join at once, 200 operations: s, ms of processor each", found,
                        lambda each: (each["storm"]["join"]["seconds"],
                                      each["storm"]["join"]["cpu_ms_each"]),
                        "<= 0.3 s", lambda of: of[0] <= 0.3)
        self.yjs_beside("1,000 idle with awareness: cores, p99 ms of 1 update/s", found,
                        lambda each: (each["aware"]["watch"]["cpu_share"],
                                      each["aware"]["watch"]["age"]["p99_ms"]),
                        "<= 0.02", lambda of: of[0] <= 0.02)
        self.yjs_beside("20 of 40 stalled, 20 s at 1,000/s: KB each, others' p99 ms, right after",
                        found,
                        lambda each: ((each["stalled"]["watch"]["memory_grown"] +
                                       each["stalled"]["watch"]["kernel_memory_grown"]) / 20e3,
                                      each["stalled"]["watch"]["age"]["p99_ms"],
                                      each["stalled"]["end"]["stalled_right"]),
                        "<= 1,000, 20 right", lambda of: of[0] <= 1000 and of[2] == 20)
        p99 = median(commits, "watch", "age", "p99_ms")
        self.row("yjs: commit to browser, 100 operations, 100 browsers, p50 / p99",
                 f"{median(commits, 'watch', 'age', 'p50_ms'):.1f} / {p99:.1f} ms", "<= 60 ms",
                 p99 <= 60)

    def yjs_ticks(self, ticked, before, after):
        size, join = after["join"]["bytes_each"], after["join"]["times"]["max_ms"]
        memory = [f"{each / 1e6:.0f}" for each in ticked["memory"]]
        self.row(f"yjs: {ticked['ticks']:,} ticks of four operations: snapshot, join",
                 f"{size / 1e3:.1f} kB (before {before['join']['bytes_each'] / 1e3:.1f}), "
                 f"{join:.1f} ms; {ticked['seconds']:.0f} s", "<= 64 KiB, 20 ms",
                 size <= 65_536 and join <= 20)
        self.row("yjs: memory meanwhile", " ".join(memory) + " MB", "flat",
                 ticked["memory"][-1] <= 1.2 * ticked["memory"][1])

    def yjs_rooms(self, found):
        memory = [each / 1e6 for each in found["memory"]]
        self.row(f"yjs: {found['rooms']:,} rooms opened, {found['refused']} refused: memory",
                 " ".join(f"{each:.0f}" for each in memory) + f" MB; {found['seconds']:.0f} s",
                 "flat", found["refused"] == 0 and memory[-1] <= 1.2 * memory[len(memory) // 2])

    def yjs_stalled(self, found):
        watch, end = found["watch"], found["end"]
        each = (watch["memory_grown"] + watch["kernel_memory_grown"]) / end["stalled"]
        self.row("yjs: stalled for a minute at 1,000/s, memory each, with the kernel's",
                 f"{each / 1e3:.0f} kB; others' p99 {watch['age']['p99_ms']:.1f} ms; "
                 f"{end['stalled_right']} of {end['stalled']} right when they read on", "<= 1 MB",
                 each <= 1e6 and end["stalled_right"] == end["stalled"])
