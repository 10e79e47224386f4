"""Random programs, some at least, and more for SRCAD_FUZZ_SECONDS (10 where it is not set): no wrong number, no error but a refusal."""

import os
import time

import pytest

from tests.fuzz import complexes, generate, language
from tests.fuzz.check import check
from tests.fuzz.maps import check_maps

FIRST_SEED, AT_LEAST = 1000, 25


@pytest.mark.parametrize("programs", [generate, language], ids=["arrays", "language"])
def test_random_programs(monkeypatch, programs):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    until = time.monotonic() + float(os.environ.get("SRCAD_FUZZ_SECONDS", "10"))
    seed, refused = FIRST_SEED, 0
    while seed < FIRST_SEED + (600 if time.monotonic() < until else AT_LEAST):
        case = programs.generate(seed)
        verdict = check(case)
        if verdict.failed:
            pytest.fail(f"seed {seed}: {verdict.kind}: {verdict.detail}\n\n{case.text}")
        refused += verdict.kind == "refused"
        seed += 1
    tried = seed - FIRST_SEED
    print(f"{tried} programs, {refused} refused")
    assert refused < 0.4 * tried


@pytest.mark.parametrize("programs", [generate, language], ids=["arrays", "language"])
def test_maps_of_random_programs(monkeypatch, programs):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    until = time.monotonic() + float(os.environ.get("SRCAD_FUZZ_SECONDS", "10")) / 2
    seed, compared = FIRST_SEED, 0
    while seed < FIRST_SEED + (600 if time.monotonic() < until else AT_LEAST // 3):
        case = programs.generate(seed)
        verdict = check_maps(case)
        if verdict.failed:
            pytest.fail(f"seed {seed}: {verdict.kind}: {verdict.detail}\n\n{case.text}")
        compared += verdict.compared
        seed += 1
    assert compared > 2 * (seed - FIRST_SEED)


def test_complex_programs(monkeypatch):
    monkeypatch.setenv("SRCAD_CACHE_DIR", "off")
    compared = 0
    for seed in (*range(FIRST_SEED, FIRST_SEED + 30), 1474):
        case = complexes.generate(seed)
        verdict = complexes.check(case)
        if verdict.failed:
            pytest.fail(f"seed {seed}: {verdict.kind}: {verdict.detail}\n\n{case.text}")
        compared += verdict.compared
    assert compared > 20
