"""An invariant: something that is true of a shop at every moment, as a statement that finds where it is not."""

from dataclasses import dataclass
from uuid import UUID

from ids import encode_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """`broken` selects one column `id`: the rows of a shop that break the rule, each once, in any order.

    It binds $1, the shop, and may bind $2, the shop's own time, and $3, the wall's. `name` is `noun.rule`. `meaning`
    says the rule for a person who sees it broken. `prefix` is that of the noun's global ids; ids of nouns that clients
    never see are shown as they are stored.
    """

    name: str
    meaning: str
    broken: str
    prefix: str = ""

    def shown(self, id_: UUID) -> str:
        """Return an example's id as a person can look it up."""
        return encode_id(self.prefix, id_) if self.prefix else str(id_)
