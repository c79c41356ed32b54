"""What a plan does not allow.

ServiceError
  409 EmployeeLimitReached, PlanTooSmall, TokenLimitReached
"""

from __future__ import annotations

from ai_service.plans.rules import PLANS, PlanName
from shared.errors import Conflict


class EmployeeLimitReached(Conflict):
    """The plan allows no more employees."""

    @classmethod
    def of(cls, plan: PlanName) -> EmployeeLimitReached:
        """Says how many there may be."""
        limit = PLANS[plan].employees
        return cls(f"The plan {plan} allows {limit} employees: delete one first.", plan=plan, limit=limit)


class TokenLimitReached(Conflict):
    """The plan's remaining tokens of this month are not enough for this run."""

    @classmethod
    def of(cls, plan: PlanName, *, used: int, reserved: int, needed: int) -> TokenLimitReached:
        """Says what there is, what is taken, and what the run might need. All in tokens."""
        limit = PLANS[plan].tokens
        message = (
            f"This run may need {needed} tokens. The plan {plan} has {limit} a month, of which {used} are used"
            f" and {reserved} are kept for runs under way."
        )
        return cls(message, plan=plan, limit=limit, used=used, reserved=reserved, needed=needed)


class PlanTooSmall(Conflict):
    """The user has more employees than this plan allows."""
