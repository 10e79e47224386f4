"""`srcad.core.unparse`: the text of trees reads well, reads back, and is the same everywhere."""

import ast
import copy
import importlib.util
import math
from pathlib import Path

import gast
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srcad.core.unparse import WIDTH, Blank, Comment, expression, unparse


def name(id, ctx=None):
    return gast.Name(id, ctx or gast.Load(), None, None)


def constant(value):
    return gast.Constant(value, None)


def assign(target, value):
    return gast.Assign([name(target, gast.Store())], value, None)


def parse_expression(text):
    return gast.parse(text, mode="eval").body


def reads_back(tree):
    """`unparse(tree)`, after a check that it is the text of the same tree."""
    text = unparse(tree)
    assert gast.dump(gast.parse(text)) == gast.dump(tree)
    assert all(line == line.rstrip() for line in text.split("\n"))
    return text


# Expressions that are already written the way they are printed.
AS_WRITTEN = """
-x ** 2
(-x) ** 2
2 ** -x
2 ** -x ** 2
x ** y ** z
(x ** y) ** z
x ** (y + 1)
x ** -1
(-1.0) ** n
-(x + y)
-x + y
-(x * y)
-x * y
x * -y
x - -1
--x
-~+x
(await_ - 1).real
a - (b - c)
a - b - c
a + (b + c)
a * (b / c)
a * b / c
a / (b * c)
a / b * c
a % (b % c)
a // b // c
a * b + c * d
(a + b) * (c + d)
(a * b) @ c
(a / b) @ c
(a * b * c) @ d
a @ b @ c
a @ (b @ c)
a * (b @ c)
a @ (b * c)
a @ b * c
X.T @ r / n
-a @ b
a << b + c
(a << b) + c
a & b | c ^ d
a & (b | c) ^ d
(a | b) & c
a < b <= c
(a < b) < c
a < (b < c)
a is not b
a not in b
a | b == c
a + b < c
not a == b
(not a) == b
not (a and b)
not a and b
not not a
a or b and c
(a or b) and c
a and (b and c)
(a and b) and c
a if b else c
a if b else c if d else e
(a if b else c) if d else e
a if (b if c else d) else e
(a if b else c) + d
a or (b if c else d)
lambda: 0
lambda x, *args, y=1, **kw: x + y
lambda x, /, y=2, *, z: x
(lambda x: x)(1)
lambda: (yield)
a if b else lambda: c
(lambda: a) if b else c
f(x := 1)
f(x=(y := 1))
[(x := 1), 2]
x[(y := 1)]
(x := 1) + 2
f()
f(x)
f(x, *y, k=z, **w)
f(*x | y)
f(a if b else c, lambda: d)
f((a, b))
f(x for x in y)
f((x for x in y), z)
f((yield))
f(g(h(x)))
f(x)(y)[z].w
x.T.copy()
(x + y).T
(-x).T
(x ** 2).sum()
(a, b)[0]
await x ** 2
await (x ** 2)
(await x).T
x[0]
x[-1]
x[1:]
x[:-1]
x[1:-1]
x[:]
x[::2]
x[::-1]
x[a:b:c]
x[i + 1:]
x[:n - 1]
x[i, j]
x[:, None]
x[None, :, 1:]
x[..., 0]
x[()]
x[i,]
x[1:,]
x[(*i, j)]
x[i][j]
x[[0, 1]]
x[a if b else c]
x[lambda: 0]
(x,)
(x, y)
()
[]
[x]
[x, *y]
{}
{x, y}
{"a": 1, **b}
{*a}
[x for x in y]
[x for x, y in z if x if not y]
[x for (x,) in z]
[(x, y) for x in a for y in b]
[x async for x in y]
{x for x in y}
{x: y for x, y in z}
(x for x in y)
[x for x in (a if b else c) if (d if e else f)]
[x for x in (lambda: y)]
None
True
...
....real
12345678901234567890123456789
1.0.real
(1).real
2j.real
1.5e-7
1e22
2j
-2j
1 + 2j
"plain"
"it's"
'say "hi"'
"\\"both\\" 'of' them"
"tab\\t, newline\\n, null\\x00, backslash \\\\"
"größe, π, \\u200b, \\ud800"
b"bytes\\x00\\xff"
b'"'
u"old"
f"{x}"
f""
f"{x!r:>{width}.{precision}f} of {{{y}}}"
f"{x['a']} and {y['b']}"
f'say "{x}"'
f"{f'{x}'}"
f'''{"it's"} "{x['a']}"'''
f"{ {1: 2}[1]}"
f"{(lambda: 1)()}"
f"{(x if y else z)}"
f"{(x, y)}"
f"line\\n{x}"
f"{x:%H:%M}"
""".strip("\n").split("\n")


