"""The RSA keys of WeChat Pay, read once: parsing one takes longer than signing with it.

What is sealed under the APIv3 key is opened here too, and what WeChat alone may read is sealed under its own.
"""

import base64
import binascii
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import Certificate, load_pem_x509_certificate

from wechat.pay_errors import BadResource

RSA_BITS_MIN: Final = 2048
API_V3_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
ALGORITHM: Final = "AEAD_AES_256_GCM"
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_KEYS_KEPT: Final = 2048


class NotAKeyError(ValueError):
    """A PEM text is no RSA key or certificate, or one too short to trust."""

    def __init__(self) -> None:
        super().__init__("not an RSA key of 2048 bits or more in PEM")


@lru_cache(_KEYS_KEPT)
def private_key(pem: bytes) -> RSAPrivateKey:
    """Read a private key, PKCS#8 or PKCS#1, without a password. Raises NotAKeyError."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotAKeyError from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS_MIN:
        raise NotAKeyError
    return key


@lru_cache(_KEYS_KEPT)
def public_key(pem: bytes) -> RSAPublicKey:
    """Read a public key, alone or in a certificate. Raises NotAKeyError."""
    found = certificate(pem)
    try:
        key = found.public_key() if found else load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise NotAKeyError from None
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        raise NotAKeyError
    return key


def certificate(pem: bytes) -> Certificate | None:
    """Read a certificate; None for a PEM that claims to be something else. Raises NotAKeyError."""
    if _CERTIFICATE not in pem:
        return None
    try:
        return load_pem_x509_certificate(pem)
    except ValueError:
        raise NotAKeyError from None


def seal_for(key: RSAPublicKey, text: str) -> str:
    """Seal a name or an account for the owner of `key`: RSA-OAEP with SHA-1, as WeChat wants it, in base64.

    Raises ValueError for more than 214 bytes under a key of 2048 bits.
    """
    padding = OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303 - WeChat's choice; no collision helps against OAEP
    return base64.b64encode(key.encrypt(text.encode(), padding)).decode()


def open_sealed(api_v3_key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """Open AES-256-GCM as WeChat seals notifications and certificates; the tag is the last 16 bytes.

    Raises BadResource, whatever is wrong with it.
    """
    vector = nonce.encode()
    if len(vector) != NONCE_BYTES:
        raise BadResource
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(api_v3_key).decrypt(vector, sealed, associated_data.encode())
    except (binascii.Error, ValueError, InvalidTag):
        raise BadResource from None
