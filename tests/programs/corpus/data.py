"""Data: lists, tuples, dicts and sets, built, unpacked, sliced and written."""

import collections
import enum

import numpy as np

from tests.programs.corpus.arguments import A, P, X, Y
from tests.programs.oracle import program


@program(0.4, oracle="complex")
def append_in_a_while(x):
    values = [x]
    while len(values) < 5:
        values.append(values[-1] * x + 1)
    return sum(values)


@program(X, oracle="complex")
def append_in_a_for(x):
    out = []
    for a in x:
        out.append(a * a)
    return np.array(out)


@program(X, oracle="complex")
def append_of_arrays(x):
    states = [x]
    for _ in range(3):
        states.append(np.sin(states[-1]) + states[0])
    return np.stack(states)


@program(X, oracle="complex")
def extend_and_insert(x):
    parts = [x[0]]
    parts.extend([x[1] * 2, x[2] ** 2])
    parts.insert(0, x[3])
    parts += [x[0] * x[1]]
    return parts[0] * parts[1] + parts[2] * parts[-1] + parts[3]


@program(X, oracle="complex")
def stack_machine(x):
    stack = []
    for a in x:
        stack.append(a * a)
    while len(stack) > 1:
        b, a = stack.pop(), stack.pop()
        stack.append(a * b + a)
    return stack[0]


@program(X, oracle="differences")
def comprehension_with_a_condition(x):
    return sum([a**2 for a in x if a > 0])


@program(A, oracle="differences")
def nested_comprehension(m):
    return sum([a * i for i, row in enumerate(m) for a in row if a > 0])


@program(X, oracle="complex")
def matrix_by_comprehension(x):
    return np.array([[a * b + i for i, a in enumerate(x[:2])] for b in x])


@program(X, Y, oracle="complex")
def generator_in_sum(x, y):
    return sum(a * b for a, b in zip(x, y)) / sum(a * a for a in x)


@program({"w": A, "b": P}, P, oracle="complex")
def dict_of_parameters(params, v):
    return np.tanh(params["w"] @ v + params["b"])


@program({"layers": [{"w": A, "b": P}, {"w": A.T, "b": -P}]}, P, oracle="complex")
def list_of_dicts(net, v):
    for layer in net["layers"]:
        v = np.tanh(layer["w"] @ v + layer["b"])
    return np.sum(v)


@program({"a": 0.3, "b": 1.2, "c": 0.8}, oracle="complex")
def dict_views(d):
    total = 0.0
    for key, value in d.items():
        total += value * (2 if key == "a" else 3)
    for value in d.values():
        total *= value
    return total + sum(d[key] ** 2 for key in d)


@program(P, oracle="complex")
def dict_of_lists(p):
    groups = {"low": [], "high": []}
    for i in range(3):
        groups["low" if i < 2 else "high"].append(p[i] ** 2)
    return sum(groups["low"]) * sum(groups["high"])


@program(P, oracle="complex")
def dict_item_assignment(p):
    d = {}
    for i, name in enumerate(["x", "y", "z"]):
        d[name] = p[i]
    d["x"] *= d["y"]
    d["w"] = d.pop("z") ** 2
    return d["x"] * d["w"] + len(d)


@program(P, oracle="complex")
def list_item_assignment(p):
    items = [p[0], p[1], p[2]]
    items[0] = items[1] * items[2]
    items[-1] += items[0]
    items[0], items[1] = items[1], items[0]
    return items[0] * items[2] + items[1] ** 2


@program([0.3, -0.7, 1.1, 0.4], oracle="complex")
def star_unpacking(x):
    first, *middle, last = x
    a, *rest = [first * last, *middle]
    return a * rest[0] + rest[1] ** 2


@program((0.3, (1.2, -0.5), [0.8, 0.4]), oracle="complex")
def nested_unpacking(tree):
    a, (b, c), [d, *e] = tree
    return a * b + c * d * e[0]


@program(X, oracle="complex")
def slices_of_lists(x):
    items = [a * a for a in x]
    head, tail = items[:2], items[2:]
    return sum(head) * sum(tail[::-1]) + items[::2][1]


@program(X, oracle="complex")
def concatenated_lists(x):
    items = [x[0], x[1]] + [x[2]] * 2
    return items[0] * items[1] * items[2] * items[3] + sum(items)


Point = collections.namedtuple("Point", "x y")


