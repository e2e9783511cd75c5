"""Redis or Valkey, for sessions, feed and throttles beside a database that has the accounts."""

from limen.stores.redis.store import RedisStore

__all__ = ["RedisStore"]
