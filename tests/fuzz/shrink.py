"""Makes a failing program small, keeping its failure."""

import ast
import copy
import dataclasses

__all__ = ["shrink"]


def variants(tree):
    """Smaller trees, those that cut most first."""
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if not isinstance(block, list):
                continue
            for place, statement in enumerate(block):
                if isinstance(statement, ast.Return) and isinstance(node, ast.FunctionDef):
                    continue
                replacements = [[]]
                if isinstance(statement, (ast.If, ast.For, ast.While)):
                    replacements += [statement.body]
                    if getattr(statement, "orelse", None):
                        replacements += [statement.orelse]
                for replacement in replacements:
                    yield (block, place, replacement)
            if field == "orelse" and block and not isinstance(node, ast.IfExp):
                yield (block, None, [])


def expressions(tree):
    """Nodes with expressions that could stand for them."""
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            items = (
                [(None, value)]
                if isinstance(value, ast.expr)
                else list(enumerate(value))
                if isinstance(value, list)
                else []
            )
            for place, item in items:
                if not isinstance(item, ast.expr) or isinstance(
                    item, (ast.Name, ast.Constant, ast.Slice)
                ):
                    continue
                if isinstance(getattr(item, "ctx", None), ast.Store):
                    continue
                parts = [
                    part
                    for part in ast.iter_child_nodes(item)
                    if isinstance(part, ast.expr) and not isinstance(part, ast.Slice)
                ]
                if isinstance(item, ast.Call):
                    parts = list(item.args) + (
                        [item.func.value] if isinstance(item.func, ast.Attribute) else []
                    )
                if isinstance(node, (ast.If, ast.While, ast.IfExp)) and field == "test":
                    parts += [ast.Constant(True)] if not isinstance(node, ast.While) else []
                for part in parts:
                    yield node, field, place, part
                if len(ast.unparse(item)) > 3 and not isinstance(
                    item, (ast.Tuple, ast.List, ast.Dict)
                ):
                    yield node, field, place, ast.Constant(1.5)


def shrink(case, fails, rounds=400):
    """A smaller case for which `fails(case)` still holds."""
    best, left = case, rounds

    def attempt(tree):
        nonlocal best, left
        left -= 1
        try:
            text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
            if len(text) >= len(best.text) and text != best.text:
                return False
            candidate = dataclasses.replace(best, text=text)
            if text == best.text or not fails(candidate):
                return False
        except (ValueError, SyntaxError, RecursionError):
            return False
        best = candidate
        return True

    for size in case.sizes:
        candidate = dataclasses.replace(best, sizes=[size])
        if fails(candidate):
            best = candidate
            break
    changed = True
    while changed and left > 0:
        changed = False
        for find in (variants, expressions):
            place = 0
            while left > 0:
                tree = ast.parse(best.text)
                found = list(find(tree))
                if place >= len(found):
                    break
                if find is variants:
                    block, where, replacement = found[place]
                    kept = list(block)
                    block[:] = (
                        replacement
                        if where is None
                        else kept[:where] + list(replacement) + kept[where + 1 :]
                    )
                    fill(tree)
                else:
                    node, field, where, part = found[place]
                    if where is None:
                        setattr(node, field, copy.deepcopy(part))
                    else:
                        getattr(node, field)[where] = copy.deepcopy(part)
                if attempt(tree):
                    changed = True
                else:
                    place += 1
    return best


def fill(tree):
    """`pass` where a body is empty."""
    for node in ast.walk(tree):
        if (
            isinstance(getattr(node, "body", None), list)
            and not node.body
            and not isinstance(node, ast.Module)
        ):
            node.body = [ast.Pass()]
