"""A function and its derivatives side by side: what is shown (`view`, `saved`), in HTML (`markup`) or in a terminal (`columns`)."""

from srcad.page.columns import Row, plain_columns, rows
from srcad.page.markup import fragment, page
from srcad.page.view import Derived, Line, Source, Text, View, text_of, view

__all__ = [
    "Derived",
    "Line",
    "Row",
    "Source",
    "Text",
    "View",
    "fragment",
    "page",
    "plain_columns",
    "rows",
    "text_of",
    "view",
]
