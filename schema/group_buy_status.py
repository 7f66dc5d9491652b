"""The words in which group-buys speak: of their terms, and of how teams and seats stand."""

from enum import Enum

import strawberry


@strawberry.enum(description="What whoever starts a team has of it.")
class LeaderAdvantage(Enum):
    """As stored."""

    NONE = strawberry.enum_value("NONE", description="Nothing but the group price.")
    PRICE = strawberry.enum_value("PRICE", description="A price of their own.")
    FREE = strawberry.enum_value("FREE", description="All their money back when the team succeeds.")


@strawberry.enum(description="How a team is found by those who may join it.")
class JoinBy(Enum):
    """As stored."""

    LIST = strawberry.enum_value("LIST", description="Open teams are listed for everybody.")
    SHARE = strawberry.enum_value("SHARE", description="Only through a link that somebody shared.")


@strawberry.enum(description="What becomes of money that comes when its team has ended.")
class LatePayment(Enum):
    """As stored."""

    JOIN_OTHER = strawberry.enum_value("JOIN_OTHER", description="It joins another open team, if there is one.")
    NEW_TEAM = strawberry.enum_value("NEW_TEAM", description="It starts a team of its own.")
    REFUND = strawberry.enum_value("REFUND", description="It goes back.")


@strawberry.enum(description="How far a team has come.")
class GroupBuyTeamState(Enum):
    """As stored."""

    OPENING = strawberry.enum_value("OPENING", description="Its leader has not paid; nobody else sees or joins it.")
    FORMING = strawberry.enum_value("FORMING", description="It waits for more, until `expiresAt`.")
    SUCCEEDED = strawberry.enum_value("SUCCEEDED", description="Enough have joined; their orders are sent.")
    FAILED = strawberry.enum_value("FAILED", description="Its time was over; everybody's money goes back.")
    LAPSED = strawberry.enum_value("LAPSED", description="Its leader never paid.")


@strawberry.enum(description="What somebody is in a team.")
class SeatRole(Enum):
    """As stored."""

    LEADER = strawberry.enum_value("LEADER", description="Leads it now: passes on when they leave.")
    MEMBER = strawberry.enum_value("MEMBER", description="Joined it.")


@strawberry.enum(description="How somebody's seat in a team stands.")
class SeatState(Enum):
    """As stored."""

    RESERVED = strawberry.enum_value("RESERVED", description="Their order waits for its payment.")
    JOINED = strawberry.enum_value("JOINED", description="They have paid; the team is forming.")
    RELEASED = strawberry.enum_value("RELEASED", description="Their order ended unpaid.")
    FULFILLING = strawberry.enum_value("FULFILLING", description="The team has succeeded.")
    REFUNDING = strawberry.enum_value("REFUNDING", description="Their money is on its way back.")
    REFUNDED = strawberry.enum_value("REFUNDED", description="Their money is back.")