# Functions of the golden gallery, without their comments and blank lines.
GOLDEN = '''\
import numpy as np


def heat_grad(u0, alpha):
    """Gradient of `heat` with respect to `u0` and `alpha`: float64[n], float64."""
    u = u0.copy()
    saved = []
    for _ in range(100):
        sum_1 = u[:-2] - 2 * u[1:-1] + u[2:]
        saved.append(sum_1)
        u[1:-1] += alpha * sum_1
    u_bar = 2 * u
    alpha_bar = 0.0
    for sum_1 in reversed(saved):
        alpha_bar += np.sum(u_bar[1:-1] * sum_1)
        sum_bar = alpha * u_bar[1:-1]
        u_bar[:-2] += sum_bar
        u_bar[1:-1] -= 2 * sum_bar
        u_bar[2:] += sum_bar
    return u_bar, alpha_bar


def huber_grad(x, delta):
    """Gradient of `huber` with respect to `x`: float64."""
    r = abs(x)
    if r <= delta:
        r_bar = r
    else:
        r_bar = delta
    x_bar = r_bar * np.sign(x)
    return x_bar


def mlp_jacrev_vmap(x, W1, b1, W2, b2):
    """Jacobian of `mlp` with respect to `x`, for each row of `x`: float64[B, m, n]."""
    h = np.tanh(x @ W1.T + b1)
    h_bar = W2
    x_bar = (h_bar * (1 - h ** 2)[:, None, :]) @ W1
    return x_bar


def back_substitution_vjp(U, b, x_bar):
    """Cotangents of `U` and `b` given the cotangent of the value of `back_substitution`."""
    x = np.zeros_like(b)
    for i in reversed(range(len(b))):
        s = b[i]
        for j in range(i + 1, len(b)):
            s -= U[i, j] * x[j]
        x[i] = s / U[i, i]
    x_bar = x_bar.copy()
    U_bar = np.zeros_like(U)
    b_bar = np.zeros_like(b)
    for i in range(len(b)):
        s_bar = x_bar[i] / U[i, i]
        U_bar[i, i] -= s_bar * x[i]
        x_bar[i] = 0.0
        for j in reversed(range(i + 1, len(b))):
            U_bar[i, j] -= s_bar * x[j]
            x_bar[j] -= s_bar * U[i, j]
        b_bar[i] += s_bar
    return U_bar, b_bar


def newton_sqrt_grad(a):
    """Gradient of `newton_sqrt` with respect to `a`: float64."""
    x = 0.5 * (1.0 + a)
    saved = []
    while abs(x * x - a) > 1e-12 * a:
        saved.append(x)
        x = 0.5 * (x + a / x)
    x_bar = 1.0
    a_bar = 0.0
    for x in reversed(saved):
        sum_bar = 0.5 * x_bar
        a_bar += sum_bar / x
        x_bar = sum_bar - sum_bar * a / x ** 2
    a_bar += 0.5 * x_bar
    return a_bar


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_hessian(x):
    """Hessian of `rosenbrock` with respect to `x`: float64[n, n]."""
    diff_1 = x[1:] - x[:-1] ** 2
    diff_bar = 200.0 * diff_1
    i = np.arange(x.size - 1)
    x_bar_dot = np.zeros((x.size, x.size))
    x_bar_dot[i + 1, i + 1] += 200.0
    x_bar_dot[i + 1, i] -= 400.0 * x[:-1]
    x_bar_dot[i, i] += 800.0 * x[:-1] ** 2 - 2 * diff_bar + 2
    x_bar_dot[i, i + 1] -= 400.0 * x[:-1]
    return x_bar_dot


def cross_entropy_grad(logits, labels):
    """Gradient of `cross_entropy` with respect to `logits`: float32[n, k]."""
    max_1 = np.max(logits, axis=1, keepdims=True)
    shifted = logits - max_1
    exp_1 = np.exp(shifted)
    sum_1 = np.sum(exp_1, axis=1)
    log_z_bar = 1.0 / len(labels)
    picked_bar = -1.0 / len(labels)
    shifted_bar = np.zeros_like(shifted)
    shifted_bar[np.arange(len(labels)), labels] = picked_bar
    shifted_bar += (log_z_bar / sum_1)[:, None] * exp_1
    max_bar = -np.sum(shifted_bar, axis=1, keepdims=True)
    is_max = logits == max_1
    ties = np.sum(is_max, axis=1, keepdims=True, dtype=logits.dtype)
    logits_bar = shifted_bar + is_max * (max_bar / ties)
    return logits_bar


def rollout_grad(theta, x0):
    """Gradient of `rollout` with respect to `theta`: float64[n, n]."""
    x = x0
    saved = []
    for _ in range(50):
        u = np.tanh(theta @ x)
        saved.append((u, x))
        x = x + 0.1 * u
    theta_bar = np.zeros_like(theta)
    x_bar = np.zeros_like(x)
    for u, x_1 in reversed(saved):
        x_bar += 2 * x
        x = x_1
        u_bar = 0.1 * x_bar
        matmul_bar = u_bar * (1 - u ** 2)
        theta_bar += np.outer(matmul_bar, x)
        x_bar += theta.T @ matmul_bar
    return theta_bar


def loss_value_and_grad(w, X, t):
    """Value of `loss` and its gradient with respect to `w`: float64[d]."""
    z = X @ w
    logaddexp_1 = np.logaddexp(0.0, z)
    value = np.mean(logaddexp_1 - t * z) + 0.5 * np.sum(w ** 2)
    z_bar = (np.exp(z - logaddexp_1) - t) / z.size
    w_bar = w
    w_bar = w_bar + X.T @ z_bar
    return value, w_bar
'''

