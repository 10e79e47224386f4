"""What a hostile user writes: one name for two things, one thing under two names, exits half-way, names that srcad emits.

None of it may give a wrong number: each program is right, or is refused (test_hostile.py says which).
"""

import contextlib
import dataclasses
import functools
import itertools

import numpy as np

from tests.programs.corpus.arguments import A, P, X
from tests.programs.oracle import program

# names rebound


@program(X, oracle="complex")
def rebound_in_branches(x):
    f = np.sin
    if len(x) > 3:
        f = np.cos
    else:
        x = 0.0
    g = f
    f = 3.0
    return np.sum(g(x) * f)


@program(X, oracle="differences")
def two_types_of_one_name(x):
    t = x
    for k in range(2):
        if t is x:
            t = np.sum(x * x)
        else:
            t = t * x[0]
    return t


@program(P, oracle="complex")
def closures_capture_the_loop_variable(p):
    fs = []
    for k in range(3):
        fs.append(lambda t: t * p[k])
    return fs[0](1.0) + fs[1](2.0) * fs[2](p[0])


@program(P, oracle="complex")
def closures_with_defaults_capture_the_value(p):
    fs = [lambda t, k=k: t * p[k] ** k for k in range(3)]
    return fs[0](1.0) + fs[1](2.0) * fs[2](p[0])


@program(P, oracle="complex")
def generator_reads_a_name_rebound_later(p):
    scale = p[0]
    terms = (scale * a for a in p)
    scale = p[1] ** 2
    return sum(terms)


@program(P, oracle="complex")
def generator_evaluates_its_source_at_once(p):
    values = [p[0], p[1]]
    terms = (a * a for a in values)
    values = [p[2]]
    return sum(terms) + values[0]


@program(P, oracle="complex")
def generator_sees_the_list_grow(p):
    values = [p[0], p[1]]
    terms = (a * a for a in values)
    values.append(p[2])
    return sum(terms)


@program(P, oracle="complex")
def generator_is_used_up(p):
    terms = (a * a for a in p)
    return sum(terms) + 3 * sum(terms) + p[0]


@program(P, oracle="complex")
def map_is_used_up(p):
    squares = map(lambda a: a * a, p)
    first = sum(squares)
    return first + sum(squares) * 10


@program(P, oracle="complex")
def zip_is_used_up(p):
    pairs = zip(p, p[1:])
    total = 0.0
    for a, b in pairs:
        total += a * b
    for a, b in pairs:
        total += 100 * a
    return total


@program(P, oracle="complex")
def iterator_by_next(p):
    it = iter(p)
    a = next(it)
    b = next(it)
    return a * b**2 + sum(it)


@program(P, oracle="complex")
def iterator_of_static_numbers(p):
    it = iter((1, 2, 3))
    a = next(it) * p[0]
    b = next(it) * p[1]
    return a * b + next(it)


@program(P, oracle="complex")
def one_iterator_in_two_loops(p):
    it = iter(range(3))
    total = 0.0
    for i in it:
        total += p[i]
        if i == 0:
            break
    for i in it:
        total *= p[i]
    return total


@program(P, oracle="complex")
def comprehension_variable_does_not_leak(p):
    k = p[0]
    values = [k * k for k in p[1:]]
    return sum(values) * k


@program(P, oracle="complex")
def loop_variable_stays(p):
    for a in p:
        pass
    for i in range(2):
        pass
    return a * p[i]


@program(P, oracle="complex")
def loop_variable_written_in_the_body(p):
    total = 0.0
    for i in range(3):
        a = p[i]
        i = i * 2
        total += a * i
    return total * i


@program(P, oracle="complex")
def shadowed_builtins(p):
    sum = 0.0
    max = p[0]
    len = 3
    for abs in p:
        sum = sum + abs * max
    range = sum * len
    return range


