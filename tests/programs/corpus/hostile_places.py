"""What a hostile user writes about places: odd targets, orders of evaluation, exits from generators, views of views, arguments changed.

As in `hostile`: each program is right, or is refused.
"""

import collections
import contextlib
import dataclasses
import functools

import numpy as np

from tests.programs.corpus.arguments import A, P, X, Y
from tests.programs.oracle import program

# arguments that are changed


@program([0.3, 0.5], oracle="complex")
def list_argument_grows(xs):
    xs.append(xs[0] * 2)
    xs[0] = xs[1] ** 2
    return sum(xs) * len(xs)


@program({"a": 0.3, "b": 1.2}, oracle="complex")
def dict_argument_changed(d):
    d["c"] = d.pop("a") * d["b"]
    d["b"] = 2.0 * d["c"]
    return d["c"] * d["b"]


@program([P, P * 2], 0.5, oracle="complex")
def array_in_a_list_argument_written(xs, k):
    xs[0][1] = k * xs[1][0]
    xs[1] *= xs[0]
    xs[0] = xs[0] + 1
    return xs[0] * xs[1]


@dataclasses.dataclass
class State:
    x: float
    v: np.ndarray


@program(State(0.4, P), oracle="complex")
def array_in_a_dataclass_argument_written(state):
    v = state.v
    v[0] = state.x
    v *= state.v[1]
    return np.sum(v * state.v)


@program(State(0.4, P), oracle="complex")
def dataclass_argument_written(state):
    state.x = state.x * 2
    state.v = state.v + state.x
    return np.sum(state.v) * state.x


@program(X, oracle="complex")
def same_array_returned_twice(x):
    y = x * x
    return y, [y, y[::-1]]


@program(X, oracle="complex")
def argument_returned(x):
    return {"x": x, "y": x[1:]}


def push(value, into=[]):  # noqa: B006
    into.append(value)
    return sum(into)


@program(P, oracle="complex")
def default_list_of_a_module_function(p):
    return push(p[0]) * 0 + p[1] ** 2


def fib(n, p, memo=None):
    memo = {} if memo is None else memo
    if n in memo:
        return memo[n]
    memo[n] = p[n] if n < 3 else fib(n - 1, p, memo) * 0.5 + fib(n - 3, p, memo)
    return memo[n]


@program(P, oracle="complex")
def memo_handed_through(p):
    return fib(8, p)


# odd targets, and the order in which things are evaluated


@program(X, oracle="complex")
def loop_target_is_an_element(x):
    u = np.zeros(2, dtype=x.dtype)
    total = 0.0
    for u[0] in x:
        total = total * u[0] + u[0] ** 2
    return total + u[0]


@program(X, oracle="complex")
def loop_target_rebinds_its_iterable(x):
    total = 0.0
    for x in x:
        total = total + x * x
    return total * x


@program(P, oracle="complex")
def loop_target_is_a_list_item(p):
    items = [p[0], p[1]]
    for items[1] in (p[2], p[0] * p[1]):
        items[0] = items[0] * items[1]
    return items[0] + items[1]


@program(P, oracle="complex")
def chained_stores(p):
    u = np.zeros(3, dtype=p.dtype)
    v = u[0] = u[1] = p[0] * p[1]
    w = u[:] = u + p
    w[0] = 7.0
    return u * v + w


@program(P, oracle="complex")
def index_changes_in_the_assignment(p):
    u = p * 1
    i = 0
    i, u[i] = 2, p[1] ** 2
    u[i], i = p[0], 1
    u[i] += u[i - 1]
    return u


@program(P, oracle="complex")
def augmented_index_is_evaluated_once(p):
    calls = [0]

    def where():
        calls[0] += 1
        return calls[0]

    u = p * 1
    u[where()] += p[0]
    u[where()] *= 2
    return u * calls[0]


@program(P, oracle="complex")
def order_of_arguments(p):
    u = p * 1

    def bump(k):
        u[0] = u[0] * k
        return u[0]

    return bump(p[1]) - bump(p[2]) * 2 + (lambda a, b: a / b)(bump(2.0), bump(p[0]))


@program(P, oracle="complex")
def value_read_before_the_call_that_writes(p):
    u = p * 1

    def bump():
        u[0] = 10.0 * p[1]
        return 1.0

    return u[0] + bump() * u[0] + np.sum(u + bump())


@program(P, oracle="complex")
def augmented_name_read_before_its_right_side(p):
    total = p[0]

    def change():
        u[0] = p[2] ** 2
        return u[0]

    u = p * 1
    u[0] += change()
    total += (total := p[1])
    return total * u[0]


@program(P, oracle="complex")
def walrus_in_arguments(p):
    return (y := p[0] * 2) + np.sum(p * y) * (y := y**2) + y


@program(P, oracle="complex")
def assert_with_a_walrus(p):
    assert (y := p[0] * p[1]) < 10, f"{y:.3f} is too large"  # noqa: RUF018
    return y * p[2]


# generators that are left early


@program(X, oracle="differences")
def any_stops_at_the_first(x):
    if any((y := a) > 0.25 for a in x):
        return y * x[1]
    return 0.0 * x[0]