STATEMENTS = '''\
import a.b as c, d
from . import x
from ..y import z as w, v
from a import *

x = y = z
a, b = b, a
a, *b = c
(a,) = b
a[i, j], b.c = d
x += 1
x @= y, z
x = yield y
x = yield
x = yield from y
x = await y
n: int
n: int = 1
(n): int = 1
x.n: int = 1
yield
x, y
"no docstring"
if x:
    pass
elif y:
    pass
elif z := y:
    pass
else:
    if w:
        pass
    pass
for a, b in c, d:
    break
else:
    continue
for x in reversed(range(n)):
    pass
while x:
    pass
else:
    pass
with a, b as c:
    pass
with a as (b, c):
    pass
async for x in y:
    pass
async with x:
    pass
try:
    pass
except A as e:
    raise
except (A, B):
    raise A from e
except:
    raise A
else:
    pass
finally:
    pass
del a, b[0], (c, d)
assert a
assert (a, b), "c"
global g, h
nonlocal n
match x, y:
    case [1, *rest] | {"a": -2, **kw} if z:
        pass
    case A(b, c=d) as e:
        pass
    case [1 | 2 as z, *_]:
        pass
    case 1 + 2j | None | "a" | a.b:
        pass
    case _:
        pass


@a
@b(c)
def f(x: int, y=1, /, z: float = 2.0, *args, w, v=None, **kw: int) -> tuple[int]:
    return


def g(*, x):
    return x, y


class A:
    """Docstring."""

    n = 1

    def f(self):
        return (x,)

    def g(self):
        def h():
            pass

        return h


class B(A, metaclass=C):
    pass


async def h():
    pass


x = 1
'''

