"""The passes of `lower`: storage, sinking, grouping, ownership, iteration, nesting, concrete words."""

import numpy as np
import pytest

from srcad.simplifier.concrete import make_concrete
from srcad.simplifier.grouping import group
from srcad.simplifier.iteration import iterate
from srcad.simplifier.nesting import nest
from srcad.simplifier.ownership import recover_stores
from srcad.simplifier.sinking import sink
from srcad.simplifier.storage import store_values
from tests.simplifier.core_text import (
    core,
    differences,
    grad,
    lines,
    lowered,
    passes,
    run,
    same,
    simplified,
    text,
    vjp,
)


def final(function, argnum=0, **specs):
    return lowered(simplified(grad(function, argnum, **specs)))


# storage


def chain(x, n):
    for i in range(n):
        s = np.sin(x)
        x = s * x
    return x


def test_storage_saves_one_record_an_iteration():
    made = text(passes(simplified(grad(chain, x="float64", n="int64")), store_values), flat=True)
    assert (
        made.count("saved = []") == 1 and made.count(".append(") == 1 and "reversed(saved)" in made
    )
    (line,) = [part for part in made.splitlines() if ".append(" in part]
    assert line.count(",") == 1 and ".pop" not in made
    same(run(made, 0.7, 3), differences(chain, (0.7, 3)), rtol=1e-6)
    same(run(made, 0.7, 0), 1.0)


def test_a_loop_with_nothing_to_save_is_counted():
    def f(x, y):
        while y > 1.0:
            y = y / 2
            x = 3.0 * x
        return x

    made = text(final(f, x="float64", y="float64"))
    assert "saved" not in made and "count" in made and "range(count)" in made


def test_a_carried_value_is_not_saved_twice():
    def f(x, n):
        for i in range(n):
            x = np.exp(x) * 0.3
            x = x * x
        return x

    made = text(final(f, x="float64", n="int64"))
    (saved,) = [line for line in made.splitlines() if ".append(" in line]
    assert saved.count(",") <= 1
    same(run(made, 0.4, 4), differences(f, (0.4, 4)), rtol=1e-5)


def test_a_value_of_one_side_is_joined_with_none():
    def f(x, n):
        for i in range(n):
            if x > 0.5:
                s = np.sin(x)
                x = s * s * x
            else:
                x = x * 1.5
        return x

    made = text(final(f, x="float64", n="int64"))
    for n in range(5):
        same(run(made, 0.7, n), differences(f, (0.7, n)), rtol=1e-6)


def test_a_store_whose_old_content_is_read_is_undone():
    def f(x, n):
        u = x.copy()
        for i in range(n):
            u[1:-1] = u[1:-1] * u[2:]
        return np.sum(u)

    made = text(final(f, x="float64[k]", n="int64"))
    args = (np.array([1.0, 2.0, 0.5, 1.5, 1.2]), 3)
    same(run(made, *args), differences(f, args), rtol=1e-6)
    assert ".append(u)" not in made and ".append(u.copy())" not in made


def test_an_inner_loop_has_a_list_of_its_own_for_each_execution():
    def f(x, n):
        for i in range(n):
            for j in range(i):
                x = np.sin(x) * x
            x = x * x
        return x

    made = text(final(f, x="float64", n="int64"))
    assert made.count("= []") == 2
    same(run(made, 0.9, 4), differences(f, (0.9, 4)), rtol=1e-6)


# sinking


def test_what_one_side_reads_is_computed_there():
    def f(x, k):
        v = np.sin(x)
        if v > 0.5:
            y = k * v**2
        else:
            y = v
        return y

    made = passes(simplified(grad(f, 1, x="float64", k="float64")), sink)
    same(run(made, 1.0, 2.0), np.sin(1.0) ** 2)
    same(run(made, 0.1, 2.0), 0.0)


