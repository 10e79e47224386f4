"""A function for every construct of Python: accepted ones, which between them hold every field of every node, and refused ones.

Each accepted one is differentiated by `x`, an array of three numbers of both signs. In the refused ones `«...»` is what the caret
must underline.
"""

import sys

__all__ = ["BUILTINS", "EXAMPLES", "INHERITS", "REFUSED"]

_STATEMENTS = {
    "FunctionDef": """
        def f(x):
            def scaled(y: float, k=2.0) -> float:
                return y * k
            return np.sum(scaled(x) + scaled(x, k=3.0) * x)
        """,
    "FunctionDef, decorated": """
        def doubled(g):
            @functools.wraps(g)
            def wrapper(*args):
                return 2.0 * g(*args)
            return wrapper
        @doubled
        def g(x):
            return np.sum(x * x)
        def f(x):
            @doubled
            def h(y):
                return np.sum(np.sin(y))
            return g(x) + h(x)
        """,
    "Return": """
        def g(box, x):
            box.append(x)
            return
        def f(x):
            box = []
            g(box, x)
            for a in x:
                if a > 1.0:
                    return a * a
            return np.sum(box[0])
        """,
    "Delete": """
        def f(x):
            y = x * x
            d = {"a": y, "b": x}
            del y, d["b"]
            return np.sum(d["a"])
        """,
    "Assign": """
        def f(x):
            a = b = x * 2.0
            (c, d), *rest = (a, b), x, x
            c[0] = d[1] * 3.0
            return np.sum(a * b) + np.sum(rest[1] * c)
        """,
    "AugAssign": """
        def f(x):
            y = x * 1.0
            y += x
            y[0] *= 3.0
            y[1:] -= x[:-1]
            s = 1.0
            s /= 2.0 + x[0] ** 2
            return np.sum(y * y) * s
        """,
    "AnnAssign": """
        def f(x):
            y: float
            y = x[0]
            z: "np.ndarray" = x * y
            (w): float = 2.0
            return np.sum(z * z) * w
        """,
    "For": """
        def f(x):
            total = 0.0
            for i, a in enumerate(x):
                total = total + a * a * i
            else:
                total = total * 2.0
            for b in [x[0], x[1]]:
                total = total * b
            return total
        """,
    "While": """
        def f(x):
            total, k = x[0], 0
            while total < 10.0:
                total = total * 2.0 + x[1]
                k += 1
                if k > 20:
                    break
            else:
                total = total * x[1]
            return total
        """,
    "If": """
        def f(x):
            if x[0] > 1.0:
                y = x * 2.0
            elif x[1] > 1.0:
                y = x * x
            else:
                y = -x
            return np.sum(y * x)
        """,
    "With": """
        def f(x):
            with np.errstate(divide="ignore"), srcad.no_grad():
                k = 1.0 / x[0]
            return np.sum(x * x) + 0.0 * k
        """,
    "With, as": """
        @contextlib.contextmanager
        def scale(k):
            yield 2.0 * k
        def f(x):
            with scale(3.0) as k:
                y = x * x
            return np.sum(y)
        """,
    "Match": """
        def f(x, mode="square"):
            match mode:
                case "square":
                    y = x * x
                case _:
                    y = x
            return np.sum(y)
        """,
    "Raise": """
        def f(x):
            if x[0] > 100.0:
                raise ValueError(f"too large: {x[0]}") from None
            try:
                if x[1] > 1.0:
                    raise KeyError("a")
                y = x
            except KeyError:
                y = x * x
            return np.sum(y)
        """,
    "Try": """
        def f(x):
            y = x * 1.0
            try:
                y[0] = x[7]
            except IndexError as error:
                y = y * 2.0
            except (KeyError, ValueError):
                y = y * 3.0
            else:
                y = y * 4.0
            finally:
                y = y * x
            return np.sum(y)
        """,
    "Assert": """
        def f(x):
            assert x.ndim == 1, "a vector"
            assert np.all(x < 100.0)
            return np.sum(x * x)
        """,
    "Import": """
        def f(x):
            import math as m, numpy
            return numpy.sum(x * x) * m.exp(x[0])
        """,
    "ImportFrom": """
        def f(x):
            from math import exp as e, pi
            return np.sum(x * x) * e(x[0]) * pi
        """,
    "Global": """
        SCALE = 3.0
        def f(x):
            global SCALE
            return np.sum(x * x) * SCALE
        """,
    "Nonlocal": """
        def f(x):
            k = x[0]
            def g(y):
                nonlocal k
                return y * k
            return np.sum(g(x))
        """,
    "Expr": """
        def f(x):
            "What it is."
            rows = []
            rows.append(x)
            print("", end="")
            return np.sum(rows[0] * x)
        """,
    "Pass": """
        def f(x):
            if x[0] > 0.0:
                pass
            else:
                x = x * 2.0
            return np.sum(x * x)
        """,
    "Break": """
        def f(x):
            total = 0.0
            for a in x:
                if a > 1.0:
                    break
                total = total + a * a
            return total
        """,
    "Continue": """
        def f(x):
            total = 0.0
            for a in x:
                if a < 0.0:
                    continue
                total = total + a * a
            return total
        """,
}

