"""Each example runs, without a warning, and what it prints is right.

An example is run as a user runs it, in a process of its own. What is checked is not its text but what the
numbers in it have to be: a published value, a closed formula, a law of physics.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SMALLER = {"brusselator": ["12"]}


@pytest.fixture
def output(request, tmp_path):
    """What the example printed that the test is named after: `test_nist_fit` runs nist_fit.py."""
    name = request.node.name.removeprefix("test_")
    run = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::RuntimeWarning",
            str(EXAMPLES / f"{name}.py"),
            *SMALLER.get(name, []),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SRCAD_CACHE_DIR": str(tmp_path / "cache"),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def number_after(text, output):
    """The first number that follows the text."""
    return float(re.search(re.escape(text) + r"\s*(-?\d+(\.\d+)?(e[-+]?\d+)?)", output)[1])


def test_every_example_has_a_test():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES.glob("*.py")} <= tested


def test_nist_fit(output):
    # Known: the parameters that NIST certified. Ten problems, two starting points each.
    row = re.compile(r"^(\w+) +([12]) +(\d+) +([\d.]+) +(lm|trf) +([\d.]+)$", re.M)
    rows = [match.groups() for match in row.finditer(output)]
    assert len(rows) == 20
    assert len({(problem, start) for problem, start, *_ in rows}) == 20
    for problem, start, _, digits, _, polished in rows:
        # Least squares alone ends on Lanczos3 with 6.4 to 8 digits, by the last bits of the Jacobian:
        # its residuals are 1e-5 of its data, so that the sum of squares has 11 digits only.
        assert float(digits) >= (6.0 if problem == "Lanczos3" else 7.0), (problem, start)
        assert float(polished) >= 8.5, (problem, start)
    # The generated Jacobian is shown: of the right name, with adjoints in it, in plain NumPy.
    shown = output.partition("problem")[0]
    assert "def rat43_jacrev(b, x):" in shown
    assert "b_bar" in shown
    assert "return" in shown


def test_heat_inverse(output):
    # Known: the flaw was put into cells 14 to 21, and the noise leaves a misfit of about 7e-5.
    assert 14 <= number_after("The worst conductor found is cell", output) <= 21
    assert number_after("at the start,", output) < 1e-4
    found = [float(line.split()[2]) for line in output.splitlines() if line.endswith("#")]
    assert len(found) == 40
    assert max(found[15:21]) < 0.2 < 0.35 < min(found[:12] + found[26:])


def test_spiral_mlp(output):
    # Known: a network of this size can tell the spirals apart.
    losses = [float(value) for value in re.findall(r"loss ([\d.]+)", output)]
    assert losses[0] > 0.5
    assert losses[-1] < 0.05
    assert number_after("step  600   loss", output) < 0.05
    assert float(re.search(r"([\d.]+)% of the points", output)[1]) >= 99.0
    plane = [line for line in output.splitlines() if set(line) <= {"#", "."} and len(line) == 61]
    assert len(plane) == 29
    assert 0.3 < "".join(plane).count("#") / (29 * 61) < 0.7


def test_orbit_shooting(output):
    # Known: Newton's method with an exact derivative doubles the correct digits near its goal.
    misses = [float(value) for value in re.findall(r"([\d.]+) km$", output, re.M)]
    assert misses[-1] < 1e-3
    assert len(misses) <= 7
    assert misses[-2] < 1e-4 * misses[-3] < 1e-6 * misses[-4]
    # Known: a transfer to Mars takes 3 to 5 km/s; a metre a second is 23,700 km over 274 days, and
    # gravity does not change that by an order of magnitude.
    assert 2.9 < number_after("leaves the Earth at", output) < 6.0
    assert 2e4 < -number_after("v_y:", output) < 3e4


def test_spring_network(output):
    # Known: in equilibrium the hooks carry the weight; a symmetrical net hangs symmetrically.
    weight = number_after("the net weighs", output)
    assert abs(weight - 0.02 * 9.81 * 15**2) < 1e-4
    assert abs(number_after("The hooks carry", output) - weight) < 2e-4
    assert number_after("step  1800   energy", output) < -18.3
    rows = [line.split() for line in output.splitlines() if re.fullmatch(r"( +\d+\.\d){8}", line)]
    assert len(rows) == 8
    assert rows == rows[::-1]
    assert all(row == row[::-1] for row in rows)


def test_option_greeks(output):
    # Known: the closed formula of a European put, against which the tree converges.
    lines = [line for line in output.splitlines() if line.startswith(("price", "d price/d"))]
    assert len(lines) == 6
    for line in lines:
        formula, tree, american = (float(value) for value in line.split()[-3:])
        assert abs(formula - tree) < 2e-4 * max(1.0, abs(formula)), line
        assert abs(american - tree) > 1e-3, line
    price = float(lines[0].split()[-1])
    # Known: Black and Scholes, computed apart (scipy.stats.norm): price and delta.
    assert lines[0].split()[-3] == "10.4391"
    assert lines[1].split()[-3] == "-0.4642"
    # Known: Euler's theorem for the homogeneous price.
    assert abs(number_after("times their Greeks give", output) - price) < 2e-4


def test_diode_network(output):
    # Known: the resistors that the voltages were made with; differences of the solved equations.
    assert "resistors found: 1000.000 220.000 4700.000" in output
    slope = number_after("a volt more at the battery is", output)
    assert abs(number_after("by differences", output) - slope) < 2e-6


def test_predator_prey(output):
    # The slope is that of the numbers that solve_ivp gives; the true rates are within three of their errors.
    slope, differences = (
        number_after(text, output) for text in ("slope of the misfit", "by differences")
    )
    assert slope == pytest.approx(differences, rel=1e-5)
    found = [float(part) for part in re.search(r"rates found: (.*)", output)[1].split()]
    known = [float(part) / 100 for part in re.findall(r"([\d.]+) %", output)]
    assert len(known) == 4
    for rate, true, spread in zip(found, [1.1, 0.4, 0.1, 0.4], known):
        assert abs(rate / true - 1) < 3 * spread


def test_brusselator(output):
    # Known: it rests at u = feed, v = rate / feed. A five-point stencil of two concentrations has six entries a row.
    assert "288 unknowns, 1728 entries, 6 colours" in output
    assert number_after("they end", output) < 1e-6
    assert abs(number_after("at rest u =", output) - 1) < 1e-9
    assert abs(number_after("v =", output) - 1.7) < 1e-9
    changes = [float(found) for found in re.findall(r"changed by (\S+)", output)]
    assert len(changes) < 8
    assert changes[-1] < 1e-11
    assert all(b < 10 * a**2 for a, b in zip(changes, changes[1:-1]))  # quadratic convergence
    assert all(float(off) < 1e-6 for off in re.findall(r"off by (\S+)", output))
    with_factors, alone = map(int, re.findall(r"Krylov.* (\d+) calls", output))
    assert with_factors < alone