def test_what_could_raise_on_the_other_side_is_guarded():
    def f(x, i):
        y = x * x
        if i < 3:
            return y[i] * 2.0
        return np.sum(y)

    made = text(final(f, x="float64[n]", i="int64"))
    same(run(made, np.arange(3.0), 5), 2 * np.arange(3.0))


# grouping


def test_contributions_of_two_statements_stay_two():
    def f(x):
        y = np.sin(x)
        z = y + x
        return np.sum(z * x)

    made = lines(final(f, x="float64[n]"))
    assert sum(line.startswith("x_bar") for line in made) == 2
    found = simplified(grad(f, x="float64[n]"))
    before = len(lines(nest(found)))
    assert len(lines(nest(passes(found, group)))) >= before


def test_contributions_of_one_statement_are_one():
    def f(x):
        return x * np.sin(x)

    assert sum(line.startswith("x_bar") for line in lines(final(f, x="float64"))) == 1


# ownership


def test_a_store_into_what_is_ours_happens_in_place():
    def f(x):
        u = np.zeros(4)
        u[1:] = x
        u[1:] += x * x
        return u

    made = core(f, x="float64[3]")
    assert "srcad.runtime.put" in text(made)
    found = passes(made, recover_stores)
    assert [line for line in lines(found) if line.startswith("u[")] == [
        "u[1:] = x",
        "u[1:] += x * x",
    ]
    same(run(found, np.arange(3.0)), f(np.arange(3.0)))


def test_a_store_into_an_argument_is_into_a_copy():
    def f(u):
        u[0] = 2.0
        return np.sum(u)

    made = passes(core(f, u="float64[n]"), recover_stores)
    assert ".copy()" in text(made)
    same(run(made, np.ones(3)), 4.0)


def test_an_old_value_that_is_live_is_kept():
    def f(x):
        u = x * 2.0
        v = u.copy()
        v[0] = 7.0
        return np.sum(u * v)

    made = passes(core(f, x="float64[n]"), recover_stores)
    same(run(made, np.arange(3.0)), f(np.arange(3.0)))


def test_a_live_view_is_copied_where_it_is_made():
    def smooth(u):
        v = u.copy()
        v[1:-1] = u[:-2] + u[2:]
        return v

    made = text(lowered(simplified(vjp(smooth, u="float64[n]"))))
    bar = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    jac = np.zeros((5, 5))
    for row, eye in enumerate(np.eye(5)):
        jac[:, row] = smooth(eye)
    same(run(made, np.arange(5.0), bar), bar @ jac)


def test_a_seed_is_not_written():
    def f(x):
        y = x.copy()
        y[0] = 0.0
        return y

    made = text(lowered(simplified(vjp(f, x="float64[n]"))))
    same(run(made, np.ones(3), np.ones(3)), np.array([0.0, 1.0, 1.0]))


def test_a_result_is_its_own():
    def f(x, y):
        return x + y

    made = text(lowered(simplified(vjp(f, (0, 1), x="float64[n]", y="float64[n]"))))
    space = {"np": np}
    exec(made, space)
    seed = np.ones(3)
    a, b = space["f_vjp"](seed * 2, seed * 3, seed)
    assert (
        not np.shares_memory(a, b)
        and not np.shares_memory(a, seed)
        and not np.shares_memory(b, seed)
    )


# iteration


def total(x):
    v = 0.0
    for a in x:
        v = v + a
    return v


def test_a_loop_over_numbers_of_elements_runs_over_the_array():
    made = core(total, x="float64[n]")
    assert "a = x[i]" in lines(made)
    assert lines(nest(passes(made, iterate)))[-4:-1] == ["v = 0.0", "for a in x:", "v += a"]
    same(run(nest(passes(made, iterate)), np.arange(4.0)), 6.0)


