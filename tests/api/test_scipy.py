"""Functions of SciPy in the text: the import that a person would write, and what the rules do not know."""

import subprocess
import sys

import numpy as np
import pytest

import srcad
from srcad.errors import MissingRuleError

scipy = pytest.importorskip("scipy")
from scipy import special  # noqa: E402
from scipy.special import expit  # noqa: E402


def by_module(x):
    return np.sum(special.expit(x) * x)


def by_name(x):
    return np.sum(expit(x) * x)


def by_package(x):
    return np.sum(scipy.special.expit(x) * x)


def inside(x):
    from scipy.special import expit as sigmoid

    return np.sum(sigmoid(x) * x)


def of_that_name(special):
    return np.sum(expit(special) * special)


def stands_for_it(x):
    special = scipy.special.expit(x)
    return np.sum(special * x)


X = np.array([-0.5, 0.25, 2.0])
WANTED = expit(X) + X * expit(X) * (1 - expit(X))


@pytest.mark.parametrize("function", [by_module, by_name, by_package, inside])
def test_import_and_name(function):
    gradient = srcad.grad(function)
    text = gradient.source(X)
    assert text.startswith("from scipy import special\n\n\ndef ")
    assert "special.expit(x)" in text and "scipy.special" not in text.partition("#")[0]
    np.testing.assert_allclose(gradient(X), WANTED, rtol=1e-14)


@pytest.mark.parametrize("function", [of_that_name, stands_for_it])
def test_in_full_where_the_name_is_taken(function):
    gradient = srcad.grad(function)
    text = gradient.source(X)
    assert text.startswith("import scipy.special\n") and "scipy.special.expit(" in text
    np.testing.assert_allclose(gradient(X), WANTED, rtol=1e-14)


@pytest.mark.parametrize("function", [by_name, of_that_name])
def test_text_is_read_back(function):
    text = srcad.grad(function).source(X)
    again = srcad.from_source(text, f"{function.__name__}_grad")
    np.testing.assert_allclose(srcad.jacfwd(again)(X), srcad.hessian(function)(X), rtol=1e-14)


def test_a_function_of_scipy_itself():
    assert srcad.grad(special.expit)(0.0) == 0.25
    assert np.array_equal(srcad.vmap(srcad.grad(special.expit))(np.zeros(2)), [0.25, 0.25])


def test_no_rule():
    with pytest.raises(MissingRuleError, match="special.kolmogorov.*its density"):
        srcad.grad(lambda x: special.kolmogorov(x))(2.0)


@pytest.mark.parametrize("transform", [srcad.grad, srcad.jacfwd])
def test_no_derivative_by_one_argument(transform):
    assert transform(lambda x: special.jv(0, x))(1.5) == -special.jv(1, 1.5)
    with pytest.raises(MissingRuleError, match="special.jv.*with respect to `v`: no function of"):
        transform(lambda v: special.jv(v, 1.5))(0.5)


def test_of_constants_what_has_no_rule_is_called_as_it_is():
    gradient = srcad.grad(lambda x: special.kolmogorov(0.5) * x)
    assert gradient(2.0) == special.kolmogorov(0.5)
    assert "special.kolmogorov(0.5)" in gradient.source(2.0)


def test_kept_on_disk(tmp_path):
    """A kept module is found again by another process, and imports what it needs."""
    code = (
        "import numpy as np, srcad\n"
        "from scipy import special\n"
        "def f(x): return np.sum(special.expit(x))\n"
        "print(srcad.grad(f)(np.zeros(2)))\n"
        "import sys; print('srcad.parser.function' in sys.modules)\n"
    )
    (tmp_path / "program.py").write_text(code)
    environment = {"SRCAD_CACHE_DIR": str(tmp_path / "cache"), "PATH": "", "PYTHONPATH": "."}
    outputs = [
        subprocess.run(
            [sys.executable, tmp_path / "program.py"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert outputs == ["[0.25 0.25]\nTrue\n", "[0.25 0.25]\nFalse\n"]


def by_quadrature(a):
    x, w = special.roots_legendre(5)
    return np.sum(w * np.exp(a * x)) / special.factorial(3)


def test_tables_and_counts_have_types():
    gradient = srcad.grad(by_quadrature)
    text = gradient.source(0.5)
    assert "x, w = special.roots_legendre(5)" in text and "runtime" not in text
    wanted = 2 * (np.cosh(0.5) / 0.5 - np.sinh(0.5) / 0.25) / 6
    assert abs(gradient(0.5) - wanted) < 1e-9
    with pytest.raises(MissingRuleError, match="special.gamma"):
        srcad.grad(lambda n: special.factorial(n))(2.0)


def into(x):
    y = np.zeros(3)
    special.expit(x, out=y, where=x > 0)
    return np.sum(y**2)


def into_by_position(x):
    y = np.empty(3)
    special.expit(x, y)
    return np.sum(y**2)


@pytest.mark.parametrize("function", [into, into_by_position])
def test_out_is_written_to(function):
    y = expit(X)
    wanted = 2 * y**2 * (1 - y) * (X > 0 if function is into else 1)
    np.testing.assert_allclose(srcad.grad(function)(X), wanted, rtol=1e-14)
