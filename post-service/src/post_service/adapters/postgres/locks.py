"""The lock by which the deletion of an author and what the author writes wait for each other."""

from typing import Final

# An author's deletion holds its lock exclusively: it sees every post that got in before it, and a
# later one sees its tombstone, as a statement reads what was committed before it began (so do those
# within `may_publish`, the function that asks for both on behalf of a single statement). Two
# numbers: the locks of one number are the relay's and the migrations'.
LOCK_KIND: Final = 1
LOCK_AUTHOR: Final = "SELECT pg_advisory_xact_lock_shared($1, hashint8($2))"
LOCK_DELETED: Final = "SELECT pg_advisory_xact_lock($1, hashint8($2))"