@program(P, oracle="complex")
def shadowed_function(p):
    def sin(t):
        return t * t

    np_sin = np.sin
    return np.sum(sin(p) * np_sin(p))


@program(P, P * 2, oracle="complex")
def emitted_names(x_bar, saved):
    x = x_bar * saved
    y_bar = x
    i = 0
    x_dot = 0.0
    for saved_1 in x:
        x_dot = x_dot + saved_1 * y_bar[i]
        i += 1  # noqa: SIM113
    sum_1, sin_1, n = x_dot, np.sin(x), len(x)
    return sum_1 * np.sum(sin_1) * n


@program(P, oracle="complex")
def names_of_keywords_and_modules(np_):
    srcad = np_ * 2
    math = srcad[0]
    runtime = math * srcad
    out = np.sum(runtime)
    y_bar = out * math
    return y_bar


@program(P, oracle="complex")
def parameter_reassigned(p):
    def half(t, n=2):
        t = t / n
        n = t[0]
        t = t * n
        return t

    return half(p) * half(p, 4)


@program(P, oracle="complex")
def function_redefined(p):
    def f(t):
        return t * 2

    y = f(p)

    def f(t):
        return t**2

    return np.sum(y * f(p))


@program(P, oracle="complex")
def function_used_before_its_free_variable(p):
    def f(t):
        return t * later

    later = p[1]
    y = f(p[0])
    later = p[2]
    return y + f(p[0]) ** 2


@program(P, oracle="complex")
def conditional_definition(p):
    if len(p) == 3:

        def f(t):
            return t * p[0]
    else:

        def f(t):
            return t

    return np.sum(f(p))


# lists, dicts and their aliases


@program(P, oracle="complex")
def list_multiplication_aliases(p):
    rows = [[0.0] * 2] * 3
    rows[0][1] = p[0]
    rows[2][0] = p[1] * p[2]
    return rows[1][1] * rows[0][0] + rows[2][1]


@program(P, oracle="complex")
def list_of_fresh_rows(p):
    rows = [[0.0] * 2 for _ in range(3)]
    rows[0][1] = p[0]
    rows[2][0] = p[1] * p[2]
    return rows[1][1] * rows[0][0] + rows[2][0] * rows[0][1]


@program(P, oracle="complex")
def list_of_one_array_thrice(p):
    rows = [p.copy()] * 3
    rows[0][0] = p[1]
    rows[2] *= 2
    return np.sum(rows[1] ** 2)


@program(P, oracle="complex")
def alias_inside_a_dict(p):
    inner = [p[0], p[1]]
    d = {"a": inner, "b": inner}
    d["a"].append(p[2])
    d["b"][0] = p[1] ** 2
    return inner[0] * inner[2] + len(d["b"])


@program(P, oracle="complex")
def list_inside_a_tuple(p):
    t = ([p[0]], p[1])
    t[0].append(p[2])
    t[0][0] *= t[1]
    return t[0][0] * t[0][1]


@program(P, oracle="complex")
def augmented_list_is_in_place(p):
    a = [p[0]]
    b = a
    a += [p[1], p[2]]
    b[0] = 2 * p[1]
    return a[0] * b[2] * len(b)


@program(P, oracle="complex")
def added_list_is_new(p):
    a = [p[0]]
    b = a
    a = a + [p[1], p[2]]
    b[0] = 2 * p[1]
    return a[0] * a[2] * len(b) + b[0]


@program(P, oracle="complex")
def augmented_list_by_an_array(p):
    a = [p[0]]
    a += p
    return a[0] * a[1] + a[2] * len(a)  # it is an array now


@program(P, oracle="complex")
def chained_assignment_of_lists(p):
    a = b = []
    a.append(p[0])
    b.append(p[1])
    return a[0] * b[0] + a[1] * len(b)


@program(P, oracle="complex")
def shallow_copy_shares_the_inner(p):
    a = [[p[0]], p[1]]
    b = a[:]
    b[0].append(p[2])
    b[1] = 5.0
    return a[0][1] * a[1] + b[1] * a[0][0]