# Long lines the way a formatter breaks them.
LONG = """\
value = first_argument_name * np.sum(
    second_argument_name, third_argument_name, axis=-1, keepdims=True
)
value = np.einsum(
    "ij,jk->ik", first_argument_name, second_argument_name, optimize=optimize_name
)
np.add.at(
    first_argument_name,
    (second_argument_name, slice(None), fourth_name),
    third_argument_name + 1,
)
x_bar_dot[i + 1, i + 1] += (
    800.0 * first_argument_name ** 2 - 2 * second_argument_name + third_name
)
value = (
    first_argument_name * second_argument_name
    + third_argument_name
    - fourth_argument_name @ fifth_name
)
value = (
    first_argument_name * (1 - second_argument_name ** 2) * third_argument_name
) @ fourth_name.T
return (
    first_argument_name_bar,
    second_argument_name_bar,
    third_argument_name_bar,
    fourth_bar,
)
x = [
    first_argument_name_bar,
    {second_argument_name_bar: third_argument_name_bar},
    fourth_bar,
]
first_argument_name_bar[second_argument_name, third_argument_name] = (
    fourth_argument_name_bar_dot
)
for first_argument_name, second_argument_name in reversed(
    list(zip(first_saved_list, second_saved))
):
    pass
if (
    first_argument_name > second_argument_name
    and third_argument_name < fourth_argument_name
):
    pass
value = (
    first_argument_name_is_long
    if second_argument_name_is_long
    else third_argument_name_is_long
)
value = [
    f(first_argument_name)
    for first_argument_name, other in second_argument_name
    if third_argument
]


def some_function_backward(
    some_function_bar, first_argument_name, second_argument_name=1
):
    pass


def some_function_backward(
    some_function_bar: int,
    first_argument_name: int,
    *,
    second_argument_name: float = 1.0,
) -> int:
    pass


from some_module_of_a_package import (
    first_argument_name,
    second_argument_name,
    third_name,
)

x = -np.sum(first_argument_name * second_argument_name, axis=1, keepdims=True)[
    :, None, None, :, 0
]
"""


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_expression_as_written(text):
    tree = parse_expression(text)
    assert expression(tree) == text
    assert unparse(tree) == text
    assert unparse(gast.Expression(tree)) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("((x)) + ((y) * (z))", "x + y * z"),
        ("-(x ** 2)", "-x ** 2"),
        ("x[(1, 2)]", "x[1, 2]"),
        ("x[(slice(1), None)]", "x[slice(1), None]"),
        ("a * b @ c", "(a * b) @ c"),
        ("f(*(x), **(y))", "f(*x, **y)"),
        ("'a' 'b'", '"ab"'),
        ("1_000 + 0x10 + 1E5 + 1e-05 + 1e+30", "1000 + 16 + 100000.0 + 1e-5 + 1e30"),
        ("1J", "1j"),
        ("lambda : x", "lambda: x"),
    ],
)
def test_expression_printed(text, printed):
    assert expression(parse_expression(text)) == printed


@pytest.mark.parametrize(
    ("value", "text", "squared"),
    [
        (-1, "-1", "(-1) ** 2"),
        (-1.5, "-1.5", "(-1.5) ** 2"),
        (-0.0, "-0.0", "(-0.0) ** 2"),
        (math.inf, 'float("inf")', 'float("inf") ** 2'),
        (-math.inf, '-float("inf")', '(-float("inf")) ** 2'),
        (math.nan, 'float("nan")', 'float("nan") ** 2'),
        (2j, "2j", "2j ** 2"),
        (-2j, "-2j", "(-2j) ** 2"),
        (1 + 2j, "(1+2j)", "(1+2j) ** 2"),
        (-1.5 - 2e30j, "(-1.5-2e30j)", "(-1.5-2e30j) ** 2"),
        (complex(0, -2), "complex(0.0, -2.0)", "complex(0.0, -2.0) ** 2"),
        (complex(1, math.inf), 'complex(1.0, float("inf"))', 'complex(1.0, float("inf")) ** 2'),
    ],
)
def test_numbers(value, text, squared):
    assert expression(constant(value)) == text
    assert expression(gast.BinOp(constant(value), gast.Pow(), constant(2))) == squared
    assert repr(eval(text)) == repr(value)


def test_huge_integer():
    assert ast.literal_eval(expression(constant(-(10**6000)))) == -(10**6000)


def test_float_subclass():
    np = pytest.importorskip("numpy")
    assert expression(constant(np.float64(0.1))) == "0.1"


@given(st.text() | st.binary() | st.floats() | st.integers() | st.complex_numbers())
def test_constants_evaluate_to_themselves(value):
    assert repr(eval(expression(constant(value)))) == repr(value)
    assert repr(eval(expression(gast.Tuple([constant(value)], gast.Load())))) == repr((value,))


def test_golden():
    assert reads_back(gast.parse(GOLDEN)) == GOLDEN


def test_statements():
    assert reads_back(gast.parse(STATEMENTS)) == STATEMENTS


