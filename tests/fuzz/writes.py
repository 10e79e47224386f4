"""Statements of the fuzzer that write in place: through masks, positions and views, and by calls."""

__all__ = ["KINDS", "Writes"]

KINDS = ["mask_store", "fancy_store", "view_store", "writing_call", "out", "row_swap", "held"]
OPS = ["=", "+=", "-=", "*=", "+=", "="]
# Arrays of positions; of as many as the array has elements, and of three.
ALL = ["np.argsort({0})", "np.arange(len({0}))[::-1]", "np.arange(len({0}))", "np.argsort(-{0})"]
SOME = ["[0, -1]", "np.array([0, -1, 0])", "[-1, -1]", "np.array([0])"]


class Writes:
    """Productions of a `Writer`."""

    def mask(self, name, shape):
        other = self.pick([name, *self.names(shape)])
        return self.pick(["{0} > {1}", "{0} < {1}", "np.abs({0}) > {1}"]).format(
            other, self.constant()
        )

    def of_rank(self, rank):
        return [(n, s) for n, s in self.writable() if len(s) == rank]

    def do_mask_store(self, depth):
        if not self.writable():
            return
        name, shape = self.pick(self.writable()[-6:])
        mask, op = self.mask(name, shape), self.pick(OPS)
        if len(shape) == 2 and self.chance(0.4):
            row = f"{name}[:, 0] > {self.constant()}"
            where = self.pick([row, f"{row}, {self.index(shape[1])}", f"{row}, 1:"])
            self.put(f"{name}[{where}] {op} {self.expr((), 1)}")
            return
        if self.chance(0.4):
            held = self.fresh("k")
            self.put(f"{held} = {mask}")
            self.put(f"{name}[{held}] {op} ({self.expr(shape, 1)} * np.ones_like({name}))[{held}]")
            return
        self.put(f"{name}[{mask}] {op} {self.expr((), 1)}")

    def do_fancy_store(self, depth):
        found = self.of_rank(1)
        if not found:
            return
        name, shape = self.pick(found[-6:])
        op = self.pick(OPS)
        if self.chance(0.5):
            where = self.pick(ALL).format(self.pick([name, *self.names(shape)]))
            self.put(f"{name}[{where}] {op} {self.expr(shape, 1)}")
            return
        where = self.pick(SOME)
        value = self.pick([self.expr((), 1), f"{self.pick(self.names(shape))}[{where}]"])
        self.put(f"{name}[{where}] {op} {value}")

    def do_view_store(self, depth):
        pairs, vectors = self.of_rank(2), self.of_rank(1)
        op = self.pick(OPS)
        if pairs and self.chance(0.65):
            name, (d, k) = self.pick(pairs)
            i, j = self.index(d), self.index(k)
            column = self.expr((d,) if self.chance(0.6) else (), 1)
            row = self.expr((k,) if self.chance(0.6) else (), 1)
            if self.chance(0.25):
                new = self.fresh("t")
                self.put(f"{new} = {name}{self.pick(['.T', '.swapaxes(0, 1)', '.transpose()'])}")
                self.env[new] = (k, d)
                return
            view, value = self.pick([
                (f"{name}.T[{j}]", column), (f"{name}.T[{j}, {i}]", self.expr((), 1)), (f"{name}.reshape(-1)[{i}]", self.expr((), 1)),
                (f"{name}.ravel()[:2]", self.expr((), 1)), (f"{name}.swapaxes(0, 1)[{j}]", column), (f"{name}[{i}][{j}]", self.expr((), 1)),
                (f"{name}[::-1][{i}]", row), (f"np.moveaxis({name}, 0, 1)[{j}]", column), (f"{name}.flat[1:3]", self.expr((), 1)),
                (f"{name}[:, ::-1].T[{j}]", column), (f"{name}.T[:, {i}]", row), (f"np.flip({name})[{i}]", row),
            ])  # fmt: skip
            self.put(f"{view} {op} {value}")
            return
        if not vectors:
            return
        name, shape = self.pick(vectors)
        i = self.index(shape[0])
        view = self.pick([f"{name}[:, None][{i}]", f"{name}[None][0, {i}]", f"np.flip({name})[{i}]", f"{name}.reshape(-1, 1)[{i}, 0]",
                          f"{name}[1:][::-1][{self.pick(['0', '-1'])}]", f"{name}.ravel()[{i}]", f"np.expand_dims({name}, 0)[0, {i}]",
                          f"np.asarray({name})[{i}]", f"{name}.flat[{i}]"])  # fmt: skip
        self.put(f"{view} {op} {self.expr((), 1)}")

    def do_writing_call(self, depth):
        found = self.writable()
        if not found:
            return
        name, shape = self.pick(found[-6:])
        s, v = self.expr((), 1), self.expr(shape, 1)
        calls = [f"np.copyto({name}, {v})", f"np.copyto({name}, {v}, where={self.mask(name, shape)})", f"{name}.fill({s})",
                 f"np.put({name}, [0, -1], {s})", f"np.place({name}, {self.mask(name, shape)}, {s})",
                 f"np.putmask({name}, {self.mask(name, shape)}, {s})"]  # fmt: skip
        if len(shape) == 1:
            where = self.pick(SOME)
            other = self.pick(self.names(shape))
            calls += [f"np.add.at({name}, {where}, {s})", f"np.add.at({name}, {where}, {other}[{where}])",
                      f"np.subtract.at({name}, {self.pick(ALL).format(other)}, {v})",
                      f"np.multiply.at({name}, np.array([0, -1, 0]), {s})",
                      f"np.add.at({name}, {self.mask(name, shape)}, {s})"]  # fmt: skip
        else:
            calls += [f"np.fill_diagonal({name}, {s})"] * 2
        self.put(self.pick(calls))

    def do_out(self, depth):
        found = self.writable()
        if not found:
            return
        name, shape = self.pick(found[-6:])
        a, b = self.expr(shape, 1), self.expr(self.smaller(shape), 1)
        mask = self.mask(name, shape)
        calls = [f"np.add({a}, {b}, out={name})", f"np.multiply({a}, {b}, {name})", f"np.tanh({a}, out={name})",
                 f"np.sin({name}, out={name})", f"np.clip({name}, -0.8, 0.8, out={name})",
                 f"np.divide({a}, 2 + np.abs({b}), out={name}, where={mask})", f"np.multiply({name}, {b}, out={name}, where={mask})"]  # fmt: skip
        if len(shape) == 1:
            calls += [
                f"np.cumsum({name}, out={name})",
                f"np.add({name}[1:], {name}[:-1], out={name}[1:])",
            ]
            wide = [n for n, s in self.of_rank(2) if s[1:] == shape]
            if wide:
                calls += [f"np.sum({self.pick(wide)}, axis=0, out={name})"] * 2
        call = self.pick(calls)
        if self.chance(0.3):
            new = self.fresh()
            self.put(f"{new} = {call}")
            if not call.startswith("np.add(" + name + "[1:]"):
                self.env[new] = shape
        else:
            self.put(call)

    def do_row_swap(self, depth):
        found = self.writable()
        if not found:
            return
        name, shape = self.pick(found)
        i, j = self.index(shape[0]), self.index(shape[0])
        if self.chance(0.3):
            held = self.fresh("r")
            self.put(f"{held} = {name}[{i}]")
            self.put(f"{name}[{i}] = {name}[{j}]")
            self.put(f"{name}[{j}] = {held}")
            return
        self.put(self.pick([f"{name}[{i}], {name}[{j}] = {name}[{j}], {name}[{i}]", f"{name}[[{i}, {j}]] = {name}[[{j}, {i}]]",
                            f"{name}[{i}], {name}[{j}] = {name}[{j}].copy(), {name}[{i}] * 1.0"]))  # fmt: skip

    def do_held(self, depth):
        """Arrays in a list or a dict, written there."""
        found = self.writable()
        if not found:
            return
        (a, s), (b, t) = self.pick(found), self.pick(found)
        box = self.fresh("h")
        first, second = ("'a'", "'b'") if self.chance(0.5) else ("0", "1")
        self.put(
            f"{box} = {{'a': {a}, 'b': {b}}}" if first == "'a'" else f"{box} = [{a}, {b} * 1.0]"
        )
        where = ", ".join(self.index(dim) for dim in s)
        self.put(f"{box}[{first}][{where}] {self.pick(OPS)} {self.expr((), 1)}")
        self.put(f"{box}[{second}] {self.pick(['+=', '*='])} {self.expr(self.smaller(t), 1)}")
        if self.chance(0.5):
            self.put(f"{a} {self.pick(['+=', '*='])} {self.expr((), 1)}")
        new = self.fresh()
        self.put(f"{new} = {box}[{first}] * {box}[{first}]")
        self.env[new] = s