@program(P, oracle="complex")
def nested_default_is_shared(p):
    def push(value, into=[]):  # noqa: B006
        into.append(value)
        return into

    a = push(p[0])
    b = push(p[1])
    return a[1] * b[0] + len(a)


@program(P, oracle="complex")
def callee_that_fills_a_list(p):
    def fill(into, value):
        into.append(value * 2)
        into[0] = into[0] * value
        into = [value]
        into.append(1.0)

    items = [p[0]]
    fill(items, p[1])
    fill(items, p[2])
    return items[0] + items[1] * items[2] + len(items)


@program(P, oracle="complex")
def dict_values_replaced_while_looping(p):
    d = {"a": p[0], "b": p[1], "c": p[2]}
    for key, value in d.items():
        d[key] = value * d["a"]
    return d["a"] + 2 * d["b"] + 3 * d["c"]


@program(P, oracle="complex")
def list_written_while_looping(p):
    items = [p[0], p[1], p[2]]
    for i, a in enumerate(items):
        if i + 1 < len(items):
            items[i + 1] = items[i + 1] * a
    return items[2] + items[1]


@program(P, oracle="complex")
def list_grows_while_looping(p):
    items = [p[0], p[1]]
    for a in items:
        if len(items) < 5:
            items.append(a * p[2])
    return sum(items) * items[-1]


@program(P, oracle="complex")
def list_shrinks_while_looping(p):
    items = [p[0], p[1], p[2], p[0] * p[1]]
    total = 0.0
    for a in items:
        total += a
        if len(items) > 2:
            items.pop()
    return total * len(items)


@program(P, oracle="complex")
def dict_order_after_a_delete(p):
    d = {"a": p[0], "b": p[1], "c": p[2]}
    first = d.pop("a")
    d["a"] = first * 2
    total = 0.0
    for k, value in enumerate(d.values()):
        total += (k + 1) * value
    return total


@program(P, oracle="complex")
def dict_update_keeps_the_place(p):
    d = {"a": p[0], "b": p[1]}
    d.update(b=p[2], a=p[1])
    d |= {"c": p[0] ** 2}
    return sum((k + 1) * v for k, v in enumerate(d.values()))


@program(P, oracle="complex")
def swap_of_list_items_by_their_own_indices(p):
    i = 0
    items = [p[0], p[1], p[2]]
    i, items[i] = 2, items[1] * 3
    return items[0] * items[2] + items[1] + i


@program(P, oracle="complex")
def insert_at_odd_places(p):
    items = [p[0], p[1]]
    items.insert(-1, p[2])
    items.insert(100, p[0] ** 2)
    items.insert(-100, p[1] ** 3)
    return sum((k + 1) * a for k, a in enumerate(items))


@program(P, oracle="complex")
def slices_of_lists_assigned(p):
    items = [p[0], p[1], p[2]]
    items[1:2] = [p[0] ** 2, p[1] ** 2]
    items[::2] = [1.0, 2.0]
    del items[0]
    return sum((k + 1) * a for k, a in enumerate(items))


@program(P, oracle="complex")
def list_compared_and_searched(p):
    names = ["b", "a"]
    values = [p[0], p[1]]
    where = names.index("a")
    names.remove("b")
    return values[where] * len(names) + p[2] * names.count("a")


# arrays under several names


@program(X, oracle="complex")
def view_kept_over_a_swap(x):
    a, b = x * 1, x * 2
    view = a[1:]
    a, b = b, a
    a[1] = x[0] ** 2
    b[2] = x[3] * x[0]
    return np.sum(view * view) + np.sum(a[:2])


@program(X, oracle="complex")
def swap_of_views(x):
    u = x * 1
    left, right = u[:2], u[2:]
    left, right = right, left
    left[0] = x[0] * x[1]
    right += left
    return u * x