@program(X, oracle="differences")
def all_stops_at_the_first(x):
    seen = []
    if all(seen.append(a) is None and a > 0 for a in x):
        return seen[0]
    return seen[-1] * len(seen)


@program(X, oracle="differences")
def next_of_a_generator(x):
    first = next((a for a in x if a > 0.35), 5.0)
    return first * next((a for a in x if a > 50), x[0])


@program([0.3, -0.7, 1.1], oracle="differences")
def next_of_a_list_of_floats(x):
    return next(a * a for a in x if a < 0) + next(iter(x))


@program(P, oracle="complex")
def zip_leaves_the_rest(p):
    items = [p[0], p[1], p[2]]
    rest = iter(items)
    total = 0.0
    for _, a in zip(range(2), rest):
        total += a * a
    return total * sum(rest)


@program(P, oracle="complex")
def sum_with_a_start(p):
    return sum([p[0], p[1]], p[2] ** 2) * sum((a for a in p), start=1.0)


@program(P, oracle="differences")
def max_by_key_and_default(p):
    pairs = [("a", 1), ("b", 3), ("c", 2)]
    name, k = max(pairs, key=lambda pair: pair[1])
    return p[k - 1] * max([], default=p[0]) * (2 if name == "b" else 1)


# views of views


@program(X, oracle="complex")
def view_of_a_view(x):
    u = x * 1
    v = u[1:]
    w = v[::2]
    w[:] = w * x[0]
    v[1] += u[3]
    return u * np.sum(w)


@program(A, oracle="complex")
def row_kept_while_the_matrix_is_remade(m):
    m = m * 1
    row = m[0]
    m = m.copy()
    row[0] = m[1, 1] ** 2
    m[0] += row
    return m


@program(X, oracle="complex")
def reversed_again_and_again(x):
    u = x * 1
    for k in range(3):
        u = u[::-1]
        u[k] *= u[k + 1]
    return u


@program(A, oracle="complex")
def transposed_again_and_again(m):
    m = m * 1
    for k in range(3):
        m = m.T
        m[0] += m[k] * m[1, 0]
    return m


@program(X, oracle="complex")
def reshaped_and_written(x):
    u = x * 1
    m = u.reshape(2, 2)
    m[0] *= m[1]
    u[3] = m[0, 0] ** 2
    return u * m[1, 1]


@program(A, oracle="complex")
def ravel_of_a_transpose_is_a_copy(m):
    m = m * 1
    flat = m.T.ravel()
    flat[0] = 9.0
    m[0, 1] = flat[1] * flat[2]
    return m * flat[4]


@program(A, oracle="complex")
def diagonal_through_a_view(m):
    m = m * 1
    d = m.reshape(-1)[::4]
    d *= m[0]
    return m


@program(X, oracle="complex")
def out_overlaps_its_operands(x):
    u = x * 1
    np.add(u[:-1], u[1:], out=u[1:])
    np.multiply(u, u[::-1], out=u)
    return u


@program(X, oracle="complex")
def in_place_operands_overlap(x):
    u = x * 1
    u[1:] += u[:-1]
    u[::-1] *= u
    u -= u[0]
    return u * x


@program(X, oracle="complex")
def last_of_repeated_indices_stays(x):
    u = x * 1
    u[[0, 0, 1]] = x[1:]
    u[[2, 2]] += x[:2]
    return u


@program(X, oracle="complex")
def broadcast_stores(x):
    m = np.zeros((3, 4), dtype=x.dtype)
    m[:] = x
    m[1] = x[0]
    m[:, 2] *= m[1, :3]
    m[m[:, 0].size - 1, 1:] += m[0, :-1]
    return m


@program(X, oracle="complex")
def integers_are_not_for_values(x):
    k = np.zeros(3, dtype=int)
    k[0] = 2
    k[1:] = k[0] + np.arange(2)
    return x[k] * k


@program(X.astype(np.float32), oracle="differences")
def narrow_buffer(x):
    u = np.zeros(4, dtype=np.float32)
    u[:] = x * 2.0
    u[1:] *= u[:-1]
    return u


@program(X, oracle="complex")
def list_of_rows_written_through_the_matrix(x):
    m = np.outer(x, x)
    rows = list(m)
    m[1, 0] = x[0] ** 3
    rows[0][2] = 1.5 * x[1]
    return m[0] * rows[1]


@program(X, oracle="complex")
def dict_of_views(x):
    u = x * 1
    parts = {"head": u[:2], "tail": u[2:]}
    parts["head"][0] = parts["tail"][1] ** 2
    parts["tail"] *= parts["head"]
    return u


@program(X, oracle="complex")
def views_in_a_tuple_swapped(x):
    u = x * 1
    pair = (u[:2], u[2:])
    a, b = pair[::-1]
    a *= b
    b += pair[1]
    return u


@program(X, oracle="complex")
def split_gives_views(x):
    u = x * 1
    left, right = np.split(u, 2)
    left *= right
    u[3] = left[0]
    return u * right[1]


@program(A, oracle="complex")
def unpacked_rows_are_views(m):
    m = m * 1
    a, b, c = m
    a += b * c
    b[0] = a[1]
    m[2] *= a
    return m * c


