"""The keys that one merchant and WeChat Pay sign with, as its mode and the change of keys have it."""

from dataclasses import dataclass

from wechat.sandbox.pay_keys import USUAL, Key, KeyName, keys
from wechat.sandbox.pay_merchants import Merchant


@dataclass(frozen=True, slots=True)
class Ring:
    """`ours` is the merchant's; of certificates and public keys the one that signs is first."""

    ours: Key
    certificates: list[Key]
    public_keys: list[Key]

    def named(self, serial: str) -> Key | None:
        """Return WeChat Pay's key of this name; None when this merchant has no such one."""
        return next((key for key in self.certificates + self.public_keys if key.serial == serial), None)

    def for_answer(self, asked_serial: str) -> Key:
        """Return the key that signs an answer: the one that the question names, when it is good."""
        return self.named(asked_serial) or (self.certificates + self.public_keys)[0]

    @property
    def for_notification(self) -> Key:
        """The key that signs notifications."""
        return (self.public_keys + self.certificates)[0]


async def ring_of(merchant: Merchant | None) -> Ring:
    """Return a merchant's keys; for somebody unknown, those that most merchants have."""
    if merchant is None:
        found = await keys(USUAL)
        return Ring(found[KeyName.MERCHANT], [], [found[KeyName.PUBLIC_KEY]])
    found = await keys([KeyName.MERCHANT, *merchant.certificate_names, *merchant.public_key_names])
    certificates = [found[name] for name in merchant.certificate_names]
    return Ring(found[KeyName.MERCHANT], certificates, [found[name] for name in merchant.public_key_names])