@program(X, oracle="complex")
def swap_of_slices(x):
    u = x * 1
    u[:2], u[2:] = u[2:], u[:2]
    return u * x


@program(X, oracle="complex")
def swap_of_slices_with_copies(x):
    u = x * 1
    u[:2], u[2:] = u[2:].copy(), u[:2].copy()
    return u * x


@program(A, oracle="complex")
def swap_of_rows_through_views(m):
    m = m * 1
    m[0], m[1] = m[1], m[0]
    return m * A.T


@program(X, oracle="complex")
def overlapping_shift(x):
    u = x * 1
    u[1:] = u[:-1]
    u[:-1] += u[1:]
    return u * x


@program(X, oracle="complex")
def one_array_in_a_list_and_a_name(x):
    u = x * 1
    box = [u, x]
    u[0] = x[1] * 3
    box[0][1] = x[0] ** 2
    u = u * 2
    box[0][2] = 0.5
    return u * box[0]


@program(X, oracle="complex")
def array_in_an_attribute_written_later(x):
    @dataclasses.dataclass
    class Box:
        u: object

    buffer = x * 1
    box = Box(buffer)
    buffer[0] = x[1] ** 2
    box.u[1] *= x[2]
    return box.u * buffer


@program(X, oracle="complex")
def callee_returns_its_argument(x):
    def same(t):
        return t

    u = x * 1
    v = same(u)
    v[0] = x[1] * 2
    u[1] *= v[0]
    return u * v


@program(X, oracle="complex")
def callee_returns_a_view(x):
    def tail(t):
        return t[1:]

    u = x * 1
    v = tail(u)
    v[0] = x[3] ** 2
    u[2] = x[0] * v[0]
    return np.sum(v * v) * u[1]


@program(X, oracle="complex")
def callee_writes_two_that_are_one(x):
    def move(source, target):
        target[1:] = source[:-1] * 2
        source[0] = 1.0

    u = x * 1
    move(u, u)
    return u * x


@program(X, oracle="complex")
def callee_writes_views_of_one(x):
    def add(source, target):
        target += source
        source *= target

    u = x * 1
    add(u[:2], u[1:3])
    return u * x


@program(X, oracle="complex")
def closure_writes_the_array_around_it(x):
    u = x * 1

    def bump(i):
        u[i] += u[i - 1] * x[0]

    for i in range(1, 4):
        bump(i)
    return u


@program(X, oracle="differences")
def condition_chooses_which_is_written(x):
    a, b = x * 1, x * 2
    target = a if x[0] > 0 else b
    target[1] = x[2] ** 2
    return a * b


@program(X, oracle="complex")
def loop_chooses_which_is_written(x):
    a, b = x * 1, x * 2
    for k in range(4):
        target = a if k % 2 else b
        target[k] *= x[0]
    return a * b


@program(X, oracle="complex")
def buffers_rotate_in_a_list(x):
    buffers = [x * 1, x * 2, x * 3]
    for k in range(4):
        buffers[0][k] = buffers[1][0] * x[k]
        buffers = buffers[1:] + buffers[:1]
    return buffers[0] * buffers[2]


@program(X, oracle="complex")
def history_without_copies(x):
    u = x * 1
    history = []
    for k in range(3):
        u[0] *= u[k + 1]
        history.append(u)
    return sum(np.sum(h) for h in history) * history[0][0]


@program(X, oracle="complex")
def history_of_views(x):
    u = x * 1
    history = []
    for k in range(3):
        u[k + 1] *= u[k]
        history.append(u[: k + 1])
    return sum(np.sum(h * h) for h in history)


@program(X, oracle="complex")
def broken_in_the_middle_of_stores(x):
    u = x * 1
    for i in range(4):
        u[i] *= 2
        if i == 2:
            break
        u[i + 1] += u[i]
    return u