@program(Point(0.3, 1.2), oracle="complex")
def named_tuples(p):
    q = Point(p.y, p.x * p.y)
    x, y = q
    return x * y + q._replace(x=p.x).x ** 2


@program(X, oracle="complex")
def messages_in_f_strings(x):
    name = f"{'state'}_{x.ndim}"
    out = {name: x * 2}
    for i in range(2):
        out[f"step{i}"] = out[name] * (i + 1)
    return np.sum(out["step1"] * out["state_1"])


@program(P, ["b", "a"], oracle="complex")
def static_strings(p, names):
    table = {"a": p[0], "b": p[1] ** 2}
    total = p[2]
    for name in names:
        if name.upper() == "B" and "b" in table:
            total = total * table[name]
        else:
            total += table[name]
    return total


class Kind(enum.Enum):
    LINEAR = 1
    SQUARE = 2


@program(P, Kind.SQUARE, oracle="complex")
def enum_argument(p, kind):
    if kind is Kind.LINEAR:
        return np.sum(p)
    return np.sum(p**2) * kind.value


@program(P, oracle="complex")
def set_of_keys(p):
    wanted = {0, 2}
    return sum(p[i] ** 2 for i in range(3) if i in wanted)


@program([0.3, 0.5, 0.7], oracle="complex")
def isinstance_of_a_tree(x):
    if isinstance(x, (list, tuple)) and hasattr(x, "append") and not callable(x):
        x = np.array(x)
    return np.sum(x**3)


@program(X, oracle="complex")
def list_of_rows(x):
    rows = [x * k for k in range(1, 4)]
    m = np.array(rows)
    return m @ x


@program(P, oracle="complex")
def dict_comprehension(p):
    squares = {k: p[k] ** 2 for k in range(3) if k != 1}
    return squares[0] * squares[2] + len(squares)


@program(P, oracle="complex")
def dict_merge(p):
    base = {"a": p[0], "b": p[1]}
    both = {**base, "b": p[2] * 2}
    base.update(a=p[1])
    return both["a"] * both["b"] + base["a"] * base.get("z", 3.0)


@program(P, oracle="complex")
def list_as_a_queue(p):
    queue = [p[0], p[1], p[2]]
    total = 0.0
    for k in range(6):
        a = queue.pop(0)
        total += a * (k + 1)
        queue.append(a * a)
    return total


@program(P, oracle="complex")
def tuple_augmented(p):
    t = ()
    for a in p:
        t += (a * a, a)
    return t[0] * t[3] + t[4]


@program(X, oracle="complex")
def history_of_states(x):
    history = []
    v = x
    for k in range(4):
        v = v - 0.1 * v**3
        history.append(v)
    return sum(np.sum(h * h) for h in reversed(history[1:]))


@program(P, oracle="complex")
def enumerate_of_a_list_of_pairs(p):
    pairs = [(p[0], p[1]), (p[1], p[2])]
    total = 0.0
    for i, (a, b) in enumerate(pairs):
        total += (i + 1) * a / b
    return total


@program(P, oracle="differences")
def list_sorted_in_place(p):
    names = ["c", "a", "b"]
    names.sort()
    return sum((i + 1) * p[ord(name) - ord("a")] for i, name in enumerate(names))


@program(P, oracle="complex")
def list_copied(p):
    a = [p[0], p[1]]
    b = a.copy()
    c = list(a)
    b.append(p[2])
    c[0] = p[2] ** 2
    return len(a) * a[0] + b[2] * c[0] * len(b)


@program(P, oracle="complex")
def two_names_of_one_list(p):
    a = [p[0], p[1]]
    b = a
    b.append(p[2])
    b[0] = p[1] * p[2]
    return a[0] * a[2] + len(a)


@program(P, oracle="complex")
def zip_star_transposes(p):
    pairs = [(p[0], p[1]), (p[1], p[2]), (p[2], p[0])]
    firsts, seconds = zip(*pairs)
    return sum(firsts) * seconds[0] + seconds[2]


@program(P, oracle="complex")
def deque_as_a_window(p):
    window = collections.deque([p[0], p[1]])
    window.append(p[2])
    window.popleft()
    return window[0] * window[1]


@program(P, oracle="complex")
def default_dict(p):
    groups = collections.defaultdict(list)
    for i in range(3):
        groups[i % 2].append(p[i])
    return sum(groups[0]) * sum(groups[1])
