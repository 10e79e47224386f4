"""Which lines belong to which, what is saved, the two columns, and the page's own promises; all without a browser."""

import html.parser
import re

import numpy as np
import pytest

import srcad
from srcad.page import fragment, page, plain_columns, rows
from srcad.page.saved import saved_values
from srcad.page.view import sources_of


def statement(source, start):
    """A statement on one line, as comments of derivatives quote it."""
    text = " ".join(line.text.strip() for line in source.lines if line.statement == start)
    return re.sub(r",? \)", ")", text.replace("( ", "("))


def test_lines_of_a_statement_know_its_first(module):
    (source,) = sources_of([module.rollout], [])
    assert source.name == "rollout" and source.file == "motion.py"
    named = {line.text.strip(): line.statement - source.lines[0].number for line in source.lines}
    assert named["for _ in range("] == named["50,"] == named["):"] == 4
    assert named["u = np.tanh("] == named["theta @ x"] == 7
    assert named["x = x + 0.1 * u"] == 10


def test_adjoint_lines_lie_beside_the_statement_that_is_quoted_above_them(views):
    quoted = 0
    for view in views:
        for text in (text for derived in view.derivatives for text in derived.texts):
            for line in text.lines:
                if line.text.strip().startswith("# "):
                    source = next(s for s in view.sources if s.file == line.place[0] and s.has(line.place[1]))  # fmt: skip
                    assert statement(source, line.place[1]) == line.text.strip()[2:]
                    assert line.sweep == "adjoint"
                    quoted += 1
    assert quoted > 15


def test_functions_that_are_called_have_their_lines_too(views):
    shown = views[1]
    assert [source.name for source in shown.sources] == ["energy", "spring"]
    places = {line.text.strip(): line.place for line in shown.derivatives[0].texts[-1].lines}
    assert places["d = np.diff(x)"] == ("motion.py", 5)
    assert places["def spring_backward(spring_bar, x, d, prod):"] == ("motion.py", 4)
    assert places["def energy_grad(x, k):"] == ("motion.py", 24)


TEXTS = {
    "records": (
        """\
        def f(x):
            saved = []
            for a in x:
                u = np.sin(a)
                saved.append((u, a * 2))
            #
            for v, w in reversed(saved):
                v_bar = v * w
            return v_bar""",
        6,
        {("u", 4): {(8, "v")}, ("a", 5): {(8, "w")}},
    ),
    "lanes": (
        """\
        def f(x):
            saved = []
            y = 1.0
            for i in range(3):
                saved.append(y)
                y = y * x[i]
            #
            for i, z in zip(reversed(range(3)), reversed(saved)):
                bar = -z
            for i in reversed(range(3)):
                t = saved[i]
                bar = t + y""",
        7,
        {("y", 3): {(9, "z"), (12, "t"), (12, "y")}, ("y", 6): {(9, "z"), (12, "t"), (12, "y")}},
    ),
    "nested": (
        """\
        def f(x):
            saved = []
            for a in x:
                inner = []
                for b in a:
                    c = np.exp(b)
                    inner.append(c)
                saved.append(inner)
            #
            for inner in reversed(saved):
                for c in reversed(inner):
                    bar = -c""",
        9,
        {("c", 6): {(12, "c")}},
    ),
    "branches": (
        """\
        def f(x):
            if x > 0:
                y = x * 2
            else:
                y = x * 3
            z = y + 1
            #
            bar = -y
            y = 0.0
            bar = bar * y""",
        7,
        {("y", 3): {(8, "y")}, ("y", 5): {(8, "y")}},
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_saved_values_are_followed_through_records(name):
    text, turn, wanted = TEXTS[name]
    text = text.replace("        ", "", 1).replace("\n        ", "\n")
    count = len(text.splitlines())
    sweeps = ["primal" if line < turn else "adjoint" for line in range(1, count + 1)]
    found = {(saved.name, saved.line): set(saved.reads) for saved in saved_values(text, sweeps)}
    assert found == wanted


def test_parts_of_arguments_are_there_anyway():
    text = "def f_grad(p):\n    k = p.k\n    e = p.w[0]\n    k_bar = k * e\n    return k_bar\n"
    sweeps = ["", "primal", "primal", "adjoint", ""]
    places = [None, None, ("m.py", 3), ("m.py", 3), None]
    assert [each.name for each in saved_values(text, sweeps, places)] == ["e"]


def test_columns_hold_every_line_and_align_statements(views):
    for view in views:
        for derived in view.derivatives:
            made = rows(view, derived.texts[-1])
            assert [row.right for row in made if row.right] == list(derived.texts[-1].lines)
            once = [row.left for row in made if row.left and not row.again]
            assert len(once) == len(set(map(id, once)))
            assert set(map(id, once)) == {id(line) for s in view.sources for line in s.lines}
            both = [row for row in made if row.left and row.right and row.right.place]
            assert both and all(row.left.statement == row.right.place[1] for row in both)
    bars = {line.index("|") for line in plain_columns(made).splitlines()}
    assert len(bars) == 1


class Reader(html.parser.HTMLParser):
    """Holds the page's tags against each other, and collects the lines of its code."""

    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.lines, self.roles = [], [], set()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.roles.add(given.get("role"))
        assert not {"src", "onclick", "onload"} & set(given)
        assert given.get("href", "#").startswith("#")
        if tag not in self.VOID:
            self.open.append((tag, given.get("class")))
        if given.get("class") == "tx":
            self.lines.append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if ("span", "tx") in self.open:
            self.lines[-1] += data


def test_page_is_whole_and_loads_nothing(views, module):
    text = page(views, "A <title> & more", "1.0")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert {"listbox", "option", "tablist", "tab", "tabpanel", "status"} <= reader.roles
    code = [line for view in views for source in view.sources for line in source.lines]
    code += [line for v in views for d in v.derivatives for t in d.texts for line in t.lines]
    assert sorted(line or " " for line in reader.lines) == sorted(line.text or " " for line in code)
    assert "A &lt;title&gt; &amp; more" in text
    outside = re.sub(r"http://www\.w3\.org/2000/svg", "", text)
    assert not re.search(r"https?:|@import|url\(|<link|<img|<iframe", outside)
    assert module.__file__.rpartition("/")[0] not in text  # no path of the machine
    assert text == page(views, "A <title> & more", "1.0")
    assert fragment(views[0]).count("<section") == 1 and "<html" not in fragment(views[0])


def squared(x):
    return np.sum(x**2)


def test_notebook():
    gradient = srcad.grad(squared)
    assert "gradient" in gradient._repr_html_().lower() and "<section" not in gradient._repr_html_()
    gradient(np.ones(3))
    text = gradient._repr_html_()
    assert "x: float64[n]" in text and 'aria-label="squared_grad, the text"' in text
    assert "np.sum(x" in re.sub(r"<[^>]*>", "", text)
    chunked = srcad.jacrev(np.sin, chunk_size=2)
    chunked(np.ones(3))
    assert "is not Python" in chunked._repr_html_()
    declared = srcad.hessian(squared)
    declared.source(srcad.spec("float64[k]"))
    assert "x: float64[k]" in declared._repr_html_()
    either = srcad.jacobian(lambda x, n=2: x**n)
    either(np.ones(3))
    assert "<section" in either._repr_html_()
    stars = srcad.grad(lambda *xs: xs[0] * xs[1])
    stars(1.0, 2.0)
    assert "<section" in stars._repr_html_()