@program(X, oracle="differences")
def broken_by_a_value_between_stores(x):
    u = x * 1
    for i in range(4):
        u[i] *= 2
        if u[i] < 0:
            break
        u[i] += x[0]
    u[0] += u[1]
    return u


@program(X, oracle="differences")
def returned_between_stores(x):
    u = x * 1
    v = u[1:]
    for i in range(3):
        v[i] = v[i] * u[i]
        if v[i] > 0:
            continue
        u[0] += 1
        if i == 1:
            return u * 2
    return u


@program(X, oracle="complex")
def stores_to_an_argument_of_a_callee_twice(x):
    def twice(t):
        t *= 2
        return np.sum(t)

    u = x * 1
    return twice(u) * twice(u) + u[0]


@program(X, oracle="complex")
def augmented_name_against_augmented_slot(x):
    u = x[1:]
    u = u * 1
    v = u
    u += 1
    v = v - x[0]
    u[:] *= 2
    return u * v


@program(X, oracle="complex")
def scalar_slot_is_a_copy(x):
    u = x * 1
    first = u[0]
    u[0] = 9.0 * x[1]
    first += u[0]
    return first * u[0]


@program(A, oracle="complex")
def loop_rows_written_and_rebound(m):
    m = m * 1
    for row in m:
        row[0] = row[1] * 2
        row = row * 3
        row[1] = 7.0
    return m


@program(A, oracle="complex")
def enumerate_rows_written(m):
    m = m * 1
    for i, (row, other) in enumerate(zip(m, m[::-1])):
        row += other[i]
    return m


@program(X, oracle="complex")
def fancy_index_is_a_copy(x):
    u = x * 1
    v = u[[0, 1]]
    v[0] = x[3] ** 2
    u[2] += v[0]
    return u * 2 + np.sum(v)


@program(X, oracle="complex")
def empty_array_filled_by_slices(x):
    u = np.empty(4, dtype=x.dtype)
    u[::2] = x[:2] ** 2
    u[1::2] = u[::2] * x[2:]
    return u


GLOBAL = np.array([1.0, 2.0, 3.0])


@program(P, oracle="complex")
def global_array_read_and_copied(p):
    g = GLOBAL.copy()
    g[0] = 5.0
    return np.sum(p * g * GLOBAL)


# exits and exceptions


@program(P, oracle="complex")
def try_with_stores_that_fail(p):
    u = p * 1
    v = u
    try:
        u[0] = p[1] ** 2
        u = u * 2
        u[5] = 1.0
        v[1] = 100.0
    except IndexError:
        v[2] += u[0]
    return u * v


@program(P, oracle="complex")
def try_rebinds_before_it_fails(p):
    a = p[0]
    try:
        a = a * p[1]
        b = a * [p[2]][3]
        a = b
    except IndexError:
        a = a + p[2]
    return a


@program(P, oracle="complex")
def finally_overrides_the_return(p):
    def f(t):
        try:
            return t * t
        finally:
            return t * p[0]  # noqa: B012, SIM107

    return np.sum(f(p))


@program(P, oracle="complex")
def finally_changes_a_name_after_the_return(p):
    def f(t):
        y = t * t
        try:
            return y
        finally:
            y = t * 100

    return np.sum(f(p))


@program(P, oracle="complex")
def finally_writes_what_was_returned(p):
    def f(t):
        y = t * t
        try:
            return y
        finally:
            y[0] = p[1]

    return np.sum(f(p) * p)


@program(P, oracle="complex")
def break_through_a_finally(p):
    total = 0.0
    for k in range(3):
        try:
            if k == 1:
                break
            total += p[k]
        finally:
            total *= p[2]
    return total


@program(P, oracle="complex")
def continue_through_a_finally(p):
    total = 0.0
    for k in range(3):
        try:
            if k == 1:
                continue
            total += p[k]
        finally:
            total *= p[2]
    return total


