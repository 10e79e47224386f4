"""A module of functions, and views of their derivatives."""

import importlib.util

import pytest

from srcad.api.views import derived
from srcad.cli.expression import asked_of
from srcad.page import view

MODULE = '''\
import numpy as np


def spring(x, k):
    d = np.diff(x)
    return 0.5 * k * np.sum(d**2)


def rollout(theta: "float64[n, n]", x0: "float64[n]"):
    """A cost of fifty steps."""
    x = x0
    cost = 0.0
    for _ in range(
        50,
    ):
        u = np.tanh(
            theta @ x
        )
        x = x + 0.1 * u
        cost = cost + np.sum(x**2)
    return cost


def energy(x: "float64[n]", k: "float64"):
    e = spring(x, k)
    if k > 1.0:
        e = e * k

    return np.exp(-e)
'''


@pytest.fixture(scope="session")
def module(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "motion.py"
    path.write_text(MODULE)
    spec = importlib.util.spec_from_file_location("motion", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="session")
def views(module):
    """Of `rollout` two derivatives, of `energy` one."""

    def asked(expression):
        found = asked_of(module, expression, ())
        request, _ = found.made()
        return derived(expression, found.spec, request, lambda stage: found.made(stage=stage)[1])

    return [
        view(module.rollout, [asked("grad(rollout)"), asked("jvp(rollout)")]),
        view(module.energy, [asked("grad(energy)")]),
    ]
