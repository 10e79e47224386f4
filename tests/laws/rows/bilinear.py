"""Rows of products."""

from __future__ import annotations

import operator

import numpy as np

from tests.laws.cases import REAL, add, arrays, exists, rows, sizes

MATRICES = sizes(
    "3,3 2x3,3 3,3x2 2x3,3x4 1,1 1x3,3x1 0,0 2x0,0 0x3,3x2 2x0,0x3 4x2x3,3 3,4x3x2 4x2x3,3x5 2x3,4x3x5"
)
STACKS = sizes("4x2x3,4x3x5 1x2x3,4x3x5 4x2x3,1x3x5 2x1x2x3,4x3x1 0x2x3,3x1")
rows([operator.matmul, np.matmul], [*MATRICES, *STACKS], REAL, REAL)
rows(
    np.dot,
    [
        *MATRICES,
        ((4, 2, 3), (4, 3, 5)),
        ((), (3,)),
        ((2, 3), ()),
        ((), ()),
        ((3,), "number"),
        ("scalar", (3,)),
    ],
    REAL,
    REAL,
)
rows(
    np.inner,
    "3,3 2x3,3 3,2x3 2x3,4x3 4x2x3,3 3,4x2x3 2x3,4x2x3 4x2x3,5x3 0,0 0d,3 3,0d number,3",
    REAL,
    REAL,
)
rows(
    np.vdot,
    "3,3 2x3,2x3 2x3,6 0,0 1,1",
    REAL,
    REAL,
)
rows(np.outer, "3,2 1,2 2,1 0,2 2x3,2 2,1x3 0d,2 2,scalar 0d,0d", REAL, REAL)
rows(
    np.tensordot,
    "4x2x3,2x3x5 2x3,2x3 1x2x3,2x3 0x2x3,2x3",
    REAL,
    REAL,
)
for axes in (1, ((0,), (1,)), ((0, 1), (1, 0)), (0, 1), ((-1,), (0,)), ((1, 0), (0, 1))):
    shapes = "3x3,3x3" if axes in (1, ((-1,), (0,))) else "3x3,3x3 3x3x2,3x3 3x3,3x3x2"
    rows(np.tensordot, shapes, REAL, REAL, tag=f"{axes}", axes=axes)
rows(np.tensordot, "2x3,4 0d,2", REAL, REAL, tag="0", axes=0)
EINSUMS = """
    ij,jk->ik 2x3 3x4 | ij,jk 2x3 3x4 | i,i-> 3 3 | i,j->ij 3 2 | ij->ji 2x3 | ij-> 2x3 | ij->i 2x3
    | ij->j 2x3 | ij,j->i 2x3 3 | i,ij,j-> 2 2x3 3 | bij,bjk->bik 4x2x3 4x3x5 | ij,k->i 2x3 4
    | ijk,k->ji 2x3x4 4 | ba 2x3 | ij,ij->ij 2x3 2x3 | ,i->i 0d 3 | ij,jk->ik 0x3 3x4
    | ij,j->i 2x0 0 | ij,ij->ij 1x3 2x3 | -> 0d | i->i 3
"""
for text in EINSUMS.split("|"):
    subscripts, *words = text.split()
    add(np.einsum, "-".join([subscripts, *words]), subscripts, *arrays(*sizes(" ".join(words))))
add(np.einsum, "spaces", "i , j -> j i", *arrays((3,), (2,)))
add(np.einsum, "optimize", "i,ij,jk,k->", *arrays((2,), (2, 3), (3, 2), (2,)), optimize=True)
rows(
    np.vecdot,
    "3,3 2x3,2x3 2x3,3 2x1x3,4x3 0x3,3",
    REAL,
    REAL,
)
for matvec in exists("np.matvec"):
    rows(
        matvec,
        "2x3,3 4x2x3,3 2x3,4x3 4x2x3,1x3",
        REAL,
        REAL,
    )
for vecmat in exists("np.vecmat"):
    rows(
        vecmat,
        "3,3x2 4x3,3x2 3,4x3x2 1x3,4x3x2",
        REAL,
        REAL,
    )
