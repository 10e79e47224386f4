"""`srcad.verify` finds what is wrong, and only that."""

import os
import subprocess
import sys

import numpy as np
import pytest

import srcad
from srcad import SrcadError, grad, jacrev, value_and_grad
from srcad.verify import Report, Row, check, verify


def loss(w, X, t):
    return np.sum((X @ w - t) ** 2) + np.exp(-w[0])


def vector(x, k):
    return np.sin(x) * k


def tree(p):
    return {"a": p["u"] * p["k"], "b": (np.sum(p["u"]), [p["v"][0] ** 2])}


def newton(a):
    x = 0.5 * (1.0 + a)
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


def kinked(x):
    return np.sum(np.abs(x) + np.maximum(x, 0.1) + np.where(x > 0.3, x**2, -x))


def branching(x):
    total = 0.0
    for a in x:
        if a > 0:
            total = total + a**3
        else:
            total = total - np.sin(a)
    return total


def solved(a, b):
    return np.sum(np.linalg.solve(a, b) ** 2)


def into_float64(x):
    u = np.zeros(3)
    u[1:] = x[:2]
    return np.sum(u**2 * x)


def writes(x, y):
    x[0] = y[0]
    return np.sum(x * y)


def with_aux(x):
    return np.sum(x**2), {"x": x}


RNG = np.random.default_rng(0)
X = RNG.normal(size=5)

