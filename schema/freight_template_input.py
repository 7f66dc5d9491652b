"""Freight templates coming in."""

import strawberry

from models.freight_template import ChargeBy
from resolvers.freight_template_draft import FreightRuleDraft, FreightTemplateDraft
from resolvers.keep import KEEP, Keep
from schema.freight_template import FreightChargeBy
from schema.given import as_stored, given, optional, plain, stored
from schema.money import MoneyInput
from schema.scalars import RegionCode


@strawberry.input(
    description="What sending costs to some regions, or to the rest of the country when it names none. Each region may"
    " be named once in a template. Where no rule holds nothing is sent."
)
class FreightRuleInput:
    """Amounts are grams or pieces, as the template charges."""

    region_codes: list[RegionCode] | None = optional("Provinces, cities, districts; the rest of the country when none.")
    delivers: bool | None = optional("False where nothing is sent; true when left out.")
    first_amount: int | None = optional("What the first fee pays for, 1 to 1,000,000,000; 1 when left out.")
    first_fee: MoneyInput | None = optional("What that costs, at most 100,000 yuan; nothing when left out.")
    further_amount: int | None = optional("What each further fee pays for, 1 to 1,000,000,000; 1 when left out.")
    further_fee: MoneyInput | None = optional(
        "What each costs when begun, at most 100,000 yuan; nothing when left out."
    )
    free_from: MoneyInput | None = optional("From what is paid for goods on freight is free; null for never.")
    free_from_pieces: int | None = optional("From how many pieces on freight is free; null for never.")

    def draft(self) -> FreightRuleDraft:
        """Return it as the command takes it."""
        delivers, first, further = plain(self.delivers), plain(self.first_amount), plain(self.further_amount)
        return FreightRuleDraft(
            region_codes=plain(self.region_codes) or (),
            delivers=delivers is not False,
            first_amount=1 if first is None else first,
            first_fee_fen=_fen(self.first_fee) or 0,
            further_amount=1 if further is None else further,
            further_fee_fen=_fen(self.further_fee) or 0,
            free_from_fen=_fen(self.free_from),
            free_from_pieces=plain(self.free_from_pieces),
        )


@strawberry.input(description="A freight template to make.")
class FreightTemplateCreateInput:
    """Nothing has it until a product or the shop does."""

    name: str = strawberry.field(description="What staff call it; 1 to 120 characters, unique in the shop.")
    charge_by: FreightChargeBy = strawberry.field(description="What is added up.")
    rules: list[FreightRuleInput] = strawberry.field(description="What it costs where; 1 to 100.")
    make_default: bool | None = optional("True: products without a template have it from now on.")

    def draft(self) -> FreightTemplateDraft:
        """Return it as the command takes it."""
        return FreightTemplateDraft(
            name=self.name,
            charge_by=as_stored(ChargeBy, self.charge_by),
            rules=[rule.draft() for rule in self.rules],
            make_default=bool(plain(self.make_default)),
        )


@strawberry.input(description="What shall be different in a freight template. What is left out stays as it is.")
class FreightTemplateUpdateInput:
    """`version` guards against overwriting what somebody else wrote."""

    version: int | None = optional("The version you have read; refused with CONFLICT when it no longer stands.")
    name: str | None = optional("What staff call it; 1 to 120 characters, unique in the shop.")
    charge_by: FreightChargeBy | None = optional("What is added up.")
    rules: list[FreightRuleInput] | None = optional("What it costs where; 1 to 100, the whole list.")
    make_default: bool | None = optional("True: products without a template have it from now on.")

    def draft(self) -> FreightTemplateDraft:
        """Return it as the command takes it."""
        return FreightTemplateDraft(
            version=plain(self.version),
            name=given(self.name),
            charge_by=stored(ChargeBy, self.charge_by),
            rules=_rules(self.rules),
            make_default=bool(plain(self.make_default)),
        )


def _rules(rules: list[FreightRuleInput] | None) -> list[FreightRuleDraft] | Keep:
    sent = plain(rules)
    return KEEP if sent is None else [rule.draft() for rule in sent]


def _fen(money: MoneyInput | None) -> int | None:
    sent = plain(money)
    return None if sent is None else sent.fen