_EXPRESSIONS = {
    "BoolOp": """
        def f(x):
            if x[0] > 0.0 and x[1] > 0.0 and not x[2] > 0.0:
                return np.sum(x * x)
            return x[0] or x[1]
        """,
    "NamedExpr": """
        def f(x):
            if (y := x[0] * 2.0) > 1.0:
                return y * y
            return y
        """,
    "BinOp": """
        def f(x):
            return np.sum(x + x * x - 1.0 / (2.0 + x**2))
        """,
    "UnaryOp": """
        def f(x):
            return np.sum(-x * +x)
        """,
    "Lambda": """
        def f(x):
            g = lambda y, k=2.0: y * k * x[0]
            return np.sum(g(x) + g(x, k=3.0))
        """,
    "IfExp": """
        def f(x):
            y = x * x if x[0] > 0.0 else x
            return np.sum(y)
        """,
    "Dict": """
        def f(x):
            first = {"a": x * x, "b": 2.0}
            d = {**first, "c": x[0]}
            return np.sum(d["a"]) * d["b"] * d["c"]
        """,
    "Set": """
        def f(x, mode="a"):
            if mode in {"a", "b"}:
                return np.sum(x * x)
            return np.sum(x)
        """,
    "ListComp": """
        def f(x):
            rows = [a * b for a in x for b in x if a > 0.0 if b > 0.0]
            return sum(rows)
        """,
    "SetComp": """
        def f(x):
            kept = {k % 2 for k in range(3)}
            return np.sum(x * x) * len(kept)
        """,
    "DictComp": """
        def f(x):
            d = {k: x[k] * x[k] for k in range(3)}
            return d[0] * d[1] + d[2]
        """,
    "GeneratorExp": """
        def f(x):
            return sum(a * a for a in x)
        """,
    "Compare": """
        def f(x):
            if 0.0 < x[0] <= 1.0:
                return np.sum(x * x)
            return np.sum(np.where(x > 0.0, x, 2.0 * x))
        """,
    "Call": """
        def g(a, b, /, c=1.0, *args, d, **options):
            return a * b * c * sum(args) * d * options["e"]
        def f(x):
            values, more = (x[1], x[0]), {"e": x[1]}
            return np.sum(g(x, *values, x[0], d=2.0, **more))
        """,
    "JoinedStr": """
        def f(x):
            k = 2
            d = {f"a{k}": x * x, f"b{k!r:>3}": x}
            return np.sum(d["a2"])
        """,
    "FormattedValue": """
        def f(x):
            if x[0] > 100.0:
                raise ValueError(f"{x[0]:.3f} {x[1]!r} {x!s:>{10}}")
            return np.sum(x * x)
        """,
    "Constant": '''
        def f(x):
            """What it is."""
            y = x[..., None] * 2 + 0.5 + True
            z = None
            return np.sum(y * y) if z is None and b"" != "a" else np.sum(y)
        ''',
    "Attribute": """
        class Scale:
            k = 3.0
        scale = Scale()
        def f(x):
            s = Scale()
            s.k = x[0]
            s.k *= 2.0
            return np.sum(x.T * x) * s.k * scale.k
        """,
    "Subscript": """
        def f(x):
            y = np.outer(x, x)
            y[0, 1:] = x[:2]
            return np.sum(y[:, 0] * y[..., -1]) + np.sum(x[x > 0.0]) + np.sum(x[[0, 2]])
        """,
    "Starred": """
        def f(x):
            parts = (x, x * x)
            first, *rest = [*parts, x[0]]
            return np.sum(np.maximum(*parts)) + np.sum(first * rest[-1])
        """,
    "Name": """
        SCALE = 2.0
        def f(x):
            y = x
            return np.sum(y * SCALE * y)
        """,
    "List": """
        def f(x):
            rows = [x[0], [x, x * x]]
            [a, b] = rows
            return a * np.sum(b[1])
        """,
    "Tuple": """
        def f(x):
            a, b = x[0], x[1]
            a, b = b, a + b
            return a * b
        """,
    "Slice": """
        def f(x):
            return np.sum(x[::-1] * x) + np.sum(x[1:] * x[:-1]) + np.sum(x[0:3:2])
        """,
}

