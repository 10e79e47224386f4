"""Programs that are refused, each with what the message says; `«...»` is what its caret must underline."""

from srcad.errors import AliasingError, MissingRuleError, UnsupportedSyntaxError

__all__ = ["HEADER", "PROGRAMS"]

HEADER = "import dataclasses, functools, itertools, math, operator, types\nimport numpy as np\nimport srcad\n"

PROGRAMS = {
    "cached_property": (
        """
        class A:
            def __init__(self): self.v = 2.0
            @functools.cached_property
            def w(self): return self.v * 2
        a = A()
        def f(x): return x * «a.w»
        """,
        "`a.w` is computed when it is first read, and kept",
        UnsupportedSyntaxError,
    ),
    "does not exist": (
        """
        a = types.SimpleNamespace(b=1.0)
        def f(x): return x * «a.c»
        """,
        "`a.c` does not exist",
        UnsupportedSyntaxError,
    ),
    "module does not exist": (
        """
        def f(x): return «np.nothing»(x)
        """,
        "`np.nothing` does not exist",
        UnsupportedSyntaxError,
    ),
    "no attribute": (
        """
        class A: pass
        def f(x):
            a = A()
            return x * «a.w»
        """,
        "'A' object has no attribute 'w' here",
        UnsupportedSyntaxError,
    ),
    "getattr made up by class": (
        """
        class A:
            def __init__(self): self.v = 1.0
        a = A()
        def f(x): return x * «A.w»
        """,
        "`A.w` does not exist",
        UnsupportedSyntaxError,
    ),
    "takes no arguments": (
        """
        class A: pass
        def f(x): return «A(x)».w
        """,
        "A() takes no arguments",
        UnsupportedSyntaxError,
    ),
    "property without setter": (
        """
        class A:
            @property
            def w(self): return 2.0
        def f(x):
            a = A()
            «a.w» = x
            return a.w
        """,
        "the property `w` of `A` has no setter",
        UnsupportedSyntaxError,
    ),
    "frozen": (
        """
        @dataclasses.dataclass(frozen=True)
        class A:
            w: object
        def f(x):
            a = A(x)
            «a.w» = x * 2
            return a.w
        """,
        "`w` of `A` cannot be assigned",
        UnsupportedSyntaxError,
    ),
    "super with arguments": (
        """
        class A:
            def g(self, x): return x
        class B(A):
            def g(self, x): return «super(B, self)».g(x)
        b = B()
        def f(x): return b.g(x)
        """,
        "super() with arguments",
        UnsupportedSyntaxError,
    ),
    "getattr of a computed name": (
        """
        def f(x):
            return x * «getattr(math, str(x[0]))»
        """,
        "the name of an attribute must be known while parsing",
        UnsupportedSyntaxError,
    ),
    "classes are made": (
        """
        def f(x):
            A = «type("A", (), {})»
            return x
        """,
        "classes are not made in a derivative",
        UnsupportedSyntaxError,
    ),
    "falls off the end": (
        """
        def f(x):
            «if x[0] > 0.0:»
                return x
        """,
        "one path returns a value and another falls off the end",
        UnsupportedSyntaxError,
    ),
    "returns nothing": (
        """
        «def f(x):»
            y = x * 2
        """,
        "`f` returns nothing",
        UnsupportedSyntaxError,
    ),
    "match class by position": (
        """
        class A:
            def __init__(self, w): self.w = w
        def f(x):
            match A(x):
                case «A»(w): return w
            return x
        """,
        "it is not known what this pattern takes by position",
        UnsupportedSyntaxError,
    ),
    "call of unknown": (
        """
        def f(x):
            return «x.shape(3)»
        """,
        "what is called here is not known while parsing",
        UnsupportedSyntaxError,
    ),
    "lru_cache": (
        """
        @functools.lru_cache
        def g(k): return k * 2.0
        def f(x): return x * «g(3.0)»
        """,
        "`g` keeps its results (functools.lru_cache)",
        UnsupportedSyntaxError,
    ),
    "writes in place": (
        """
        def f(x):
            y = x * 2
            «y.resize(4)»
            return y
        """,
        "`.resize()` changes the size of an array in place",
        UnsupportedSyntaxError,
    ),
    "array method": (
        """
        def f(x): return «x.tobytes()»
        """,
        "`.tobytes()` is about the bytes of an array",
        UnsupportedSyntaxError,
    ),
    "double star of no dict": (
        """
        def f(x): return «np.sum(x, **x)»
        """,
        "`**` of something that is no dict",
        UnsupportedSyntaxError,
    ),
    "wrong arguments of a known function": (
        """
        def f(x):
            «return np.sum(x, nothing=3)»
        """,
        "option `nothing=` of `np.sum` has no derivative rule",
        MissingRuleError,
    ),
    "set of values": (
        """
        def f(x): return x * len(«{x[0], x[1]}»)
        """,
        "a set of values",
        UnsupportedSyntaxError,
    ),
    "dict key of value": (
        """
        def f(x): return {«x[0]»: x}[x[0]]
        """,
        "the key of a dict must be known while parsing",
        UnsupportedSyntaxError,
    ),
    "str methods of values": (
        """
        def f(x):
            rows = [x]
            «rows.index(x)»
            return x
        """,
        "`.index()` compares values that are not known while parsing",
        UnsupportedSyntaxError,
    ),
    "method of a list": (
        """
        def f(x):
            rows = (x, x)
            «rows.append(x)»
            return rows[0]
        """,
        "`.append()` of a tuple is not accepted",
        UnsupportedSyntaxError,
    ),
    "index out of range": (
        """
        def f(x):
            rows = [x, x]
            return «rows[3]»
        """,
        "IndexError: list index out of range",
        UnsupportedSyntaxError,
    ),
    "raise unknown": (
        """
        def f(x):
            if x[0] > 100.0:
                raise «x»
            return x
        """,
        "what is raised here is no exception that is known while parsing",
        UnsupportedSyntaxError,
    ),
    "else always raises": (
        """
        def f(x):
            try:
                y = x[7]
            except IndexError:
                y = x
            else:
                «raise ValueError("no")»
            return y
        """,
        "`else` of a `try` always raises",
        UnsupportedSyntaxError,
    ),
    "raise outside": (
        """
        def f(x):
            if x[0] > 100.0:
                «raise»
            return x
        """,
        "`raise` stands outside of `except`",
        UnsupportedSyntaxError,
    ),
    "errstate raise": (
        """
        def f(x):
            with np.errstate(divide=«"raise"»):
                return 1.0 / x
        """,
        "`np.errstate(divide='raise')` decides what is computed",
        UnsupportedSyntaxError,
    ),
    "caught unknown": (
        """
        def f(x):
            kinds = [ValueError]
            try:
                y = x[7]
            except «kinds[0] if x[0] > 0 else IndexError»:
                y = x
            return y
        """,
        "what is caught here is not known while parsing",
        UnsupportedSyntaxError,
    ),
    "import of nothing": (
        """
        def f(x):
            «import nothing_of_this_name»
            return x
        """,
        "No module named 'nothing_of_this_name'",
        UnsupportedSyntaxError,
    ),
    "one object": (
        """
        def f(x):
            y = x
            if x[0] > 0.0:
                y = x * 2
            return x if «y is x» else x * 3
        """,
        "whether these values are one object is not known while parsing",
        UnsupportedSyntaxError,
    ),
    "tuple and array": (
        """
        def f(x): return «x + [1.0, 2.0]»
        """,
        "`+` between a list and an array or number",
        UnsupportedSyntaxError,
    ),
    "in of arrays": (
        """
        def f(x): return x if «x in [x, x * 2]» else x * 2
        """,
        "`in` is accepted of what is known while parsing, and of numbers in tuples and lists",
        UnsupportedSyntaxError,
    ),
    "indexed no array": (
        """
        def f(x): return «np.sin[0]» * x
        """,
        "something that is no array is indexed",
        UnsupportedSyntaxError,
    ),
    "operator of a function": (
        """
        def f(x): return «np.sin * x»
        """,
        "`*` of something that is no array or number",
        UnsupportedSyntaxError,
    ),
    "containers compared": (
        """
        def f(x): return x if «[x[0]] == [x[1]]» else x * 2
        """,
        "containers of values are compared",
        UnsupportedSyntaxError,
    ),
    "closure without value": (
        """
        def outer():
            def f(x): return x * «k»
            if False:
                k = 1.0
            return f
        f = outer()
        """,
        "`k` has no value yet",
        UnsupportedSyntaxError,
    ),
    "not defined": (
        """
        def f(x): return x * «nothing»
        """,
        "`nothing` is not defined",
        UnsupportedSyntaxError,
    ),
    "no plain array": (
        """
        m = np.ma.masked_array([1.0])
        def f(x): return x * «m»
        """,
        "`m` is no plain numeric array",
        UnsupportedSyntaxError,
    ),
    "expression fails": (
        """
        def f(x): return x * («"a" + 1»)
        """,
        'this expression fails: can only concatenate str (not "int") to str',
        UnsupportedSyntaxError,
    ),
    "array of one side": (
        """
        def f(x):
            if x[0] > 0.0:
                y = np.zeros(2)
            if x[1] > 0.0:
                «y»[0] = x[0]
            return x
        """,
        "`y` may not have been assigned here",
        UnsupportedSyntaxError,
    ),
    "double star in dict": (
        """
        def f(x): return {**«[x]»}
        """,
        "`**` of something that is no dict",
        UnsupportedSyntaxError,
    ),
    "function in result": (
        """
        def f(x): «return np.sin»
        """,
        "a function, or another object, is among the results",
        UnsupportedSyntaxError,
    ),
    "derivative": (
        """
        g = srcad.grad(lambda y: np.sum(y * y))
        def f(x): return «g(x)»
        """,
        "`g` is a derivative, or makes one",
        UnsupportedSyntaxError,
    ),
    "endless recursion": (
        """
        def f(x): return «f(x - 1.0)» if x[0] > 0 else x
        """,
        "`f` calls itself without end, as far as is known here",
        UnsupportedSyntaxError,
    ),
    "wrong arguments of a user function": (
        """
        def g(a, b): return a * b
        def f(x): return «g(x)»
        """,
        "missing a required argument: 'b'",
        UnsupportedSyntaxError,
    ),
    "filter": (
        """
        def f(x): return «sum(filter(lambda a: a > 0, x))»
        """,
        "filter() by values that are not known while parsing",
        UnsupportedSyntaxError,
    ),
    "set loop": (
        """
        def f(x):
            y = x
            for k in «{1, 2}»:
                y = y * k
            return y
        """,
        "a loop over a set has no order",
        UnsupportedSyntaxError,
    ),
    "0-d loop": (
        """
        def f(x):
            for a in «x[0]»:
                x = x * a
            return x
        """,
        "a loop over this is not accepted",
        UnsupportedSyntaxError,
    ),
    "range of a float": (
        """
        def f(x):
            for i in «range(2.5)»:
                x = x * i
            return x
        """,
        "range() of a float",
        UnsupportedSyntaxError,
    ),
    "range step": (
        """
        def f(x):
            for i in «range(0, 3, 0)»:
                x = x * i
            return x
        """,
        "range() with step 0",
        UnsupportedSyntaxError,
    ),
    "zip strict": (
        """
        def f(x):
            for a, b in «zip([1.0, 2.0], [1.0], strict=True)»:
                x = x * a
            return x
        """,
        "zip(strict=True) of unequal lengths",
        UnsupportedSyntaxError,
    ),
    "zip of list and array": (
        """
        def f(x):
            for a, b in «zip([x, x * 2], x[x > 0])»:
                x = a * b
            return x
        """,
        "zip() of a list and an array whose length is not known",
        UnsupportedSyntaxError,
    ),
    "run twice": (
        """
        def f(x):
            pairs = zip(x, x)
            y = sum(a * b for a, b in pairs)
            return y * sum(a for a, b in «pairs»)
        """,
        "`zip(...)` is run over twice",
        UnsupportedSyntaxError,
    ),
    "changed while run over": (
        """
        def f(x):
            rows = [x, x]
            «for row in rows:»
                rows.append(row)
            return rows[0]
        """,
        "this list grows while it is run over",
        UnsupportedSyntaxError,
    ),
    "never ends": (
        """
        def f(x):
            «while True:»
                x = x * 2
            return x
        """,
        "the condition of this loop never changes",
        UnsupportedSyntaxError,
    ),
    "condition never changes": (
        """
        def f(x):
            y = x
            «while x is not None:»
                y = y * 2
            return y
        """,
        "the condition of this loop never changes",
        UnsupportedSyntaxError,
    ),
    "condition writes": (
        """
        def g(x):
            x[0] = 1.0
            return x[1]
        def f(x):
            y = x * 1.0
            «while g(y) > 0:»
                y = y - 1.0
            return y
        """,
        "the condition of this loop writes to an array",
        UnsupportedSyntaxError,
    ),
    "format computed": (
        """
        def f(x):
            if x[0] > 100.0:
                raise ValueError(«"{}".join([str(x[0])])»)
            return x
        """,
        "`.join()` of a text that is made of values is not accepted",
        UnsupportedSyntaxError,
    ),
    "pow of three": (
        """
        def f(x): return x * «pow(x[0], 2, 3)»
        """,
        "pow() with three arguments",
        UnsupportedSyntaxError,
    ),
    "max of nothing": (
        """
        def f(x): return x * «max([])»
        """,
        "max() of nothing",
        UnsupportedSyntaxError,
    ),
    "may be None": (
        """
        def f(x):
            y = None
            if x[0] > 0.0:
                y = x * 2
            return x * «y»
        """,
        "`y` may be None here",
        UnsupportedSyntaxError,
    ),
    "may be unassigned": (
        """
        def f(x):
            if x[0] > 0.0:
                y = x * 2
            return x * «y»
        """,
        "`y` may not have been assigned here",
        UnsupportedSyntaxError,
    ),
    "growing list used": (
        """
        def f(x):
            rows = []
            for a in x:
                rows.append(a * a)
            «return x * rows»
        """,
        "the list `rows`, which grows in a loop, is used in a way that is not accepted",
        UnsupportedSyntaxError,
    ),
    "doubtful copy": (
        """
        def f(x):
            y = x * 1.0
            z = np.ravel(y[::2].reshape(-1))
            y[0] = 3.0
            «return z»
        """,
        "`np.ravel` may or may not have copied the array that was written since",
        AliasingError,
    ),
    "parts": (
        """
        def f(x):
            «a, b» = x, x, x
            return a
        """,
        "3 parts are unpacked into 2 names",
        UnsupportedSyntaxError,
    ),
    "store no array": (
        """
        def f(x):
            «x[0][0]» = 3.0
            return x
        """,
        "what is stored into is no array",
        UnsupportedSyntaxError,
    ),
    "store no index": (
        """
        def f(x):
            y = x * 1.0
            «y[1.5]» = 3.0
            return y
        """,
        "a store at what is no index",
        UnsupportedSyntaxError,
    ),
    "float into integers": (
        """
        def f(x):
            y = np.zeros(3, int)
            «y[0]» = x[0]
            return x
        """,
        "a float is stored into an array of integers",
        UnsupportedSyntaxError,
    ),
    "complex into floats": (
        """
        def f(x):
            y = np.zeros(3)
            «y[0]» = 1j
            return x
        """,
        "a complex number is stored into an array of floats",
        UnsupportedSyntaxError,
    ),
    "global array written": (
        """
        W = np.ones(3)
        def f(x):
            «W[0]» = x[0]
            return W
        """,
        "the function writes to the array `W` of an outer scope",
        UnsupportedSyntaxError,
    ),
    "appended under another name": (
        """
        def f(x):
            y = x * 1.0
            rows = []
            for i in range(3):
                rows.append(y)
                «y[i]» = 0.0
            return rows[0]
        """,
        "the list `rows` holds the array that is written here, or may hold it",
        AliasingError,
    ),
    "shared on some paths": (
        """
        def f(x):
            y = x * 1.0
            z = y if x[0] > 0.0 else x * 2.0
            «y[0]» = 3.0
            return z
        """,
        "it is not known whether `z` shares the memory that is written here",
        AliasingError,
    ),
    "right side writes": (
        """
        def g(y):
            y[0] = 5.0
            return 1.0
        def f(x):
            y = x * 1.0
            «y[1:] += g(y)»
            return y
        """,
        "the right side of `+=` writes to the array on the left",
        AliasingError,
    ),
    "out of no array": (
        """
        def f(x):
            «np.sin(x, out=3)»
            return x
        """,
        "what is written here is no array",
        UnsupportedSyntaxError,
    ),
    "put mode": (
        """
        def f(x):
            y = x * 1.0
            «np.put(y, [7], 1.0, mode="clip")»
            return y
        """,
        "mode='clip' of np.put is not accepted",
        UnsupportedSyntaxError,
    ),
    "fill diagonal wrap": (
        """
        def f(x):
            y = np.outer(x, x)
            «np.fill_diagonal(y, 0.0, wrap=True)»
            return y
        """,
        "this use of np.fill_diagonal is not accepted",
        UnsupportedSyntaxError,
    ),
    "sort axis": (
        """
        def f(x, k=None):
            y = np.outer(x, x)
            «y.sort(axis=int(x[0]))»
            return y
        """,
        "the axis of a sort is not known while parsing",
        UnsupportedSyntaxError,
    ),
    "comprehension of unknown keys": (
        """
        def f(x): return «{i: a for i, a in enumerate(x)}»[0]
        """,
        "the keys of this comprehension are not known while parsing",
        UnsupportedSyntaxError,
    ),
    "list of unknown length": (
        """
        def f(x): return «[x] * len(x)»
        """,
        "a list of so many items that is not known while parsing",
        UnsupportedSyntaxError,
    ),
    "an attribute of a set": (
        """
        def f(x):
            s = {1: x}
            return x * «s.values.nothing»
        """,
        "attribute `nothing` is not accepted here",
        UnsupportedSyntaxError,
    ),
    "an attribute of a lambda": (
        """
        def f(x):
            g = lambda y: y
            return x * «g.scale»
        """,
        "attribute `scale` is not accepted here",
        UnsupportedSyntaxError,
    ),
    "cached_property of an object made here": (
        """
        class A:
            def __init__(self, x): self.x = x
            @functools.cached_property
            def w(self): return self.x * 2.0
        def f(x):
            a = A(x)
            return «a.w»
        """,
        "`A.w` is computed when it is first read, and kept",
        UnsupportedSyntaxError,
    ),
    "a static call of values": (
        """
        def f(x):
            return x * len(«"a" * int(x[0])»)
        """,
        "`*` between a str and an array or number",
        UnsupportedSyntaxError,
    ),
    "a method of an object of another kind": (
        """
        lock = types.SimpleNamespace(a=1.0)
        def f(x):
            return x * «len(lock)»
        """,
        "len() of `lock`, which is no array and no container of Python's",
        UnsupportedSyntaxError,
    ),
    "isinstance of what is not known": (
        """
        def f(x):
            y = np.random.rand()
            return x if «isinstance(y, float)» else x * 2
        """,
        "what kind of thing this is is not known while parsing",
        UnsupportedSyntaxError,
    ),
    "an option of a known function": (
        """
        def f(x): return «np.transpose(x, 1, 2, 3)»
        """,
        "np.transpose() takes 2 arguments but 4 were given",
        UnsupportedSyntaxError,
    ),
    "the structure of a dict in a loop": (
        """
        def f(x):
            d = {"a": x}
            while x[0] < 10.0:
                x = x * 2.0
                d = {"a": x, "b": x}
            return «d»["a"]
        """,
        "`d` stands for things of different kinds here",
        UnsupportedSyntaxError,
    ),
    "kinds in a loop": (
        """
        def f(x):
            y = x
            while x[0] < 10.0:
                x = x * 2.0
                y = (x, x)
            return «y»[0]
        """,
        "`y` stands for things of different kinds here",
        UnsupportedSyntaxError,
    ),
    "a function in a loop": (
        """
        def f(x):
            g = np.sin
            while x[0] < 10.0:
                x = x * 2.0
                g = np.cos
            return «g»(x)
        """,
        "`g` stands for things of different kinds here",
        UnsupportedSyntaxError,
    ),
    "an item that is not there": (
        """
        def f(x):
            d = {"a": x}
            return «d["b"]»
        """,
        "KeyError: 'b'",
        UnsupportedSyntaxError,
    ),
    "a list of other lengths": (
        """
        def f(x):
            rows = (x,)
            if x[0] > 0.0:
                rows = (x, x)
            return «rows»[-1]
        """,
        "`rows` stands for things of different kinds here",
        UnsupportedSyntaxError,
    ),
    "a dict of other keys": (
        """
        def f(x):
            d = {"a": x}
            «if x[0] > 0.0:»
                d["b"] = x
            return d["a"]
        """,
        "`d` has another length on different paths",
        UnsupportedSyntaxError,
    ),
    "a dict with keys of its own kind": (
        """
        table = {(1, 2): np.ones(3)}
        def f(x): return x * «table»[1, 2]
        """,
        "`table` is a dict of an outer scope whose keys are no plain words or numbers",
        UnsupportedSyntaxError,
    ),
    "repeat a number of times": (
        """
        def f(x):
            y = x
            for a in «itertools.repeat(x, int(x[1]))»:
                y = y * a
            return y
        """,
        "repeat() a number of times that is not known",
        UnsupportedSyntaxError,
    ),
    "next of a list": (
        """
        def f(x): return «next([x, x])»
        """,
        "next() of what is no iterator",
        UnsupportedSyntaxError,
    ),
    "zip strict of arrays": (
        """
        def f(x):
            y = 0.0
            for a, b in «zip(x, x[1:], strict=True)»:
                y = y + a * b
            return y
        """,
        "zip(strict=True) of arrays",
        UnsupportedSyntaxError,
    ),
    "items that are not known": (
        """
        def f(x): return x * [«*x[x > 0]»][0]
        """,
        "it is not known how many parts are unpacked",
        UnsupportedSyntaxError,
    ),
    "accumulate with a function": (
        """
        def f(x):
            y = 0.0
            for a in «itertools.accumulate(x, lambda p, q: p * q, initial=1.0)»:
                y = y + a
            return y
        """,
        "accumulate() over what is not known one by one",
        UnsupportedSyntaxError,
    ),
    "combinations of values": (
        """
        def f(x): return x * len(list(«itertools.combinations(x, int(x[1]))»))
        """,
        "the options of combinations() must be known while parsing",
        UnsupportedSyntaxError,
    ),
    "a dict that is changed while it is run over": (
        """
        def f(x):
            d = {"a": x}
            «for k in d:»
                d["b"] = x
            return d["a"]
        """,
        "RuntimeError: dictionary changed size during iteration",
        UnsupportedSyntaxError,
    ),
    "a loop over a 0-d array": (
        """
        def f(x):
            for a in «np.array(x[0])»:
                x = x * a
            return x
        """,
        "a loop over a 0-d array",
        UnsupportedSyntaxError,
    ),
    "zip with an option": (
        """
        def f(x):
            for a in «zip(x, fill=3)»:
                x = x * a
            return x
        """,
        "these arguments of zip() are not accepted",
        UnsupportedSyntaxError,
    ),
    "rows of unknown size": (
        """
        def f(x):
            rows = «[]»
            y = x
            while y[0] < 10.0:
                y = np.concatenate([y, y]) * 2
                rows.append(y)
            return rows[-1]
        """,
        "how large the items of `item` are is not known before the loop",
        UnsupportedSyntaxError,
    ),
    "remove of a growing list": (
        """
        def f(x):
            rows = []
            while x[0] < 10.0:
                x = x * 2
                rows.append(x)
                «rows.insert(1, x)»
            return rows[0]
        """,
        "`.insert()` of a list that grows in a loop",
        UnsupportedSyntaxError,
    ),
    "rows of two kinds": (
        """
        def f(x):
            rows = []
            while x[0] < 10.0:
                x = x * 2
                rows.append(x)
                «rows.append((x, x))»
            return rows[0]
        """,
        "the items of `rows`, which grows in a loop, are not of one kind",
        UnsupportedSyntaxError,
    ),
    "a method of text": (
        """
        def f(x): return x * len(«"a".nothing()»)
        """,
        "`str` has no method `nothing`",
        UnsupportedSyntaxError,
    ),
    "an option of str": (
        """
        def f(x):
            if x[0] > 100.0:
                raise ValueError(«str(x, encoding="utf-8")»)
            return x
        """,
        "options of str() are not accepted",
        UnsupportedSyntaxError,
    ),
    "an option of sum": (
        """
        def f(x): return x * «max(x[0], x[1], nothing=3)»
        """,
        "max() takes no `nothing`",
        UnsupportedSyntaxError,
    ),
    "max of an array of arrays": (
        """
        def f(x): return x * «max(np.outer(x, x))»
        """,
        "max() of an array of arrays",
        UnsupportedSyntaxError,
    ),
    "reduce of an unknown length": (
        """
        def f(x): return «functools.reduce(lambda a, b: a * b, (a for a in x if a > 0))»
        """,
        "what this begins with is not known while parsing",
        UnsupportedSyntaxError,
    ),
    "reduce of nothing": (
        """
        def f(x): return «functools.reduce(lambda a, b: a * b, [])»
        """,
        "there is nothing to begin with in an empty list",
        UnsupportedSyntaxError,
    ),
    "sorted of an array by a key": (
        """
        def f(x): return x * «sorted(x, key=lambda a: -a)»[0]
        """,
        "sorted() of an array with options",
        UnsupportedSyntaxError,
    ),
    "number or array": (
        """
        def f(x):
            y = x
            while x[0] < 1.0:
                x = x + 1.0
                y = y[0] if x[0] > 1.0 else y
            z = y
            «y += 1.0»
            return z
        """,
        "it is not known whether `y` is an array that `z` shares, or a number",
        AliasingError,
    ),
    "a view without an inverse": (
        """
        def f(x):
            y = x * 1.0
            z = np.broadcast_to(y, (2, 3))
            «z[0]» = 1.0
            return y
        """,
        "a view that `np.broadcast_to` makes is written",
        UnsupportedSyntaxError,
    ),
    "out of two results": (
        """
        def f(x):
            y = x * 1.0
            «np.divmod(x, 2.0, out=(y, y))»
            return y
        """,
        "`out=` of several results of np.divmod",
        UnsupportedSyntaxError,
    ),
    "put_along_axis without an axis": (
        """
        def f(x):
            y = np.outer(x, x)
            «np.put_along_axis(y, np.array([0]), 1.0, axis=None)»
            return y
        """,
        "this use of np.put_along_axis is not accepted",
        UnsupportedSyntaxError,
    ),
    "shuffle along an axis": (
        """
        rng = np.random.default_rng(0)
        def f(x):
            y = np.outer(x, x)
            «rng.shuffle(y, axis=1)»
            return y
        """,
        "a shuffle along another axis than the first",
        UnsupportedSyntaxError,
    ),
    "arguments of copyto": (
        """
        def f(x):
            y = x * 1.0
            «np.copyto(y)»
            return y
        """,
        "missing a required argument: 'src'",
        UnsupportedSyntaxError,
    ),
    "text of a text that is made of values": (
        """
        def f(x):
            return x * len(«",".join(str(x))»)
        """,
        "`.join()` of a text that is made of values is not accepted",
        UnsupportedSyntaxError,
    ),
    "a loop over an object": (
        """
        rng = np.random.default_rng(0)
        def f(x):
            for a in «rng»:
                x = x * a
            return x
        """,
        "a loop over this is not accepted",
        UnsupportedSyntaxError,
    ),
}
