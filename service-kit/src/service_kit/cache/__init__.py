"""A cache in Redis that can be missing, and can't hold what has been invalidated."""

from service_kit.cache.cache import Cache, Load, LoadMany
from service_kit.cache.store import open_redis

__all__ = ["Cache", "Load", "LoadMany", "open_redis"]