_OPERATORS = {
    "And": "np.sum(x) if x[0] > 0.0 and x[1] > 0.0 else x[0]",
    "Or": "np.sum(x * x) if x[0] > 5.0 or x[1] > 0.0 else x[0]",
    "Add": "np.sum(x + x * x)",
    "Sub": "np.sum(1.0 - x * x)",
    "Mult": "np.sum(x * x)",
    "MatMult": "x @ np.outer(x, x) @ x",
    "Div": "np.sum(x / (2.0 + x))",
    "Mod": "np.sum(x % 0.3 * x)",
    "Pow": "np.sum(x**3 + 2.0**x)",
    "FloorDiv": "np.sum(x // 0.3 * x)",
    "LShift": "np.sum(x * (1 << 3))",
    "RShift": "np.sum(x * (9 >> 1))",
    "BitOr": "np.sum(x[(x > 1.0) | (x < 0.0)] ** 2)",
    "BitXor": "np.sum(x[(x > 1.0) ^ (x > 0.5)] ** 2)",
    "BitAnd": "np.sum(x[(x > 0.5) & (x < 1.0)] ** 2)",
    "Invert": "np.sum(x[~(x > 0.5)] ** 2)",
    "Not": "np.sum(x) if not x[0] > 1.0 else x[0]",
    "UAdd": "np.sum(+x * x)",
    "USub": "np.sum(-x * x)",
    "Eq": "x[0] if x[0] == 5.0 else np.sum(x * x)",
    "NotEq": "np.sum(x * x) if x[0] != 3.0 else x[0]",
    "Lt": "np.sum(x * x) if x[0] < 1.0 else x[0]",
    "LtE": "np.sum(x * x) if x[0] <= 1.0 else x[0]",
    "Gt": "np.sum(x * x) if x[0] > 1.0 else x[0]",
    "GtE": "np.sum(x * x) if x[0] >= 1.0 else x[0]",
    "Is": "np.sum(x * x) if x is None else x[0]",
    "IsNot": "np.sum(x * x) if x is not None else x[0]",
    "In": "np.sum(x * x) if 2 in (1, 2) else x[0]",
    "In, of values": "np.sum(x * x) if x[0] in (3.0, x[0], x[1]) else x[0]",
    "NotIn": "np.sum(x * x) if 2 not in [1, 2] else x[0]",
    "NotIn, of values": "np.sum(x * x) if x.size not in (1, 2) else x[0]",
}

_PATTERNS = {
    "MatchValue": """
        def f(x, k=2):
            match k:
                case 1 | 3:
                    return np.sum(x)
                case 2 if x[0] > 0.0:
                    return np.sum(x * x)
                case _:
                    return x[0]
        """,
    "MatchSingleton": """
        def f(x, k=None):
            match k:
                case True:
                    return np.sum(x)
                case None:
                    return np.sum(x * x)
            return x[0]
        """,
    "MatchSequence": """
        def f(x):
            match (x, x * x, 2.0):
                case [a, b]:
                    return np.sum(a)
                case (a, b, c):
                    return np.sum(a * b) * c
            return x[0]
        """,
    "MatchMapping": """
        def f(x):
            match {"a": x, "b": x * x, "c": 2.0}:
                case {"a": a, "b": b, **rest}:
                    return np.sum(a * b) * rest["c"]
            return x[0]
        """,
    "MatchClass": """
        class Point:
            __match_args__ = ("a", "b")
            def __init__(self, a, b):
                self.a, self.b = a, b
        def f(x):
            match Point(x, x[0]):
                case Point(a, b=b):
                    return np.sum(a * b)
            return x[0]
        """,
    "MatchStar": """
        def f(x):
            match [x, x * x, 2.0]:
                case [a, *rest]:
                    return np.sum(a * rest[0]) * rest[1]
            return x[0]
        """,
    "MatchAs": """
        def f(x):
            match (x, 2.0):
                case (a, (1.0 | 2.0) as k):
                    return np.sum(a * x) * k
                case _:
                    return x[0]
        """,
    "MatchOr": """
        def f(x, mode="b"):
            match mode:
                case "a" | "b":
                    return np.sum(x * x)
            return x[0]
        """,
}

