"""Whom a visit is owed to: pure rules from what is known of it. Values in, values out; no clock, no database.

The strongest evidence wins: a share, then a campaign or channel that the address named, then a click on an ad, then
WeChat's scene. A share that does not count (one's own, expired, of somebody who no longer promotes) leaves the visit to
the next in line. Each fact was told once and stays, so the same facts always give the same answer.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.scene import SceneGroup
from models.visit import AttributionSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The link a visit came by. `owners` are the customers whose it is: who shared, and who the promoter is."""

    promoter_id: UUID | None = None
    is_promoting: bool = True
    """False when the promoter was made inactive."""
    owners: frozenset[UUID] = frozenset()
    shared_from: UUID | None = None
    """The device it was shared from."""
    channel: str | None = None
    campaign: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a visit; `channel`, `campaign` and `ad_click_id` as its address said."""

    arrived_at: datetime
    visitor_id: UUID
    customer_id: UUID | None = None
    share: Share | None = None
    channel: str | None = None
    campaign: str | None = None
    ad_click_id: str | None = None
    scene_group: SceneGroup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What to keep beside the visit. `promoter_id` is only ever set for a share that counts."""

    source: AttributionSource
    promoter_id: UUID | None = None
    channel: str | None = None
    campaign: str | None = None
    is_self_share: bool = False


def attribute(facts: Facts) -> Attribution:
    """Say what a visit is owed to."""
    is_self_share = facts.share is not None and is_own(facts.share, facts)
    if facts.share is not None and not is_self_share and _is_good(facts.share, facts.arrived_at):
        return Attribution(
            source=AttributionSource.SHARE,
            promoter_id=facts.share.promoter_id,
            # What the link leaves open, the address may say.
            channel=facts.share.channel or facts.channel,
            campaign=facts.share.campaign or facts.campaign,
        )
    return Attribution(
        source=_without_share(facts), channel=facts.channel, campaign=facts.campaign, is_self_share=is_self_share
    )


def is_own(share: Share, facts: Facts) -> bool:
    """Whether somebody opened what they had shared themselves: known by login, or by the device before it."""
    return facts.customer_id in share.owners or facts.visitor_id == share.shared_from


def _is_good(share: Share, arrived_at: datetime) -> bool:
    return share.is_promoting and (share.expires_at is None or arrived_at < share.expires_at)


def _without_share(facts: Facts) -> AttributionSource:
    if facts.campaign or facts.channel:
        return AttributionSource.CAMPAIGN
    if facts.ad_click_id:
        return AttributionSource.AD
    if facts.scene_group is not None:
        return AttributionSource.SCENE
    return AttributionSource.DIRECT
