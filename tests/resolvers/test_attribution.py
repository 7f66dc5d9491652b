"""Attribution: the strongest evidence wins, nobody is credited with themselves, and the same facts say the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from models.scene import SceneGroup
from models.visit import AttributionSource
from resolvers.attribution import Facts, Share, attribute

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(1, 4)]

people = st.none() | st.sampled_from(PEOPLE)
words = st.none() | st.sampled_from(["poster", "618"])
shares = st.builds(
    Share,
    promoter_id=people,
    is_promoting=st.booleans(),
    owners=st.frozensets(st.sampled_from(PEOPLE), max_size=2),
    shared_from=people,
    channel=words,
    campaign=words,
    expires_at=st.none() | st.sampled_from([NOON + timedelta(hours=hours) for hours in (-1, 0, 1)]),
)
all_facts = st.builds(
    Facts,
    arrived_at=st.just(NOON),
    visitor_id=st.sampled_from(PEOPLE),
    customer_id=people,
    share=st.none() | shares,
    channel=words,
    campaign=words,
    ad_click_id=st.none() | st.just("wx0"),
    scene_group=st.none() | st.sampled_from(SceneGroup),
)


def counts(facts: Facts) -> bool:
    """The rule in other words: somebody else's link, by somebody who still promotes, in time."""
    share = facts.share
    if share is None or facts.visitor_id == share.shared_from:
        return False
    if facts.customer_id is not None and facts.customer_id in share.owners:
        return False
    return share.is_promoting and not (share.expires_at and share.expires_at <= facts.arrived_at)


@given(all_facts)
def test_the_strongest_evidence_wins(facts: Facts) -> None:
    evidence = {
        AttributionSource.SHARE: counts(facts),
        AttributionSource.CAMPAIGN: bool(facts.campaign or facts.channel),
        AttributionSource.AD: bool(facts.ad_click_id),
        AttributionSource.SCENE: facts.scene_group is not None,
        AttributionSource.DIRECT: True,
    }

    assert attribute(facts).source == next(source for source, is_there in evidence.items() if is_there)


@given(all_facts)
def test_only_a_share_that_counts_credits_somebody(facts: Facts) -> None:
    found = attribute(facts)

    expected = facts.share.promoter_id if facts.share and counts(facts) else None
    assert found.promoter_id == expected
    assert not (found.is_self_share and found.source is AttributionSource.SHARE)


@given(all_facts, shares)
def test_ones_own_share_is_as_if_it_were_not_there(facts: Facts, share: Share) -> None:
    customer = facts.customer_id or PEOPLE[0]
    own = replace(facts, customer_id=customer, share=replace(share, owners=share.owners | {customer}))

    assert replace(attribute(own), is_self_share=False) == attribute(replace(own, share=None))
    assert attribute(own).is_self_share


@given(all_facts)
def test_a_link_speaks_before_the_address_and_the_address_fills_its_gaps(facts: Facts) -> None:
    found = attribute(facts)

    link = facts.share if facts.share and counts(facts) else Share()
    assert (found.channel, found.campaign) == (link.channel or facts.channel, link.campaign or facts.campaign)


@given(all_facts)
def test_weaker_evidence_changes_nothing(facts: Facts) -> None:
    found = attribute(facts)
    if found.source is AttributionSource.SHARE:
        assert attribute(replace(facts, ad_click_id="wx1", scene_group=SceneGroup.ADS)) == found
    if found.source is not AttributionSource.DIRECT:
        louder = replace(facts, scene_group=facts.scene_group or SceneGroup.OTHER)
        assert attribute(louder) == found
