"""What each operation becomes over a leading axis: one table, by families.

A handler gets the batch under way and a statement whose result depends on the axis; it emits what computes the
result for all indices at once, and returns that value. Ranks are proven, and those without the axis. An axis counted
from the left moves by one; one counted from the right (`axis=-1`) stays.
"""

from srcad.vectorizer.operations.forms import FORM, form_handler
from srcad.vectorizer.operations.handlers import BATCH_OPTIONS, handler
from srcad.vectorizer.operations.pointwise import elementwise
from srcad.vectorizer.operations.products import transposed
from srcad.vectorizer.operations.spreading import casted

__all__ = [
    "BATCH_OPTIONS",
    "FORM",
    "casted",
    "elementwise",
    "form_handler",
    "handler",
    "transposed",
]
