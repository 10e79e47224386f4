"""Every public function of SciPy's modules that have rules is in exactly one bucket: rule, constant, refused."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

pytest.importorskip("scipy")

from srcad.rules import refusal_of, rule_of
from srcad.rules.scipy import load

load()


def public(module: Any) -> list[tuple[str, Any]]:
    """What a module offers to be called; exceptions and warnings are not called."""
    named = [(name, getattr(module, name)) for name in module.__all__]
    return [
        (name, found)
        for name, found in named
        if callable(found) and not (isinstance(found, type) and issubclass(found, Exception))
    ]


@pytest.mark.parametrize("home", ["scipy.special"])
def test_one_bucket(home: str) -> None:
    wrong = [
        name
        for name, function in public(importlib.import_module(home))
        if (rule_of(function) is None) == (refusal_of(function) is None)
    ]
    assert wrong == []


@pytest.mark.parametrize("home", ["scipy.special"])
def test_reasons(home: str) -> None:
    """A constant says why it is one; what is refused says why, and what to write instead."""
    for name, function in public(importlib.import_module(home)):
        rule, refusal = rule_of(function), refusal_of(function)
        if rule is not None:
            assert rule.family != "constant" or rule.reason, name
            assert all(rule.without.values()), name
        if refusal is not None:
            assert refusal.reason and refusal.rewrite.endswith("."), name