@program(P, oracle="complex")
def dead_operation_that_raises(p):
    try:
        p[7]
        y = p * 100
    except IndexError:
        y = p * 2
    return np.sum(y**2)


@program(P, oracle="complex")
def exception_in_a_callee(p):
    def pick(t, i):
        t[0] *= 2
        return t[i]

    u = p * 1
    total = 0.0
    for i in (1, 5, 2):
        try:
            total += pick(u, i)
        except IndexError:
            total *= 3
    return total + u[0]


@program(P, oracle="complex")
def handler_by_base_class_and_order(p):
    total = p[0]
    for error in (KeyError, IndexError, ValueError):
        try:
            raise error("x")
        except LookupError:
            total = total * p[1]
        except Exception:
            total = total + p[2]
    return total


@program(P, oracle="complex")
def reraised_and_caught_outside(p):
    y = p[0]
    try:
        try:
            y = y * p[1]
            raise ValueError("inner")
        except ValueError:
            y = y * p[2]
            raise
    except ValueError:
        y = y + p[0]
    return y


@program(P, oracle="complex")
def else_of_try_and_of_loop(p):
    total = 0.0
    for k in range(2):
        try:
            a = p[k + 1]
        except IndexError:
            break
        else:
            total += a * p[k]
    else:
        total *= p[0]
    return total


@program(P, oracle="complex")
def suppressed_half_way(p):
    u = p * 1
    with contextlib.suppress(ValueError):
        u[0] = p[1] * p[2]
        raise ValueError
    return u * p


@program(P, oracle="complex")
def inner_break_does_not_leave_the_outer(p):
    total = 0.0
    for i in range(3):
        for j in range(3):
            if j > i:
                break
            total += p[i] * p[j]
        else:
            total *= 2
    else:
        total += 1
    return total


@program(P, oracle="differences")
def while_true_with_continue(p):
    k, x = 0, p[0]
    while True:
        k += 1
        if k == 2:
            continue
        x = x * p[1] + p[2]
        if k > 4:
            break
    return x * k


@program(X, oracle="differences")
def loop_that_may_leave_at_once(x):
    total = x[1]
    for a in x:
        if a > 0:
            break
        total = total * a
    return total * a


@program(X[:0], 0.7, oracle=lambda x, k: 2 * k)
def zero_iterations_keep_what_was(x, k):
    a = k
    for a in x:
        k = k * a
    for i in range(0):
        k = 0.0
    while k < 0:
        k = 1.0
    return k * a


@program(P, oracle="complex")
def early_return_of_a_tuple_or_not(p):
    def f(t, pair):
        if pair:
            return t, t * 2
        return t

    a, b = f(p, True)
    return np.sum(a * b * f(p, False))


@program(P, oracle="complex")
def none_when_it_falls_off(p):
    def f(t):
        if len(t) > 5:
            return t

    y = f(p)
    return np.sum(p * p) if y is None else np.sum(y)


# conditions


@program(P, oracle="differences")
def walrus_in_a_comprehension(p):
    values = [y for a in p if (y := a * a) > 0.3]
    return sum(values) * y


@program(P, oracle="differences")
def short_circuit_with_an_effect(p):
    u = p * 1

    def bump():
        u[0] += u[1]
        return True

    if p[0] > 5 and bump():
        u[2] = 0.0
    if p[0] < 5 or bump():
        u[1] *= 2
    return u * p


@program(P, oracle="differences")
def chained_comparison_evaluates_once(p):
    seen = []

    def note(a):
        seen.append(a)
        return a

    if 0 < note(p[0]) < note(p[1]) < note(p[2]):
        return seen[0]
    return len(seen) * seen[-1] * p[0]


@program(P, oracle="complex")
def truth_of_containers(p):
    items, d = [], {}
    y = p[0]
    if not items and not d:
        y = y * p[1]
    items.append(y)
    if items:
        y = y * p[2]
    return y


