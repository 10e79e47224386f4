"""Rows of functions that hand an array on."""

from __future__ import annotations

import numpy as np

from tests.laws.cases import REAL, rows

ARRAYS = "3 2x3 0 1 2x1x2"
rows([np.asarray_chkfinite, np.asfortranarray, np.require], ARRAYS, REAL)
rows(np.require, "2x3", REAL, tag="requirements", requirements=["C", "W"])
