"""Runs random programs against srcad for a while.

    python tools/fuzz.py --seconds 600 --seed 0 [--jobs 2] [--shrink] [--language | --complex] [--vmap] [--output FOLDER]

Prints how many programs were tried, refused (by reason) and skipped, and each failure with its program. The exit
status is 1 where anything failed.
"""

import os

os.environ["SRCAD_CACHE_DIR"] = "off"

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import re

from tests.fuzz import complexes, language
from tests.fuzz import generate as arrays
from tests.fuzz.check import check as check_derivatives
from tests.fuzz.maps import check_maps
from tests.fuzz.shrink import shrink


def reason(detail):
    """A refusal without the names of the program."""
    return re.sub(r"\d+", "", re.sub(r"`[a-z]+\d*`", "`_`", detail))


def small(case, verdict, check):
    """The case made small, and what becomes of it."""
    if isinstance(case, complexes.Program):
        return complexes.shrink(case, verdict)
    last = verdict

    def fails(candidate):
        nonlocal last
        found = check(candidate)
        last = found if found.kind == verdict.kind else last
        return found.kind == verdict.kind

    case = shrink(case, fails)
    return case, last


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--programs", type=int, default=None, help="stop after so many programs")
    parser.add_argument("--shrink", action="store_true", help="make failing programs small")
    parser.add_argument("--output", type=Path, default=None, help="a folder for failing programs")
    parser.add_argument(
        "--show-refused", default=None, help="print programs that are refused with this text"
    )
    parser.add_argument(
        "--language", action="store_true", help="programs over the language, not over arrays"
    )
    parser.add_argument(
        "--vmap", action="store_true", help="maps against the stacked calls, with derivatives"
    )
    parser.add_argument(
        "--complex", action="store_true", help="programs of real and complex numbers"
    )
    options = parser.parse_args()
    check = check_maps if options.vmap else check_derivatives
    generate = (language if options.language else arrays).generate
    if options.complex:
        generate, check = complexes.generate, complexes.check
    stop, seed = time.monotonic() + options.seconds, options.seed
    kinds: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    declined: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    compared = 0
    while time.monotonic() < stop and (
        options.programs is None or seed < options.seed + options.programs
    ):
        case = generate(seed)
        verdict = check(case)
        kinds[verdict.kind if not verdict.failed else "failed"] += 1
        compared += verdict.compared
        declined.update(map(reason, verdict.declined))
        if verdict.kind == "refused":
            refused[reason(verdict.detail)] += 1
            if options.show_refused and options.show_refused in verdict.detail:
                print(f"--- {seed}: {verdict.detail}\n{case.text.partition('def mix')[2]}")
        if verdict.failed:
            failures[verdict.kind] += 1
            if options.shrink and failures[verdict.kind] <= 3:
                case, verdict = small(case, verdict, check)
            text = f"# seed {seed}: {verdict.kind}: {verdict.detail}\n".replace(
                "\n", "\n# "
            ).rstrip("# ")
            text += f"# args {case.args} argnums {case.argnums} mode {case.mode} sizes {case.sizes} {case.dtype}\n{case.text}"
            if (options.shrink and failures[verdict.kind] <= 3) or not options.shrink:
                print(
                    text
                    if options.shrink
                    else f"seed {seed}: {verdict.kind}: {verdict.detail.splitlines()[0]}",
                    flush=True,
                )
            else:
                print(f"seed {seed}: {verdict.kind}: {verdict.detail.splitlines()[0]}", flush=True)
            if options.output:
                options.output.mkdir(parents=True, exist_ok=True)
                (options.output / f"seed_{seed}.py").write_text(text)
        seed += 1
    tried = sum(kinds.values())
    print(
        f"{tried} programs, {compared} comparisons; {dict(kinds)}; refused {kinds['refused'] / max(tried, 1):.1%}"
    )
    for text, count in refused.most_common(25):
        print(f"  {count:5d}  {text}")
    for text, count in declined.most_common(15):
        print(f"  {count:5d}  other transforms: {text}")
    for text, count in failures.most_common():
        print(f"  FAILED {count:5d}  {text}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