@program(P, oracle="complex")
def or_gives_a_default(p):
    options = {}
    scale = options.get("scale") or p[0]
    weights = [] or [p[1]]  # noqa: SIM222
    return scale * weights[0]


@program(P, oracle="complex")
def match_binds_and_falls_through(p):
    y = p[0]
    for action in (("add", 1), ("scale", 2, 3), "stop", ["nest", ("x", 2)]):
        match action:
            case (name, k) if name == "missing":
                y = y * 100
            case ("add", k):
                y = y + k * p[1]
            case ("scale", *ks):
                y = y * sum(ks)
            case str(word):
                y = y + len(word)
            case [_, (_, k)]:
                y = y * k + p[2]
    return y


# values


@program(np.float32([0.5, 1.5, -0.7]), oracle="differences")
def single_precision_in_a_list(x):
    items = [x * np.float32(2)]
    for _ in range(2):
        items.append(np.sin(items[-1]))
    return sum(items)


@program(np.zeros((0, 3)), P, oracle="complex")
def rows_that_are_not_there(m, p):
    total = p * 1
    for row in m:
        total = total * row
    return total * p + np.sum(m)


@program(P, oracle="complex")
def negative_steps_and_strides(p):
    u = np.zeros(6, dtype=p.dtype)
    u[::-2] = p
    u[-2::-2] = p[::-1] ** 2
    total = 0.0
    for i in range(5, -1, -3):
        total += u[i] * (i + 1)
    return total


@program(P, 2, oracle="complex")
def integer_parameter_changes_type(p, n):
    while n > 0:
        n = n - 1
    n = n + p[0]
    return n * n


@program(P, oracle="complex")
def bool_is_a_number(p):
    total = 0.0
    for i in range(3):
        total += p[i] * (i == 1) + (i > 1) * p[i] ** 2
    return total + True


@program(P, oracle="complex")
def accumulate_through_reduce_with_stores(p):
    def step(acc, a):
        acc[0] = acc[0] * a
        acc[1] += acc[0]
        return acc

    return functools.reduce(step, p, np.ones(2, dtype=p.dtype))


@program(P, oracle="complex")
def sorted_pairs_by_a_static_part(p):
    pairs = [("c", p[0]), ("a", p[1]), ("b", p[2])]
    ordered = sorted(pairs, key=lambda pair: pair[0])
    return sum((k + 1) * value for k, (_, value) in enumerate(ordered))


@program(P, oracle="differences")
def sorted_by_values(p):
    a, b, c = sorted([p[0] * 2, p[1], p[2] ** 2])
    return a + 2 * b + 3 * c


@program(P, oracle="complex")
def slices_beyond_the_end(p):
    items = list(p)
    return sum(items[1:10]) * sum(items[5:]) + sum(items[-2:]) * items[-1]


@program(P, oracle="complex")
def nested_scopes_of_one_name(p):
    x = p[0]

    def f(x):
        def g():
            return x * 2

        x = x * p[1]
        return g()

    return f(p[2]) + x


@program(P, oracle="complex")
def nonlocal_counter(p):
    count = 0

    def bump(t):
        nonlocal count
        count += 1
        return t * count

    return bump(p[0]) + bump(p[1]) * bump(p[2])


@program(P, oracle="complex")
def product_of_growing_lists(p):
    items = [p[0]]
    pairs = list(itertools.product(items, [p[1], p[2]]))
    items.append(100.0)
    return sum(a * b for a, b in pairs)


@program(P, oracle="complex")
def recursion_with_an_accumulator_list(p):
    def visit(k, into):
        if k == 3:
            return
        into.append(p[k] * (into[-1] if into else 1.0))
        visit(k + 1, into)

    out = []
    visit(0, out)
    return out[0] + 2 * out[1] + 3 * out[2]


class Counter:
    made = 0

    def __init__(self, start):
        self.value = start

    def bump(self, by):
        self.value = self.value * by
        return self

    @property
    def doubled(self):
        return self.value * 2