@pytest.mark.parametrize("wanted", ["for a, b in zip(x, y):", "for i, a in enumerate(x):"])
def test_zip_and_enumerate_come_back(wanted):
    def pairs(x, y):
        v = 0.0
        for a, b in zip(x, y):
            v = v + a * b
        return v

    def numbered(x, y):
        v = 0.0
        for i, a in enumerate(x):
            v = v + a * i * y[0]
        return v

    f = pairs if "zip" in wanted else numbered
    made = lowered(core(f, x="float64[n]", y="float64[m]"))
    assert wanted in lines(made)
    args = np.arange(4.0), np.arange(1.0, 4.0)
    same(run(text(made), *args), f(*args))


def test_a_loop_that_reads_a_neighbour_keeps_its_index():
    def f(x):
        v = 0.0
        for i in range(len(x) - 1):
            v = v + x[i] * x[i + 1]
        return v

    made = lowered(core(f, x="float64[n]"))
    assert "for i in range(len(x) - 1):" in lines(made)
    same(run(text(made), np.arange(4.0)), 8.0)


# nesting


def test_what_is_used_once_is_written_where_it_is_used():
    def f(a, b, c):
        y = np.exp(a * b + c)
        return y

    made = core(f, a="float64", b="float64", c="float64")
    assert lines(made, flat=True) == [
        "prod_1 = a * b",
        "sum_1 = prod_1 + c",
        "y = np.exp(sum_1)",
        "return y",
    ]
    assert lines(nest(made)) == ["y = np.exp(a * b + c)", "return y"]


def test_a_value_read_before_a_store_is_not_written_after_it():
    def f(x):
        u = x.copy()
        a = np.sum(u[:2]) * 2.0
        u[0] = 9.0
        return a + np.sum(u)

    made = lowered(core(f, x="float64[n]"))
    same(run(text(made), np.arange(3.0)), f(np.arange(3.0)))


def test_lines_stay_within_their_width():
    def f(alpha, beta, gamma, delta):
        return (
            np.exp(alpha * beta + gamma)
            * np.exp(beta * gamma + delta)
            * np.sin(gamma * delta + alpha)
            * np.cos(delta * alpha)
        )

    made = lowered(core(f, **dict.fromkeys(("alpha", "beta", "gamma", "delta"), "float64")))
    assert max(map(len, text(made).splitlines())) <= 100
    same(run(text(made), 0.1, 0.2, 0.3, 0.4), f(0.1, 0.2, 0.3, 0.4))


# concrete


@pytest.mark.parametrize(
    "f, specs, word, args",
    [
        (lambda x: np.sum(x), "float64[n]", "np.ones_like(x)", np.ones(3)),
        (lambda x: np.sum(x) * 3.0, "float64[n]", "np.full_like(x, 3.0)", np.ones(3)),
        (
            lambda x: np.sum(np.zeros(3) * x),
            "float32[3]",
            ".astype(np.float32)",
            np.ones(3, np.float32),
        ),
        (lambda x: np.sum(np.broadcast_to(x, (2, 3))), "float64[3]", "2", np.ones(3)),
    ],
    ids=["ones", "full", "astype", "broadcast"],
)
def test_plain_words(f, specs, word, args):
    made = passes(simplified(grad(f, x=specs)), make_concrete)
    assert word in text(made)
    same(run(text(lowered(made)), args), differences(lambda v: float(f(v)), (args,)), rtol=1e-3)
    assert run(text(lowered(made)), args).dtype == args.dtype


def test_repeated_indices_add_up():
    def f(x, index):
        return np.sum(x[index] * np.arange(4.0))

    made = text(final(f, x="float64[n]", index="int64[4]"))
    assert "np.add.at(" in made
    same(run(made, np.ones(3), np.array([0, 0, 2, 0])), np.array([4.0, 0.0, 2.0]))


def test_a_mask_names_nothing_twice():
    def f(x):
        return np.sum(x[x > 0.0] ** 2)

    made = text(final(f, x="float64[n]"))
    assert "np.add.at" not in made
    same(run(made, np.array([-1.0, 2.0, 3.0])), np.array([0.0, 4.0, 6.0]))
