"""From generated text to a running module: the per-user cache, execution."""

from srcad.loader.cache import Cache, default_cache
from srcad.loader.module import from_source, load
from srcad.loader.places import files_of, note, noted

__all__ = ["Cache", "default_cache", "files_of", "from_source", "load", "note", "noted"]