_PARTS = {
    "comprehension": """
        def f(x):
            return sum([a * i for i, a in enumerate(x) if i > 0])
        """,
    "ExceptHandler": """
        def f(x):
            try:
                return np.sum(x[5])
            except IndexError as error:
                return np.sum(x * x)
        """,
    "arguments": """
        def f(x, k=2.0, /, *args, m=3.0, **options):
            return np.sum(x * x) * k * m
        """,
    "arg": """
        def f(x: "float64[n]"):
            return np.sum(x * x)
        """,
    "keyword": """
        def f(x):
            options = {"axis": 0}
            return np.sum(x * x, keepdims=False, **options)
        """,
    "alias": """
        def f(x):
            import numpy as numerics
            return numerics.sum(x * x)
        """,
    "withitem": """
        @contextlib.contextmanager
        def timed(name):
            yield 2.0
        def f(x):
            with timed("a") as a, timed("b"):
                y = x * x
            return np.sum(y)
        """,
    "match_case": """
        def f(x, k=1):
            match k:
                case 1 if x[0] > 5.0:
                    return np.sum(x)
                case 1:
                    return np.sum(x * x)
            return x[0]
        """,
}

EXAMPLES = {
    **_STATEMENTS,
    **_EXPRESSIONS,
    **{name: f"def f(x):\n    return {text}\n" for name, text in _OPERATORS.items()},
    **_PATTERNS,
    **_PARTS,
}

if sys.version_info >= (3, 12):
    EXAMPLES |= {
        "TypeVar": """
            def f[T: float](x: T) -> T:
                return np.sum(x * x)
            """,
        "ParamSpec": """
            def f[**P](x):
                return np.sum(x * x)
            """,
        "TypeVarTuple": """
            def f[*S](x):
                def g[T](y: T) -> T:
                    return y * y
                return np.sum(g(x))
            """,
    }
if sys.version_info >= (3, 13):
    EXAMPLES |= {
        "TypeVar, with a default": """
            def f[T = float, *S = *tuple[int], **P = [int]](x: T):
                return np.sum(x * x)
            """,
    }

REFUSED = {
    "Yield": """
        def f(x):
            «yield x * 2»
        """,
    "Yield, as a value": """
        def f(x):
            y = («yield x»)
            return y
        """,
    "Yield, never reached": """
        def f(x):
            if False:
                «yield x»
            return x * 2
        """,
    "Yield, in a callee": """
        def g(x):
            «yield x»
        def f(x):
            return g(x) * 2
        """,
    "Yield, in a function inside": """
        def f(x):
            def g(y):
                «yield y»
            return g(x) * 2
        """,
    "YieldFrom": """
        def f(x):
            «yield from [x]»
        """,
    "AsyncFunctionDef": """
        «async def f(x):»
            return x
        """,
    "AsyncFunctionDef, with all it can hold": """
        «async def f(x):»
            async with x as y:
                async for z in y:
                    await z
            return [z async for z in x]
        """,
    "AsyncFunctionDef, inside": """
        def f(x):
            «async def g(y): return y»
            return x
        """,
    "ClassDef": """
        def f(x):
            «class A:»
                pass
            return x
        """,
    "Global": """
        total = 0.0
        def f(x):
            global total
            «total» = x
            return x
        """,
    "Global, counted": """
        total = 0.0
        def f(x):
            global total
            «total» += 1
            return x * total
        """,
    "Global, by a loop": """
        def f(x):
            global last
            for «last» in x:
                pass
            return x
        """,
    "Global, in a callee": """
        calls = 0
        def g(x):
            global calls
            «calls» += 1
            return x * 2
        def f(x):
            return g(x) * 2
        """,
    "Nonlocal": """
        def f(x):
            y = 1.0
            def g():
                nonlocal y
                «y» = x * 2
            g()
            return y * x
        """,
}
if sys.version_info >= (3, 11):
    REFUSED["TryStar"] = """
        def f(x):
            «try:»
                y = x[7]
            except* IndexError as errors:
                y = x * x
            else:
                y = x
            finally:
                y = x
            return np.sum(y)
        """