def test_star_handlers_where_python_has_them():
    text = "try:\n    pass\nexcept* A:\n    pass\n"
    handler = gast.ExceptHandler(name("A"), None, [gast.Pass()])
    assert unparse(gast.TryStar([gast.Pass()], [handler], [], [])) == text


def test_long_lines():
    assert reads_back(gast.parse(LONG)) == LONG


def test_lines_that_cannot_be_broken():
    for text in f"x = {'a' * 90}\n", f"import {'a' * 90}\n", f"def {'f' * 90}():\n    pass\n":
        assert unparse(gast.parse(text)) == text


def test_line_of_exactly_the_width():
    start = "x = " + "a" * 40 + " + "
    for extra, lines in (0, 1), (1, 4):
        text = unparse(gast.parse(start + "b" * (WIDTH - len(start) + extra)))
        assert len(text.splitlines()) == lines


def test_comments_and_blank_lines():
    def f(*body):
        empty = gast.arguments([], [], None, [], [], None, [])
        return gast.FunctionDef("f", empty, list(body), [], None, None, [])

    stored = assign("x", constant(1))
    stored.trailing_comment = "a view\nof x"
    branch = gast.If(name("x"), [Comment("nothing to do")], [gast.If(name("y"), [stored], [])])
    branch.trailing_comment, branch.orelse[0].trailing_comment = "first", "second"
    tree = gast.Module(
        [
            Blank(),
            Comment("Code generated by srcad. DO NOT EDIT.\n\nkept   as it is "),
            gast.Import([gast.alias("numpy", "np")]),
            Comment("about f"),
            f(gast.Expr(constant("Docstring.")), stored, Blank(), Comment(), branch),
            Blank(),
            Comment("apart"),
            Blank(),
            f(f(stored), gast.Return(None)),
            stored,
            Blank(),
            Blank(),
            stored,
            Blank(),
        ],
        [],
    )
    text = '''\
# Code generated by srcad. DO NOT EDIT.
#
# kept   as it is
import numpy as np


# about f
def f():
    """Docstring."""
    x = 1  # a view of x

    #
    if x:  # first
        # nothing to do
        pass
    elif y:  # second
        x = 1  # a view of x


# apart


def f():
    def f():
        x = 1  # a view of x

    return


x = 1  # a view of x


x = 1  # a view of x
'''
    assert unparse(tree) == text


def test_trailing_comment_without_room_goes_above():
    statement = assign("x", name("y" * 70))
    statement.trailing_comment = "a comment that is too long"
    assert unparse(statement) == f"# a comment that is too long\nx = {'y' * 70}\n"
    call = gast.Call(name("f"), [name("y" * 50), name("z" * 50)], [])
    statement = assign("x", call)
    statement.trailing_comment = "short"
    assert unparse(statement) == f"x = f(\n    {'y' * 50},\n    {'z' * 50},\n)  # short\n"


def test_definition_with_decorator_and_comment():
    tree = gast.parse("@a\ndef f(): pass").body[0]
    tree.trailing_comment = "why"
    assert unparse(tree) == "@a\ndef f():  # why\n    pass\n"


def test_empty():
    assert unparse([]) == unparse(gast.parse("")) == unparse(Blank()) == ""
    assert unparse(gast.If(name("x"), [], [])) == "if x:\n    pass\n"
    assert unparse([Comment("x")]) == unparse(Comment("x")) == "# x\n"


def test_own_nodes_are_copied_and_dumped():
    for node in Comment("text"), Blank():
        assert gast.dump(copy.deepcopy(node)) == gast.dump(node)
        assert unparse([gast.Pass(), copy.deepcopy(node), gast.Pass()]) == unparse(
            [gast.Pass(), node, gast.Pass()]
        )


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Plain.", '"""Plain."""'),
        ("", '""""""'),
        ('Ends with "quotes"', r'"""Ends with "quotes\""""'),
        ('Has """ inside', r'"""Has \"\"" inside"""'),
        ("Back\\slash\\", '"""Back\\\\slash\\\\"""'),
        ("Bell \a.", '"""Bell \\x07."""'),
        ("Größe.  ", '"""Größe."""'),
        (
            "Lines.\n\n        Two  \n            Three\n        ",
            '"""Lines.\n\n    Two\n        Three\n    """',
        ),
        ("\n    Below.\n    ", '"""\n    Below.\n    """'),
    ],
)
def test_docstrings(text, printed):
    tree = gast.parse("def f():\n    'x'\n    return 1")
    tree.body[0].body[0].value.value = text
    assert unparse(tree) == f"def f():\n    {printed}\n    return 1\n"
    assert unparse(gast.parse(unparse(tree))) == unparse(tree)
    compile(unparse(tree), "f", "exec")


