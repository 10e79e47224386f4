"""What the benchmarks compare is the same derivative, and they notice if it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

sparse = pytest.importorskip("scipy.sparse")

from tools.bench import documents, growth, problems, rivals  # noqa: E402

SMALL = {"sparse": 32, "compact": 5, "dense": 5}


@pytest.mark.parametrize("problem", problems.PROBLEMS, ids=lambda problem: problem.name)
def test_problems(problem: problems.Problem) -> None:
    args = problem.arguments(SMALL[problem.layout])
    wanted = problem.by_hand(*args)
    found = problem.derivative()(*args)
    assert rivals.agrees(found, wanted)
    assert rivals.entries(found) == rivals.entries(wanted)
    if problem.prepared is not None:
        others = problem.arguments(SMALL[problem.layout])
        changed = (0.5 * others[0], *others[1:])
        # What was prepared for some values is right for others of their shape.
        assert rivals.agrees(problem.prepared(*args)(*changed), problem.by_hand(*changed))
    wrong = found.copy()
    (wrong.data if sparse.issparse(wrong) else wrong).flat[0] *= 1.001
    assert not rivals.agrees(wrong, wanted)


def test_dense_results() -> None:
    wanted = sparse.csr_array(np.diag([1.0, 2.0, 3.0]))
    assert rivals.agrees(wanted.toarray(), wanted)
    assert not rivals.agrees(wanted.toarray() + np.eye(3, k=1), wanted)
    assert not rivals.agrees(2 * wanted.toarray(), wanted)


def test_expectations() -> None:
    problem = next(each for each in problems.PROBLEMS if each.name == "heat")
    took = {"seconds": growth.SECONDS / 50, "peak": 1e6}
    assert growth.expected(problem, "JAX", 100_000, took, 10_000) is not None
    assert growth.expected(problem, "srcad", 100_000, took, 10_000) is None
    assert growth.exponent([(10.0, 1.0), (100.0, 100.0), (1000.0, 10_000.0)]) == "n^2.00"


def test_tables(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- one -->\nold\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\n")
    documents.put("one", documents.table(["x", "y"], [["1", "2"]]), page)
    documents.put("two", "text", page)
    assert page.read_text() == (
        "a\n<!-- one -->\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n<!-- end -->\nb\n"
        "<!-- two -->\n\ntext\n\n<!-- end -->\n"
    )
    with pytest.raises(ValueError, match="three"):
        documents.put("three", "text", page)
