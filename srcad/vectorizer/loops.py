"""Loops over a leading axis: the body is batched until what it carries is what it began with.

    X_bar = np.zeros_like(X)                       X_bar = np.zeros((n, m, m))
    for t in reversed(range(9)):          ->       for t in reversed(range(9)):
        X_bar += g                                     X_bar += g

The types of what is in the body rest on those of what is carried, and what is carried may be an element (`structure.joins`): both are tried from below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from srcad.core.nodes import Carry, Loop, Value
from srcad.vectorizer.structure import Form, element_of, forms_after, forms_at_entry, param_of

if TYPE_CHECKING:
    from srcad.vectorizer.batch import Batch

__all__ = ["loop"]


def loop(b: Batch, statement: Loop) -> None:
    """Rewrite a loop."""
    if b.is_batched([statement.domain, statement.test, statement.until]):
        b.refuse("what a loop runs over is batched")
    if statement.records or statement.over:
        b.refuse("the loop's values are stored already")
    domain, origin = b.get(statement.domain), statement.origin
    joins = [carry for carry in statement.carries if carry.param in b.batched]
    inits = {c: b.get(c.init) for c in statement.carries if c not in joins}
    forms: dict[Carry, list[Form]] = {c: forms_at_entry(b, c) for c in joins}
    starts = {carry: b.first_twin(carry) for carry in joins if not forms[carry]}
    params: dict[Carry, Value] = {}
    known = [dict(each) for each in (b.new, b.elements, b.home, b.thin)]
    opened = len(b.opened)
    while (
        True
    ):  # the body's types rest on those of the carries: until they are what the body makes of them
        # Nothing that a trial made of the body may be seen by the next one.
        b.new, b.elements, b.home, b.thin = (dict(each) for each in known)
        carried = {carry: tried[0] for carry, tried in forms.items() if tried}
        likes = {carry: b.like_of([carry.init]) for carry in carried}
        for carry in joins:
            if carry in carried:
                form = carried[carry]
                params[carry] = param_of(b, carry.param, form)
                found = element_of(b, params[carry], form, likes[carry], origin)
                b.stands(carry.param, found)
            else:
                b.stands(carry.param, starts[carry])
        header = b.block(statement.header)
        body = b.block(statement.body, [carry.param for carry in carried])
        b.statement = statement
        ends, wrong = {}, []
        for carry in joins:
            base = carry.param.base
            if carry in carried:
                if forms_after(b, carry, carried[carry]) != [carried[carry]]:
                    wrong.append(carry)
                else:
                    form = carried[carry]
                    ends[carry] = b.form_within(body, origin, carry.next, carry.param, form)
                continue
            dtype = b.dtype_of(b.new[carry.param])
            ends[carry] = b.within(body, origin, carry.next, dtype, base)
            if not b.agrees(b.new[carry.param], ends[carry]):
                wrong.append(carry)
        if not wrong:
            break
        guessed = [carry for carry in wrong if len(forms[carry]) > 1]
        if guessed:
            del b.opened[opened:]
        for carry in guessed or wrong:
            tried = forms[carry]
            if not tried:
                starts[carry] = b.twin(carry.param, None)
                continue
            forms[carry] = forms_after(b, carry, tried[0]) or tried[1:]
            if not forms[carry]:
                starts[carry] = b.first_twin(carry)
    carries = []
    for carry in statement.carries:
        if carry in inits:
            carries.append(Carry(carry.param, inits[carry], b.get(carry.next), carry.exit))
            continue
        if carry in carried:
            form = carried[carry]
            start = b.form_within(b.out, origin, carry.init, carry.param, form)
            exit_ = carry.exit.like()
            exit_.type = params[carry].type
            b.stands(carry.exit, element_of(b, exit_, form, likes[carry], origin))
            carries.append(Carry(params[carry], start, ends[carry], exit_))
            continue
        dtype = b.dtype_of(ends[carry])
        start = b.within(b.out, origin, carry.init, dtype, carry.param.base)
        b.stands(carry.exit, b.twin(carry.exit, b.dtype_of(b.new[carry.param])))
        made = b.new[carry.param], start, ends[carry], b.new[carry.exit]
        carries.append(Carry(*made))
    b.out.append(
        statement.renewed(
            domain=domain,
            header=header,
            test=b.get(statement.test),
            until=b.get(statement.until),
            body=body,
            carries=carries,
        )
    )