if sys.version_info >= (3, 12):
    REFUSED["TypeAlias"] = """
        def f(x):
            «type T[S] = int»
            return x
        """
if sys.version_info >= (3, 14):
    REFUSED["TemplateStr"] = """
        def f(x):
            y = «t"{x!r:>{3}}"»
            return x
        """

# What is called by a name of Python's own. Those that are refused are in `srcad.parser.refusals`.
BUILTINS = {
    "abs": "np.sum(abs(x) * x)",
    "all": "np.sum(x * x) if all([x[0] > 0.0, x[1] > 0.0]) else x[0]",
    "any": "np.sum(x * x) if any(a > 1.0 for a in x) else x[0]",
    "ascii": "np.sum(x * x) * len(ascii('a'))",
    "bin": "np.sum(x * x) * len(bin(5))",
    "bool": "np.sum(x * x) * bool(x[0] > 0.0)",
    "callable": "np.sum(x * x) * (2.0 if callable(np.sin) else 3.0)",
    "chr": "np.sum(x * x) * len(chr(65))",
    "complex": "abs(complex(x[0], x[1])) * np.sum(x)",
    "dict": "np.sum(dict(a=x * x)['a'])",
    "divmod": "np.sum(x * x) * divmod(7, 2)[0]",
    "enumerate": "sum(i * a * a for i, a in enumerate(x, start=1))",
    "filter": "sum(filter(None, [1.0, 0.0, 2.0])) * np.sum(x * x)",
    "float": "float(x[0]) * np.sum(x)",
    "format": "np.sum(x * x) * len(format(3.0, '.2f'))",
    "getattr": "np.sum(getattr(x, 'T') * x)",
    "hasattr": "np.sum(x * x) * (2.0 if hasattr(x, 'shape') else 3.0)",
    "hex": "np.sum(x * x) * len(hex(300))",
    "int": "np.sum(x * x) * int(2.5)",
    "isinstance": "np.sum(x * x) if isinstance(x, np.ndarray) else x[0]",
    "issubclass": "np.sum(x * x) if issubclass(bool, int) else x[0]",
    "iter": "next(iter([x[0], x[1]])) ** 2",
    "len": "np.sum(x * x) * len(x) * len({'a': x}.keys())",
    "list": "np.sum(list((x, x * x))[1])",
    "map": "sum(map(lambda a: a * a, x))",
    "max": "max(x[0], x[1]) ** 2 + max([x[0], x[2]], key=lambda a: -a)",
    "min": "min(x[0], x[1]) ** 2 + min(x)",
    "next": "next(iter([x[0], x[1]])) ** 2",
    "oct": "np.sum(x * x) * len(oct(9))",
    "ord": "np.sum(x * x) * ord('a')",
    "pow": "np.sum(pow(x, 3))",
    "print": "np.sum(x * x) if print(end='') is None else x[0]",
    "range": "sum(x[i] * x[i] for i in range(3))",
    "repr": "np.sum(x * x) * len(repr('a'))",
    "reversed": "sum(a * i * a for i, a in enumerate(reversed(x)))",
    "round": "np.sum(x * x) * round(2.4)",
    "set": "np.sum(x * x) * len(set([1, 1, 2]))",
    "slice": "np.sum(x[slice(0, 2)] ** 2)",
    "sorted": "np.sum(x * x) * sorted([3, 2])[0]",
    "str": "np.sum(x * x) * len(str(12))",
    "sum": "sum(x * x) + sum([x[0], x[1]], 1.0)",
    "super": "Inherits(x).value()",
    "tuple": "np.sum(tuple([x, x * x])[1])",
    "type": "np.sum(x * x) if type(x) is np.ndarray else x[0]",
    "zip": "sum(a * b for a, b in zip(x, x[1:]))",
}
INHERITS = """
class Squares:
    def __init__(self, x):
        self.x = x

    def value(self):
        return np.sum(self.x * self.x)


class Inherits(Squares):
    def __init__(self, x):
        super().__init__(x * 2.0)

    def value(self):
        return super().value() * 3.0
"""