def test_module_docstring():
    assert unparse(gast.parse("'a'\n'b'\nx = 1")) == '"""a"""\n\n"b"\nx = 1\n'
    assert unparse([Comment("c"), *gast.parse("'a'").body]) == '# c\n"a"\n'


def test_fstring_that_only_python_3_12_can_read():
    join = gast.Call(gast.Attribute(constant("\n"), "join", gast.Load()), [name("x")], [])
    text = expression(gast.JoinedStr([gast.FormattedValue(join, -1, None)]))
    assert text == 'f"{' + r"'\n'" + '.join(x)}"'


def test_deep_trees():
    x = name("x")
    left = right = call = minus = chain = x
    for _ in range(2000):
        left = gast.BinOp(left, gast.Add(), x)
        right = gast.BinOp(x, gast.Pow(), right)
        call = gast.Call(x, [call], [])
        minus = gast.UnaryOp(gast.USub(), minus)
        chain = gast.Attribute(chain, "T", gast.Load())
    assert expression(left) == " + ".join(["x"] * 2001)
    assert expression(right) == " ** ".join(["x"] * 2001)
    assert expression(call) == "x(" * 2000 + "x" + ")" * 2000
    assert expression(minus) == "-" * 2000 + "x"
    assert expression(chain) == "x" + ".T" * 2000
    assert unparse(assign("y", left)).count("\n    + x") == 2000
    assert unparse(assign("y", minus)) == "y = " + "-" * 2000 + "x\n"
    call = x
    for _ in range(500):
        call = gast.Call(x, [call], [])
    assert "".join(unparse(assign("y", call)).split()) == "y=" + "x(" * 500 + "x" + ")" * 500
    branch = gast.Pass()
    for _ in range(500):
        branch = gast.If(x, [gast.Pass()], [branch])
    assert unparse(branch).count("elif x:\n    pass\n") == 499


def test_no_text():
    with pytest.raises(TypeError, match="no text for TypeAlias"):
        unparse(gast.TypeAlias(name("x"), [], name("y")))
    with pytest.raises(TypeError, match="Pass is no expression"):
        expression(gast.Pass())
    with pytest.raises(TypeError, match="constant of type object"):
        expression(constant(object()))
    function = gast.parse("def f(): pass").body[0]
    function.type_params = [gast.TypeVarTuple("T", None)]
    with pytest.raises(TypeError, match="type parameters"):
        unparse(function)


BINARY = [gast.Add, gast.Sub, gast.Mult, gast.Div, gast.FloorDiv, gast.Mod, gast.MatMult, gast.Pow]
BINARY += [gast.LShift, gast.RShift, gast.BitAnd, gast.BitOr, gast.BitXor]
COMPARISONS = [gast.Lt, gast.GtE, gast.Eq, gast.NotEq, gast.Is, gast.IsNot, gast.In, gast.NotIn]
LOAD = gast.Load()


def one_of(kinds):
    return st.sampled_from([kind() for kind in kinds])


def some(elements, least=0):
    return st.lists(elements, min_size=least, max_size=3)


def node(kind, *fields):
    """A strategy for nodes, from strategies for their fields or the fields themselves."""
    return st.builds(kind, *(f if isinstance(f, st.SearchStrategy) else st.just(f) for f in fields))


def columns(kind, *rows):
    """As `node`, the last strategies being those for the elements of lists of the same length."""
    *fields, pairs = rows
    return st.builds(lambda *x: kind(*x[:-1], *map(list, zip(*x[-1], strict=True))), *fields, pairs)


