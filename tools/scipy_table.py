"""docs/scipy.md, from the registry of rules.

python -m tools.scipy_table            write the page
python -m tools.scipy_table --check    fail if it is not current
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import scipy

from srcad.rules import refusal_of, rule_of
from srcad.rules import scipy as rules_of_scipy
from srcad.rules.solvers import solver_of
from tools.namespaces import Entry, entry_of, public
from tools.numpy_table import counts, derivative, row

_METHODS = "logpdf pdf logpmf pmf cdf sf logcdf logsf ppf isf".split()  # noqa: SIM905

__all__ = ["PAGE", "VERSIONS", "page"]

PAGE = Path(__file__).parent.parent / "docs" / "scipy.md"
VERSIONS = f"SciPy {'.'.join(scipy.__version__.split('.')[:2])}"

HEAD = f"""# SciPy, function by function

What srcad knows of SciPy (the extra `srcad[scipy]`). Rules are loaded where a function of SciPy's is used; generated text imports what it
calls. The page is that of {VERSIONS}, written by `python -m tools.scipy_table`; a test holds it current. The columns are those of
[numpy.md](numpy.md). A function that is not listed is called as it is, of constants only.
"""


def page() -> str:
    """The text of docs/scipy.md."""
    rules_of_scipy.load()
    found = [HEAD]
    for home in sorted(each.name for each in pkgutil.iter_modules(rules_of_scipy.__path__)):
        module = importlib.import_module(f"scipy.{home}")
        own = [entry_of(f"{home}.{name}", function) for name, function in public(module)]
        own = sorted(filter(_known, own), key=lambda entry: (entry.name.lower(), entry.name))
        found.append(f"\n## scipy.{home}\n\n{counts(own)}\n\n| | | |\n|---|---|---|\n")
        found += [row([entry.name], entry) for entry in own]
        if home == "stats":
            found.append(_distributions(module))
    return "".join(found)


def _distributions(module: Any) -> str:
    """The distributions: those of their methods that have a rule, and by what there is a derivative."""
    rows = []
    for name in sorted(dir(module)):
        made = getattr(module, name)
        rules = {method: rule_of(getattr(made, method, None)) for method in _METHODS}  # type: ignore[arg-type]
        known = {method: rule for method, rule in rules.items() if rule is not None}
        if known and not isinstance(made, type):
            methods = ", ".join(f"`{method}`" for method in known)
            by = derivative(next(iter(known.values())))
            rows.append(f"| `stats.{name}` | {methods} | {by} |\n")
    return f"\nDistributions: {len(rows)}.\n\n| | | |\n|---|---|---|\n" + "".join(rows)


def _known(entry: Entry) -> bool:
    return any(known(entry.function) for known in (rule_of, refusal_of, solver_of))


def main(check: bool) -> int:
    """Write the page, or say whether it is current."""
    text = page()
    if check:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
