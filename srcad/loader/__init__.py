"""From generated text to a running module: fingerprints, the per-user cache, execution."""

from srcad.loader.cache import Cache, default_cache
from srcad.loader.fingerprint import (
    Position,
    digest_code,
    digest_text,
    matches_source,
    matching_positions,
)
from srcad.loader.module import load

__all__ = [
    "Cache",
    "Position",
    "default_cache",
    "digest_code",
    "digest_text",
    "load",
    "matches_source",
    "matching_positions",
]
