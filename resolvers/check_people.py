"""What is true of customers, and of what they share and are brought by, at every moment."""

from typing import Final

from resolvers.invariant import Invariant

PEOPLE_INVARIANTS: Final = (
    Invariant(
        name="customer.merged_once",
        meaning="Who was merged points at somebody who stands for themselves, so that one step finds them.",
        prefix="cus",
        broken="""
            select gone.id from customer gone
            join customer other on other.shop_id = $1 and other.id = gone.merged_into
            where gone.shop_id = $1 and (other.merged_into is not null or gone.merged_at is null)
        """,
    ),
    Invariant(
        name="share_link.depth_counts_its_parents",
        meaning="A share link stands one deeper than the link that brought its sharer.",
        prefix="lnk",
        broken="""
            select link.id from share_link link
            left join share_link parent on parent.shop_id = $1 and parent.id = link.parent_id
            where link.shop_id = $1 and link.depth <> coalesce(parent.depth + 1, 0)
        """,
    ),
    Invariant(
        name="visit.share_has_a_link",
        meaning="A visit that is owed to a share names its link, which is not the visitor's own.",
        broken="""
            select id from visit
            where shop_id = $1 and source = 'SHARE' and (share_link_id is null or is_self_share)
        """,
    ),
)