@program(A, oracle="complex")
def loop_over_columns_written(m):
    m = m * 1
    for column in m.T:
        column /= 1 + column[0] ** 2
    return m


@program(X, oracle="complex")
def atleast_and_squeeze(x):
    u = x * 1
    row = u[None, :]
    row[0, 1] *= row[0, 2]
    np.squeeze(row)[0] = x[3] ** 2
    return u


# matches, contexts, classes


@program(State(0.4, P), "go", oracle="complex", argnums=(0,))
def match_on_a_class(state, mode):
    match state, mode:
        case State(x=a), "stop":
            return a
        case State(x=a, v=v), ("go" | "run"):
            return a * np.sum(v * v)
    return 0.0


@program({"a": 0.3, "b": 1.2, "c": 0.5}, oracle="complex")
def match_on_the_rest_of_a_dict(d):
    match d:
        case {"z": z}:
            return z
        case {"a": a, **rest}:
            return a * rest["b"] + len(rest) * rest["c"]


@program(P, oracle="complex")
def context_that_swallows(p):
    u = p * 1
    with contextlib.suppress(IndexError, KeyError):
        u[0] = p[1] ** 2
        u[1] = {}["missing"]
    return u


@program(P, oracle="complex")
def exit_stack(p):
    total = p[0]
    with contextlib.ExitStack() as stack:
        k = stack.enter_context(contextlib.nullcontext(2.0))
        total = total * k * p[1]
    return total


class Meta:
    scale = 3.0
    items: list = []

    def __init__(self, p):
        self.p = p

    def __getitem__(self, i):
        return self.p[i] * self.scale

    def __len__(self):
        return 3

    def __iter__(self):
        return iter(self.p)

    def __add__(self, other):
        return Meta(self.p + other.p)


@program(P, oracle="complex")
def object_with_operators(p):
    m = Meta(p) + Meta(p * p)
    return m[0] * m[1] + len(m)


@program(P, oracle="complex")
def object_that_is_iterated(p):
    return sum(a * a for a in Meta(p))


@program(P, oracle="complex")
def class_attribute_shadowed(p):
    a, b = Meta(p), Meta(p)
    a.scale = p[1]
    return a[0] * b[2] + Meta.scale


class Chain:
    def __init__(self, value, parent=None):
        self.value, self.parent = value, parent

    def total(self):
        return self.value + (self.parent.total() * 0.5 if self.parent else 0.0)


@program(P, oracle="complex")
def linked_objects(p):
    node = None
    for k in range(3):
        node = Chain(p[k] ** (k + 1), node)
    node.parent.value *= 2
    return node.total()


@program(P, oracle="complex")
def objects_that_hold_each_other(p):
    a = Chain(p[0])
    b = Chain(p[1], a)
    a.other = b
    a.other.value = p[2] * a.value
    return b.value * a.other.total()


@program(P, oracle="complex")
def ordered_counter_of_values(p):
    d = collections.OrderedDict(a=p[0], b=p[1])
    d.move_to_end("a")
    return sum((k + 1) * v for k, v in enumerate(d.values())) * p[2]


@program(X, Y, oracle="complex")
def operator_of_arrays_in_reduce(x, y):
    import operator

    total = functools.reduce(operator.iadd, [x, y, x * y], np.zeros_like(x))
    return total * x


@program(X, oracle="complex")
def reduce_that_writes_its_first(x):
    import operator

    first = x * 1
    total = functools.reduce(operator.iadd, [x * x, x], first)
    total[0] = 5.0
    return first * total


# jumps


@program(X, oracle="differences")
def return_from_a_finally_in_a_loop(x):
    def f(t):
        for a in t:
            try:
                if a < 0:
                    continue
                if a > 1:
                    return a * t[0]
            finally:
                t[0] = t[0] * 2
        return t[1]

    return f(x * 1)


@program(X, oracle="differences")
def break_out_of_two_loops_by_else(x):
    total = 0.0
    for a in x:
        for b in x:
            if a * b < -0.5:
                total += a
                break
            total += b * b
        else:
            continue
        total *= 3
        break
    else:
        total = -total
    return total


@program(X, oracle="differences")
def while_else_with_a_return(x):
    def f(t):
        k = 0
        while k < 4:
            if t[k] > 1:
                return k * t[k]
            k += 1
        else:
            t[0] = 9.0
        return t[0]

    return f(x * 1) + f(x * 0.5)


@program(X, oracle="differences")
def loop_in_a_loop_with_one_index(x):
    total = 0.0
    for i in range(3):
        total += x[i]
        for i in range(2):
            total *= x[i] + 1
        total += i * x[3]
    return total * i


@program(X, oracle="complex")
def loop_bound_changes_in_the_body(x):
    n = 2
    total = 0.0
    for i in range(n):
        n = 10
        total += x[i] * n
    return total * n


@program(X, oracle="differences")
def while_bound_changes_in_the_body(x):
    n, i, total = 2, 0, 0.0
    while i < n:
        total += x[i] ** 2
        if total > 0.5 and n < 4:
            n += 1
        i += 1
    return total * n
