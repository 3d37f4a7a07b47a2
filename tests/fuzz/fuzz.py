#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
"""Run fuzz targets, each as one process for so many seconds of CPU time, as many at a time as there are CPUs.

Each has its seeds (tests/fuzz/seeds/NAME) and what earlier runs have found to be worth keeping
(BUILD/fuzz/corpus/NAME). A line for each, the table in BUILD/fuzz/report.txt, and at the end the count. What is found
stays in BUILD/fuzz/findings/NAME, and is tried again first in each later run: a target fails until it is repaired."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
FUZZ = pathlib.Path(os.environ.get("BUILD", "build")) / "fuzz"
TICKS = os.sysconf("SC_CLK_TCK")
# Seconds: an input that takes longer is a finding; and how much longer than its CPU time a target may take to end.
SLOW_INPUT = 10
PATIENCE = 60
COLUMNS = "{:<14} {:>12} {:>7} {:>7} {:>7} {:>7} {:>6}  {}"


def cpu_seconds(pid):
    """User and system time of a process; proc(5): fields 14 and 15, the name in parentheses being the second."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait(process, seconds):
    """Ask the target to end when it has had its CPU time: SIGUSR1 ends libFuzzer between inputs. Returns the time."""
    used, asked = 0.0, None
    while process.poll() is None:
        used = cpu_seconds(process.pid)
        if asked is None and used >= seconds:
            process.send_signal(signal.SIGUSR1)
            asked = time.monotonic()
        if asked and time.monotonic() > asked + PATIENCE:
            process.kill()
        time.sleep(0.1)
    return used


def execute(name, log, arguments, seconds):
    """Run a target, its output into the log. Returns its exit code and the CPU seconds."""
    options = [f"-artifact_prefix={FUZZ}/findings/{name}/", f"-timeout={SLOW_INPUT}", "-print_final_stats=1"]
    with open(log, "ab") as output:
        process = subprocess.Popen([FUZZ / name, *options, *arguments], stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT)
        used = wait(process, seconds)
    return process.returncode, used


def last(pattern, text):
    """The last number that the pattern finds."""
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def verdict(status, text, executions, seeds):
    """What is wrong, or an empty string."""
    if status:
        summary = re.findall(r"^(?:SUMMARY|==\d+== ?ERROR): (.*)$", text, re.M)
        return summary[-1] if summary else f"ended with {status}"
    return "" if executions > seeds else "no input but the seeds was tried"


def fuzz(name, seconds):
    """One row of the table, and what is wrong."""
    seeds, corpus, findings = HERE / "seeds" / name, FUZZ / "corpus" / name, FUZZ / "findings" / name
    log = FUZZ / f"{name}.log"
    for directory in (corpus, findings):
        directory.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    count = len(list(seeds.iterdir())) if seeds.is_dir() else 0
    if not count or not (FUZZ / name).exists():
        return (name, 0, 0, 0, 0, 0, 0), "there are no seeds" if not count else "it was not built"
    status, used = 0, 0.0
    for finding in sorted(findings.iterdir()):
        status, used = execute(name, log, [finding], seconds)
        if status:
            break
    if not status:
        status, used = execute(name, log, [corpus, seeds], seconds)
    text = log.read_text(errors="replace")
    executions = last(r"stat::number_of_executed_units: +(\d+)", text) or last(r"^#(\d+)\t", text)
    numbers = (executions, last(r" cov: (\d+)", text), last(r" ft: (\d+)", text), last(r" corp: (\d+)", text),
               int(executions / used) if used else 0, round(used))
    return (name, *numbers), verdict(status, text, executions, count)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("target", nargs="*", help="default: all")
    arguments = parser.parse_args()
    targets = arguments.target or sorted(path.stem for path in HERE.glob("*.c"))
    rows = [COLUMNS.format("target", "executions", "cov", "ft", "corpus", "exec/s", "CPU s", "")]
    failed = 0
    print(rows[0], flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, wrong in pool.map(lambda name: fuzz(name, arguments.seconds), targets):
            failed += bool(wrong)
            rows.append(COLUMNS.format(*row, f"FAILED: {wrong}; see {FUZZ}/{row[0]}.log" if wrong else "passed"))
            print(rows[-1], flush=True)
    (FUZZ / "report.txt").write_text("".join(row + "\n" for row in rows))
    print(f"{len(targets) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
