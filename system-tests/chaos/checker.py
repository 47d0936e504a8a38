"""The checker: a ledger, a world, and everything that is wrong between them."""

from collections.abc import Sequence

from chaos import check_accounts, check_inboxes, check_posts, check_relations, check_views
from chaos.case import Case
from chaos.findings import Finding
from chaos.ledger import Ledger
from chaos.world import World

_CHECKS = (check_accounts, check_relations, check_posts, check_inboxes, check_views)


def check(ledger: Ledger, world: World) -> Sequence[Finding]:
    """Everything that is lost, doubled, out of order or inconsistent."""
    case = Case(ledger, world)
    return [finding for part in _CHECKS for finding in part.check(case)]