def larger(inner):
    bound = st.none() | inner
    starred = inner | node(gast.Starred, inner, LOAD)
    index = inner | node(gast.Slice, bound, bound, bound)
    index |= node(gast.Tuple, some(index), LOAD)
    keyword = node(gast.keyword, st.sampled_from(["axis", "out", None]), inner)
    loops = some(node(gast.comprehension, name("i", gast.Store()), inner, some(inner), 0), 1)
    parameters = node(
        gast.arguments,
        st.just([name("a", gast.Param()), name("b", gast.Param())]),
        st.just([name("p", gast.Param())]) | st.just([]),
        st.none() | st.just(name("args", gast.Param())),
        st.just([name("k", gast.Param())]),
        st.lists(bound, min_size=1, max_size=1),
        st.none() | st.just(name("kw", gast.Param())),
        st.lists(inner, max_size=2),
    )
    return st.one_of(
        node(gast.BinOp, inner, one_of(BINARY), inner),
        node(gast.BinOp, inner, one_of([gast.Mult, gast.MatMult, gast.Pow, gast.Sub]), inner),
        node(gast.UnaryOp, one_of([gast.USub, gast.UAdd, gast.Invert, gast.Not]), inner),
        node(gast.BoolOp, one_of([gast.And, gast.Or]), some(inner, 2)),
        columns(gast.Compare, inner, some(st.tuples(one_of(COMPARISONS), inner), 1)),
        node(gast.IfExp, inner, inner, inner),
        node(gast.Call, inner, some(starred), some(keyword)),
        node(gast.Attribute, inner, "T", LOAD),
        node(gast.Subscript, inner, index, LOAD),
        node(gast.Tuple, some(starred), LOAD),
        node(gast.List, some(starred), LOAD),
        node(gast.Set, some(starred, 1)),
        columns(gast.Dict, some(st.tuples(bound, inner), 1)),
        node(gast.Lambda, parameters, inner),
        node(gast.NamedExpr, name("w", gast.Store()), inner),
        node(gast.ListComp, inner, loops),
        node(gast.SetComp, inner, loops),
        node(gast.GeneratorExp, inner, loops),
        node(gast.DictComp, inner, inner, loops),
        node(gast.Await, inner),
        node(gast.Yield, bound),
        node(gast.YieldFrom, inner),
    )


names = st.sampled_from(["x", "W1", "y_bar", "a_rather_long_name_for_a_variable"]).map(name)
numbers = st.floats(0, allow_infinity=False, allow_nan=False) | st.integers(0, 10**20)
literals = numbers | st.sampled_from([None, True, ..., b"'\\\0", 2.5j]) | st.text(max_size=5)
trees = st.recursive(names | literals.map(constant), larger, max_leaves=25)


@settings(deadline=None)
@given(trees)
def test_random_expressions_read_back(tree):
    text = expression(tree)
    assert "\n" not in text
    assert gast.dump(parse_expression(text)) == gast.dump(tree)


@settings(deadline=None)
@given(trees, trees)
def test_random_statements_read_back(test, value):
    body = [
        assign("y", value),
        gast.Return(value),
        gast.AugAssign(name("y", gast.Store()), gast.Add(), value),
    ]
    text = reads_back(gast.Module([gast.While(test, body, []), gast.Expr(value)], []))
    assert unparse(gast.parse(text)) == text


@settings(deadline=None)
@given(
    st.text(max_size=8),
    st.lists(st.sampled_from(["x", "d['a']", 'd["it\'s"]', "f'{x}'"])),
    st.sampled_from(["", "!r", ":.2f", "!s:{w}"]),
)
def test_fstrings(text, fields, suffix):
    """Python itself says what the string is; the nodes are from its own parser."""
    nodes = [constant(text)] if text else []
    for field in fields:
        part = gast.parse('f"""{' + field + suffix + '}"""', mode="eval").body.values
        nodes += [*part, constant(text + "'")]
    printed = expression(gast.JoinedStr(nodes))
    assert gast.dump(parse_expression(printed)) == gast.dump(gast.JoinedStr(nodes))


@pytest.mark.parametrize(
    "module", ["ast", "fractions", "functools", "inspect", "numpy", "statistics"]
)
def test_modules_read_back(module):
    text = Path(importlib.util.find_spec(module).origin).read_text("utf-8")
    printed = unparse(gast.parse(text))
    assert unparse(gast.parse(printed)) == printed
    assert without_docstrings(gast.parse(printed)) == without_docstrings(gast.parse(text))


def without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (gast.Module, gast.ClassDef, gast.FunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, gast.Expr) and isinstance(first.value, gast.Constant):
                first.value = constant(None)
    return gast.dump(tree)