@program(P, oracle="complex")
def objects_that_are_aliases(p):
    a = Counter(p[0])
    b = a
    boxes = [a, Counter(p[1])]
    b.bump(p[2]).bump(p[1])
    boxes[0].value += boxes[1].value
    return a.value * boxes[1].doubled


@program(P, oracle="complex")
def object_replaced_in_a_loop(p):
    a = Counter(p[0])
    kept = a
    for k in range(3):
        a.bump(p[k])
        if k == 1:
            a = Counter(a.value + 1)
    return a.value * kept.value


@program(P, oracle="complex")
def attribute_shadows_a_method(p):
    c = Counter(p[0])
    c.extra = p[1]
    c.value, c.extra = c.extra, c.value * 2
    return c.value * c.extra


@program(P, oracle="complex")
def mapped_reads_what_changed_since(p):
    u = p * 1
    scale = p[0]
    scaled = map(lambda q: q * u[0] * scale, [1.0, p[1]])
    u[0] = p[2] ** 2
    scale = 3.0
    return sum(scaled)


@program(P, oracle="complex")
def map_over_a_loop_that_writes(p):
    u = p * 1
    total = 0.0
    for value in map(lambda q: q * u[0], [1.0, p[1], p[2]]):
        u[0] = u[0] * value
        total += value
    return total


@program(P, oracle="complex")
def map_made_outside_of_the_loop(p):
    squares = map(lambda q: q * q, p)
    total = 0.0
    for a in p:
        total = total * a + sum(squares)
    return total


@program(P, oracle="complex")
def generator_reads_an_array_written_later(p):
    u = p * 1
    terms = (u[k] * p[k] for k in range(3))
    u[1] = p[0] ** 2
    return sum(terms)


@program(P, oracle="complex")
def values_of_a_dict_shown_later(p):
    d = {"a": p[0], "b": p[1]}
    shown = d.values()
    d["b"] = p[2] ** 2
    d["c"] = p[0] * p[1]
    return sum(shown) * len(d)


@program(P, oracle="complex")
def dict_values_change_ahead_of_the_loop(p):
    d = {"a": p[0], "b": p[1], "c": p[2]}
    total = 0.0
    for key, value in d.items():
        d["c"] = d["c"] * value
        total += value
    return total


@program(P, oracle="complex")
def range_runs_twice(p):
    numbers = range(3)
    total = 0.0
    for i in numbers:
        total += p[i]
    for i in numbers:
        total *= p[i]
    return total


@program(P, oracle="complex")
def rows_of_a_buffer_written_ahead(p):
    u = np.outer(p, p)
    total = 0.0
    for i, row in enumerate(u):
        if i < 2:
            u[i + 1] = row * p[i]
        total += row[0]
    return total


@program(X, oracle="complex")
def pairs_of_an_array_that_is_written(x):
    total = 0.0
    for a, b in itertools.pairwise(x):
        x[-2] = a * a
        total += a * b
    return total


@program(X, oracle="complex")
def sums_of_an_array_that_is_written(x):
    total = 0.0
    for s in itertools.accumulate(x):
        x[1:] *= s
        total += s
    return total


@program(X, oracle="complex")
def items_of_an_array_that_is_written(x):
    total = 0.0
    for a, b in zip(x, reversed(x)):
        x[1:] *= a
        total += b
    return total


@program(X, oracle="complex")
def zipped_with_a_list_and_written(x):
    u = np.zeros(3, dtype=x.dtype)
    total = 0.0
    for a, b in zip([x[0], x[1], x[2]], u):
        u[1:] += a
        total += a * b
    return total


@program(X, oracle="complex")
def numbered_and_written(x):
    u = np.ones((2, 2), dtype=x.dtype)
    total = 0.0
    for (i, j), a in np.ndenumerate(u):
        u[1] *= x[i + j]
        total += a * x[3]
    return total