RIGHT = {
    "gradient": (grad(loss), RNG.normal(size=3), RNG.normal(size=(5, 3)), RNG.normal(size=5)),
    "several": (grad(loss, (0, 1, 2)), RNG.normal(size=3), RNG.normal(size=(5, 3)), X),
    "value": (value_and_grad(loss, (2,)), RNG.normal(size=3), RNG.normal(size=(5, 3)), X),
    "aux": (grad(with_aux, has_aux=True), X),
    "value and aux": (value_and_grad(with_aux, has_aux=True), X),
    "Jacobian": (jacrev(vector, (0, 1)), X, 2.0),
    "chunks": (jacrev(vector, (0, 1), chunk_size=2), X, 2.0),
    "rows": (jacrev(vector, chunk_size=1), X, np.float32(2.0)),
    "trees": (jacrev(tree), {"u": X, "v": X[:2], "k": 3.0}),
    "number": (grad(newton), 3.0),
    "0-d": (grad(newton), np.array(1e4)),
    "scalar": (grad(lambda x: x**3), np.float32(2)),
    "kinks": (grad(kinked), X),
    "branches": (grad(branching), X),
    "solve": (grad(solved, (0, 1)), RNG.normal(size=(4, 4)) + 3 * np.eye(4), RNG.normal(size=4)),
    "float32": (grad(loss), *(RNG.normal(size=s).astype("float32") for s in [3, (5, 3), 5])),
    "float16": (grad(kinked), X.astype("float16")),
    "longdouble": (jacrev(vector), X.astype("longdouble"), 2.0),
    "casts": (grad(into_float64), X[:3]),
    "writes": (grad(writes, (0, 1)), X, RNG.normal(size=5)),
    "tiny and large": (grad(lambda x: np.sum(np.log(x) * 1e3)), np.array([1e-8, 1.0, 1e5])),
    "far": (grad(lambda x: np.sum(np.sin(x))), np.array([1e6, 1.0, 1e7])),
    "many": (grad(lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2)), RNG.normal(size=1000)),
    "zeros": (grad(lambda x, y: np.sum(y)), X, X),
    "empty": (grad(lambda x: np.sum(x**2)), X[:0]),
    "empty output": (jacrev(lambda x: x[:0] * 2), X),
    "large values": (grad(lambda x: np.exp(50 * x)), 2.0),
    "an offset": (grad(lambda x: 1e8 + np.sum(x**2)), X),
    "infinite": (grad(lambda x: np.sum(np.sqrt(x))), np.array([0.0, 1.0])),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_derivative_is_ok(name):
    derivative, *args = RIGHT[name]
    kept = [np.copy(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
    report = verify(derivative, *args)
    if name == "infinite":  # differences across the end of the domain say nothing
        assert not report.ok
        return
    assert report.ok, str(report)
    assert report and all(row.ok for row in report)
    np.testing.assert_equal(args, kept)


@pytest.mark.parametrize("name", ["gradient", "Jacobian", "trees", "number", "branches", "solve"])
def test_a_function_is_checked_by_its_gradient_or_jacobian_and_its_pullback(name):
    derivative, *args = RIGHT[name]
    report = verify(derivative.function, *args)
    assert report.ok, str(report)
    outputs = {row.output.split()[0] for row in report}
    assert "vjp" in outputs


def test_a_function_with_other_arguments():
    report = verify(lambda x, n: np.sum(x**n), X, 3)
    assert report.ok and not any(row.output.startswith("vjp") for row in report)
    report = verify(vector, X, 2.0, argnums=1)
    assert report.ok and {row.argument for row in report} == {"k", "all"}


class Spoiled:
    """A derivative with something wrong, in the place of one made by srcad."""

    def __init__(self, derivative, spoil):
        self.derivative, self.spoil = derivative, spoil

    def __call__(self, *args):
        return self.spoil(self.derivative(*args))


def spoiled(derivative, spoil, *args):
    argnums, has_aux = derivative.argnums, derivative.has_aux
    return check(
        Spoiled(derivative, spoil),
        derivative.transform,
        derivative.function,
        args,
        argnums=argnums,
        has_aux=has_aux,
    )


def at(index, change):
    def spoil(array):
        array = array.copy()
        array[index] = change(array[index])
        return array

    return spoil


@pytest.mark.parametrize(
    "change",
    [
        lambda v: 0.0,
        lambda v: -v,
        lambda v: 2 * v,
        lambda v: v * (1 + 1e-5),
        lambda v: v + 1e-4,
        lambda v: np.nan,
        lambda v: np.inf,
    ],
)
@pytest.mark.parametrize("index", range(5))
def test_one_wrong_entry_is_found(index, change):
    report = spoiled(grad(kinked), at(index, change), X)
    assert not report.ok and not report
    (row,) = [row for row in report if row.test == "entries"]
    assert row.index == (index,) and not row.ok
    assert row.argument == "x" and row.output == "kinked"
    assert f"[{index}]" in str(report) and "DIFFERS" in str(report)
    assert report.worst.badness > 1


def test_a_wrong_entry_beyond_the_limit_is_found_by_the_dot_product():
    x = RNG.normal(size=1000)

    def f(x):
        return np.sum(x**3)

    for index in (0, 500, 999):
        report = check(
            Spoiled(grad(f), at(index, lambda v: v + 1)), "grad", f, (x,), limit=10, seed=3
        )
        assert not report.ok
        (row,) = [row for row in report if row.test == "dot product"]
        assert not row.ok


def test_a_wrong_entry_of_a_jacobian_is_named():
    report = spoiled(jacrev(vector), at((3, 1), lambda v: v + 1e-3), X, 2.0)
    (row,) = [row for row in report if row.test == "entries"]
    assert row.index == (3, 1) and row.value == pytest.approx(1e-3) and row.reference == 0
    assert row.error == pytest.approx(1e-3)


def test_a_wrong_leaf_of_a_tree_is_named():
    def spoil(found):
        found["b"][1][0]["v"][0] += 1.0
        return found

    report = spoiled(jacrev(tree), spoil, {"u": X, "v": X[:2], "k": 3.0})
    wrong = [row for row in report if not row.ok and row.test == "entries"]
    assert [(row.output, row.argument, row.index) for row in wrong] == [
        ("tree['b'][1][0]", "p['v']", (0,))
    ]


def test_a_wrong_value_is_found():
    report = spoiled(value_and_grad(kinked), lambda r: (r[0] + 1e-6, r[1]), X)
    (row,) = [row for row in report if row.test == "value"]
    assert not row.ok and not report.ok


@pytest.mark.parametrize(
    "spoil, note",
    [
        (lambda g: g[:, None], "shape"),
        (lambda g: g[:2], "shape"),
        (lambda g: g.astype("float32"), "dtype"),
        (lambda g: g + 0j, "dtype"),
        (lambda g: g.astype(int), "dtype"),
        (lambda g: (g,), ""),
        (lambda g: None, ""),
        (lambda g: {"x": g}, ""),
    ],
)
def test_a_wrong_form_is_found(spoil, note):
    report = spoiled(grad(kinked), spoil, X)
    assert not report.ok
    row = next(row for row in report if not row.ok)
    assert note in row.note and (not note or row.test == "form")
    assert str(report)


def test_a_changed_argument_is_found():
    def careless(x):
        x *= 2
        return np.ones(5)

    report = check(careless, "grad", lambda x: np.sum(x), (X.copy(),))
    assert not report.ok and "changed" in str(report)


def test_a_derivative_that_raises_is_found():
    def raising(x):
        raise IndexError("too far")

    report = check(raising, "grad", kinked, (X,))
    assert not report.ok and "raises IndexError: too far" in str(report)


def test_a_missing_tuple_is_found():
    report = spoiled(grad(kinked, (0,)), lambda r: r[0], X)
    assert not report.ok


# the report


def test_the_report_is_a_table():
    report = verify(grad(loss, (0, 2)), *RIGHT["gradient"][1:])
    first, header, *rows = str(report).splitlines()
    assert first == "gradient of `loss` with respect to `w`, `t`: ok"
    assert header.split()[:4] == ["output", "argument", "worst", "entry"]
    assert len(rows) == 3 == len(report)
    assert [row.argument for row in report] == ["w", "t", "all"]
    assert all(line.endswith("ok") for line in rows)
    assert all(isinstance(row, Row) for row in report) and isinstance(report, Report)
    assert "3 of 3" in rows[0] and "dot product" in rows[2]
    assert "ok" in repr(report)


def test_the_complex_step_is_used_where_the_function_is_analytic():
    methods = {row.method for row in verify(grad(loss), *RIGHT["gradient"][1:])}
    assert methods == {"complex step"}
    report = verify(grad(branching), X)
    assert report[0].error < 1e-14
    methods = {row.method for row in verify(grad(kinked), X) if row.test == "dot product"}
    assert methods == {"differences"}


def test_rtol_is_heeded():
    spoil = at(2, lambda v: v * (1 + 1e-4))
    assert not spoiled(grad(kinked), spoil, X).ok
    made = grad(kinked)
    assert check(Spoiled(made, spoil), "grad", kinked, (X,), rtol=1e-2).ok
    assert not verify(grad(kinked), X.astype("float32"), rtol=1e-12).ok


def test_the_same_again():
    one, two = (str(verify(grad(kinked), RNG.normal(size=500) * 0 + 0.5, limit=9)) for _ in "ab")
    assert one == two


def test_merged_reports_keep_the_worst():
    good, bad = verify(grad(kinked), X), spoiled(grad(kinked), at(1, lambda v: v + 1), X)
    merged = Report.merged([good, bad, good])
    assert not merged.ok and len(merged) == len(good)
    assert merged[0].index == (1,) and merged[0].checked == 15


# refusals


def test_what_is_held_constant_cannot_be_seen():
    def held(x):
        with srcad.no_grad():
            c = x**2
        return np.sum(c * x)

    def helper(x):
        return srcad.stop_gradient(x) * x

    def calls(x):
        return np.sum(helper(x))

    for f in (held, calls):
        with pytest.raises(SrcadError, match="no_grad|stop_gradient"):
            verify(grad(f), X)
        with pytest.raises(SrcadError, match="no_grad|stop_gradient"):
            verify(f, X)


def test_a_function_with_a_state_is_refused():
    rng = np.random.default_rng(0)

    def drawing(x):
        return np.sum(x * rng.normal())

    with pytest.raises(SrcadError, match="different values"):
        check(lambda x: np.ones(5), "grad", drawing, (X,))


def test_trouble_is_raised():
    with pytest.raises(SrcadError, match="callable"):
        verify(3, X)
    with pytest.raises(SrcadError, match="argnums"):
        verify(grad(kinked), X, argnums=0)
    with pytest.raises(SrcadError, match="argnums"):
        verify(kinked, X, argnums=4)
    with pytest.raises(SrcadError, match="floats"):
        verify(lambda n: 3.0 * n, 3)
    with pytest.raises(SrcadError):
        verify(grad(lambda x: np.sum(np.spacing(x))), X)
    with pytest.raises(TypeError):
        verify(grad(kinked))
    with pytest.raises(ZeroDivisionError):
        verify(grad(lambda x: 1 / 0 * np.sum(x)), X)


def test_any_number_of_arguments():
    def f(*xs, **options):
        return np.sum(xs[0] * xs[1]) * options.get("k", 2.0)

    assert verify(f, X, X).ok
    assert verify(grad(f, argnums=(0, 1)), X, 2 * X).ok
    assert verify(srcad.vmap(f, in_dims=(0, None)), np.stack([X, X]), X).ok


def test_it_is_public():
    assert srcad.verify is verify
    assert "verify" in srcad.__all__
    code = (
        "import numpy as np; from srcad.verify import check; import srcad; "
        "assert srcad.verify(np.sin, np.ones(3)).ok"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=os.path.dirname(os.path.dirname(__file__))
    )


# derivatives of derivatives, pushforwards and maps


def cubed(x, k=2.0):
    return k * np.sum(x**3 * x[0])


def rows_of(x):
    return np.tanh(x[:, None] * x) @ x


XS = np.random.default_rng(7).normal(size=(4, 3))


@pytest.mark.parametrize(
    "make, args, words",
    [
        (lambda: srcad.jacfwd(rows_of), (X,), "Jacobian of `rows_of`"),
        (lambda: srcad.jacobian(rows_of), (X,), "Jacobian of `rows_of`"),
        (lambda: srcad.jacobian(rows_of, chunk_size=2), (X,), "Jacobian of `rows_of`"),
        (
            lambda: srcad.hessian(cubed, (0, 1)),
            (X, 2.0),
            "Hessian of `cubed` with respect to `x`, `k`",
        ),
        (lambda: srcad.hessian(rows_of), (X,), "Hessian of `rows_of`"),
        (lambda: jacrev(grad(cubed)), (X,), "Jacobian of `cubed_grad`"),
        (lambda: srcad.jacfwd(srcad.hessian(cubed)), (X,), "Jacobian of `cubed_hessian`"),
        (lambda: jacrev(srcad.vmap(rows_of)), (XS,), "Jacobian of `rows_of_vmap`"),
        (lambda: srcad.vmap(cubed), (XS,), "map of `cubed`"),
        (lambda: srcad.vmap(cubed, in_dims=(0, None)), (XS, 3.0), "map of `cubed`"),
        (
            lambda: srcad.vmap(rows_of, in_dims=-1, out_dims=1, chunk_size=2),
            (XS.T,),
            "map of `rows_of`",
        ),
        (lambda: srcad.vmap(grad(cubed)), (XS,), "map of `cubed_grad`"),
        (lambda: srcad.vmap(srcad.vmap(np.sin)), (XS,), "map of `sin_vmap`"),
    ],
)
def test_other_transforms(make, args, words):
    report = verify(make(), *args)
    assert report.ok, str(report)
    assert report.title.startswith(words)


def test_wrong_ones_differ():
    def hessian(x):
        return srcad.hessian(cubed)(x) * 1.001

    assert check(lambda x, k: srcad.hessian(cubed)(x, k), "hessian", cubed, (X,)).ok
    assert not check(lambda x, k: hessian(x), "hessian", cubed, (X,)).ok
    assert not check(lambda x, k: grad(cubed)(x), "hessian", cubed, (X,)).ok
    assert not check(lambda x: rows_of(x), "jacfwd", rows_of, (X,)).ok
    along = (X, np.ones(5))
    assert check(lambda x, d: srcad.jvp(rows_of, (x,), (d,)), "jvp", rows_of, along).ok
    assert not check(lambda x, d: (rows_of(x), 2 * d), "jvp", rows_of, along).ok
    assert not check(
        lambda x, d: (rows_of(d), srcad.jvp(rows_of, (x,), (d,))[1]), "jvp", rows_of, along
    ).ok
    dims = ((0,), 0)
    assert check(
        lambda xs: np.stack([rows_of(x) for x in xs]), "vmap", rows_of, (XS,), dims=dims
    ).ok
    for wrong in (
        lambda xs: np.stack([rows_of(x) for x in xs]).T,
        lambda xs: np.stack([rows_of(x) for x in xs[::-1]]),
        lambda xs: [rows_of(x) for x in xs],
        lambda xs: xs.__imul__(2),
        lambda xs: xs[100],
    ):
        assert not check(wrong, "vmap", rows_of, (XS,), dims=dims).ok


def test_what_is_held_is_refused_behind_derivatives_too():
    def held(x):
        with srcad.no_grad():
            c = x**2
        return np.sum(c * x)

    for derivative in (srcad.hessian(held), jacrev(grad(held)), srcad.jacfwd(srcad.vmap(held))):
        with pytest.raises(SrcadError, match="no_grad"):
            verify(derivative, XS[:3])


@pytest.mark.parametrize(
    "f, x, note",
    [
        (lambda x: np.sum(np.abs(x)), [0.0, 1.0], "a kink at x[0], slopes -1 and 1"),
        (lambda x: np.max(x), [1.0, 1.0], "a kink at x[0], slopes 0 and 1; 1 more"),
        (
            lambda x: np.sum(np.where(x > 1, x + 1, x)),
            [2.0, 1.0],
            "a jump, or a slope without bound, at x[1]",
        ),
        (lambda x: np.sum(np.cbrt(x)), [0.0, 1.0], "a jump, or a slope without bound, at x[0]"),
        (lambda x: np.sum(np.sqrt(x)), [0.0, 1.0], "the function is not finite beside x[0]"),
        (lambda x: np.sum(np.log(x)), [-1.0, 1.0], "the value is not finite here; 1 more"),
        (lambda x: np.sum(x**2), [np.nan, 1.0], "the value is not finite here; 1 more"),
        (
            lambda x: np.sum(x[np.flatnonzero(x == 0.3)[0] :]),
            [0.3, 1.0],
            "the function raises beside x[0]",
        ),
        (lambda x: np.sum(np.abs(x)), [1e-9, 1.0], ""),  # near a kink, but smooth
        (lambda x: np.sum(np.sin(40 * x) + 1e6 * x**2), [0.0, 1e-3], ""),
        (lambda x: np.sum(x**4), [0.0, 0.0], ""),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_differences_meet_is_said(f, x, note):
    report = verify(grad(f), np.array(x))
    (row,) = [row for row in report if row.test == "entries"]
    assert row.note == note
    assert (note in str(report)) and ("note" in str(report)) == bool(note)
    if "kink" in note or not note:
        assert report.ok
    elif "raises" not in note:
        assert not report.ok


@pytest.mark.parametrize("dtype, relative", [("f2", 0.2), ("f4", 2e-3), ("f8", 1e-7), ("g", 1e-8)])
def test_what_is_allowed_follows_from_the_dtype(dtype, relative):
    x = np.array([0.5, 2.0, 3.0], dtype)
    report = verify(grad(lambda x: np.sum(x**3)), x)
    (row,) = [row for row in report if row.test == "entries"]
    assert report.ok and 0 < row.allowed < relative * 27


def test_keyword_only_parameters():
    def f(x, *, k=2.0):
        return np.sum(k * x**2)

    assert verify(grad(f), np.ones(2)).ok
    assert verify(f, np.ones(2)).ok


@pytest.mark.parametrize("transform", ["vjp", "jvp", "linearize", "hvp"])
def test_transforms_of_functions(transform):
    def f(x, y):
        return np.sum(np.sin(x) * y**2)

    assert verify(f, np.ones(2), np.arange(2.0), transform=transform).ok
    with pytest.raises(ValueError, match="by all arguments"):
        verify(lambda x, k: np.sum(x**k), np.ones(2), 2, transform=transform)
