"""SM2 signatures with SM3 (GB/T 32918.2, .5; GB/T 35276), made and checked by the machine's own OpenSSL.

No Python library that is well kept has SM2, and one in Python leaks its key by the time that it takes; libcrypto 3 has
it, in constant time. Signatures are 64 bytes, r and s; the signer's identifier is the standard's default.
"""

from __future__ import annotations

import base64
import binascii
import ctypes
import ctypes.util
import weakref
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ubyte, c_void_p
from functools import cache

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from .errors import Invalid, Unavailable
from .text import text

ALGORITHM = "sm2-sm3"
SIGNER = b"1234567812345678"  # GB/T 35276-2017, 10: the identifier where none was agreed
POINT_BYTES = 33  # of a compressed point
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_CURVE = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
# SubjectPublicKeyInfo (RFC 5480) up to the point, which stands whole or compressed at its end.
_HEAD = bytes.fromhex("3059301306072a8648ce3d0201") + _CURVE + bytes.fromhex("034200")
_SHORT_HEAD = bytes.fromhex("3039301306072a8648ce3d0201") + _CURVE + bytes.fromhex("032200")
_LONGEST_DER = 512


class Sm2PublicKey:
    """A point of the curve, spelled as base64 of its 33 compressed bytes: as long as the spelling of an Ed25519 key."""

    __slots__ = ("__weakref__", "_key", "raw")
    alg = ALGORITHM

    def __init__(self, raw: bytes) -> None:
        self.raw, self._key = raw, _Key.none()
        _whole(raw)

    @classmethod
    def read(cls, spelled: str) -> Sm2PublicKey:
        """Read base64 of a point, hex (compressed, whole, or x and y alone) or PEM, or refuse."""
        try:
            given = "".join(spelled.split())
            if "-----BEGINPUBLICKEY-----" in given:
                body = given.partition("KEY-----")[2].partition("-----END")[0]
                return cls(_point_of(base64.b64decode(body, validate=True)))
            if len(given) in (66, 128, 130):
                return cls(_point_of(bytes.fromhex(given)))
            return cls(_point_of(base64.b64decode(given, validate=True)))
        except (binascii.Error, ValueError) as error:
            raise _no_key() from error

    def __str__(self) -> str:
        return base64.b64encode(self.raw).decode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sm2PublicKey) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Say whether ``signature`` was made over ``data`` by the private half."""
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        if len(signature) != 64 or not (0 < r < _N and 0 < s < _N):
            return False
        if self._key.pointer is None:
            self._key = _Key.public(_HEAD + _whole(self.raw))
        return self._key.verifies(encode_dss_signature(r, s), data)


class Sm2SigningKey:
    """A private key; it is in OpenSSL's hands and in its file."""

    alg = ALGORITHM

    def __init__(self, key: _Key) -> None:
        self._key = key
        self.public = Sm2PublicKey(_point_of(key.public_der()))

    @classmethod
    def new(cls) -> Sm2SigningKey:
        """Make a key from OpenSSL's random source."""
        return cls(_Key.made())

    @classmethod
    def of_pem(cls, pem: bytes) -> Sm2SigningKey:
        """Read PKCS #8 or RFC 5915 in PEM, or refuse."""
        try:
            return cls(_Key.private(_body(pem)))
        except binascii.Error as error:
            raise _no_key() from error

    def pem(self) -> bytes:
        """Return the key as PKCS #8 in PEM."""
        spelled = base64.b64encode(self._key.private_der())
        lines = [spelled[at : at + 64] for at in range(0, len(spelled), 64)]
        return b"\n".join([b"-----BEGIN PRIVATE KEY-----", *lines, b"-----END PRIVATE KEY-----", b""])

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature of ``data``."""
        r, s = decode_dss_signature(self._key.sign(data))
        return r.to_bytes(32) + s.to_bytes(32)


def is_sm2(pem: bytes) -> bool:
    """Say whether a PEM file names the SM2 curve."""
    try:
        return _CURVE in _body(pem)
    except binascii.Error:
        return False


def is_here() -> bool:
    """Say whether this machine's OpenSSL has SM2."""
    try:
        _crypto()
    except Unavailable:
        return False
    return True


def _body(pem: bytes) -> bytes:
    """Return what the last block of a PEM file holds; parameters of the curve may stand before the key."""
    block = pem.rpartition(b"-----BEGIN ")[2].partition(b"-----END")[0]
    return base64.b64decode(b"".join(block.split(b"\n")[1:]).strip())


def _point_of(data: bytes) -> bytes:
    """Return the compressed point of a point, of its coordinates or of a SubjectPublicKeyInfo; refuse any other."""
    for head in (_HEAD, _SHORT_HEAD):
        data = data.removeprefix(head)
    if len(data) == 64:
        data = b"\x04" + data
    if len(data) == 65 and data[0] == 4:
        short = bytes([2 | data[64] & 1]) + data[1:33]
        if _whole(short) != data:
            raise _no_key()
        return short
    if len(data) == POINT_BYTES and data[0] in (2, 3):
        return data
    raise _no_key()


def _whole(short: bytes) -> bytes:
    """Return the whole point (04, x, y) of a compressed one; refuse what is not on the curve (a = p - 3)."""
    x = int.from_bytes(short[1:])
    square = (pow(x, 3, _P) - 3 * x + _B) % _P
    y = pow(square, (_P + 1) // 4, _P)
    if x >= _P or y * y % _P != square:
        raise _no_key()
    if y & 1 != short[0] & 1:
        y = _P - y
    return b"\x04" + short[1:] + y.to_bytes(32)


def _no_key() -> Invalid:
    return Invalid(
        text("this is no SM2 key"),
        basis=text("GB/T 32918.5-2017, recommended curve"),
        remedy=text("give a public key in PEM, or its point in hex"),
    )


# OpenSSL -----------------------------------------------------------------------------------------------------------


class _Key:
    """An EVP_PKEY, freed with the object."""

    def __init__(self, pointer: int | None) -> None:
        self.pointer = pointer
        if pointer is not None:
            weakref.finalize(self, _crypto().EVP_PKEY_free, pointer)

    @classmethod
    def none(cls) -> _Key:
        return cls(None)

    @classmethod
    def public(cls, der: bytes) -> _Key:
        return cls._read(_crypto().d2i_PUBKEY, der)

    @classmethod
    def private(cls, der: bytes) -> _Key:
        if _CURVE not in der:
            raise _no_key()
        return cls._read(_crypto().d2i_AutoPrivateKey, der)

    @classmethod
    def _read(cls, read: ctypes._NamedFuncPointer, der: bytes) -> _Key:
        pointer = read(None, byref(c_char_p(der)), len(der))
        if not pointer:
            _crypto().ERR_clear_error()
            raise _no_key()
        return cls(pointer)

    @classmethod
    def made(cls) -> _Key:
        lib, found = _crypto(), c_void_p()
        context = lib.EVP_PKEY_CTX_new_from_name(None, b"SM2", None)
        try:
            _hold(lib.EVP_PKEY_keygen_init(context))
            _hold(lib.EVP_PKEY_generate(context, byref(found)))
        finally:
            lib.EVP_PKEY_CTX_free(context)
        return cls(found.value)

    def public_der(self) -> bytes:
        return _der(_crypto().i2d_PUBKEY, self.pointer)

    def private_der(self) -> bytes:
        lib = _crypto()
        info = lib.EVP_PKEY2PKCS8(self.pointer)
        try:
            return _der(lib.i2d_PKCS8_PRIV_KEY_INFO, info)
        finally:
            lib.PKCS8_PRIV_KEY_INFO_free(info)

    def sign(self, data: bytes) -> bytes:
        lib, length = _crypto(), c_size_t(80)
        found = (c_ubyte * 80)()
        with _Digesting(self.pointer) as digesting:
            _hold(lib.EVP_DigestSignInit(digesting, None, lib.EVP_sm3(), None, self.pointer))
            _hold(lib.EVP_DigestSign(digesting, found, byref(length), data, len(data)))
        return bytes(found[: length.value])

    def verifies(self, signature: bytes, data: bytes) -> bool:
        lib = _crypto()
        with _Digesting(self.pointer) as digesting:
            _hold(lib.EVP_DigestVerifyInit(digesting, None, lib.EVP_sm3(), None, self.pointer))
            holds = bool(lib.EVP_DigestVerify(digesting, signature, len(signature), data, len(data)) == 1)
        if not holds:
            lib.ERR_clear_error()
        return holds


class _Digesting:
    """A digest context that knows the signer's identifier."""

    def __init__(self, pointer: int | None) -> None:
        lib = _crypto()
        self._context, self._key_context = lib.EVP_MD_CTX_new(), lib.EVP_PKEY_CTX_new(pointer, None)
        _hold(lib.EVP_PKEY_CTX_set1_id(self._key_context, SIGNER, len(SIGNER)))
        lib.EVP_MD_CTX_set_pkey_ctx(self._context, self._key_context)

    def __enter__(self) -> int:
        return self._context  # type: ignore[no-any-return]

    def __exit__(self, *_: object) -> None:
        lib = _crypto()
        lib.EVP_MD_CTX_free(self._context)
        lib.EVP_PKEY_CTX_free(self._key_context)


def _hold(done: int) -> None:
    if done != 1:
        _crypto().ERR_clear_error()
        raise Unavailable(text("OpenSSL did not carry out SM2"), remedy=text("install libcrypto 3 with SM2"))


def _der(write: ctypes._NamedFuncPointer, of: int | None) -> bytes:
    found = (c_ubyte * _LONGEST_DER)()
    length = write(of, byref(ctypes.cast(found, POINTER(c_ubyte))))
    return bytes(found[:length])


_FUNCTIONS = {
    "d2i_PUBKEY": (c_void_p, [c_void_p, POINTER(c_char_p), c_long]),
    "d2i_AutoPrivateKey": (c_void_p, [c_void_p, POINTER(c_char_p), c_long]),
    "i2d_PUBKEY": (c_int, [c_void_p, POINTER(POINTER(c_ubyte))]),
    "i2d_PKCS8_PRIV_KEY_INFO": (c_int, [c_void_p, POINTER(POINTER(c_ubyte))]),
    "EVP_PKEY2PKCS8": (c_void_p, [c_void_p]),
    "PKCS8_PRIV_KEY_INFO_free": (None, [c_void_p]),
    "EVP_PKEY_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_new": (c_void_p, [c_void_p, c_void_p]),
    "EVP_PKEY_CTX_new_from_name": (c_void_p, [c_void_p, c_char_p, c_char_p]),
    "EVP_PKEY_CTX_free": (None, [c_void_p]),
    "EVP_PKEY_CTX_set1_id": (c_int, [c_void_p, c_char_p, c_size_t]),
    "EVP_PKEY_keygen_init": (c_int, [c_void_p]),
    "EVP_PKEY_generate": (c_int, [c_void_p, POINTER(c_void_p)]),
    "EVP_MD_CTX_new": (c_void_p, []),
    "EVP_MD_CTX_free": (None, [c_void_p]),
    "EVP_MD_CTX_set_pkey_ctx": (None, [c_void_p, c_void_p]),
    "EVP_sm3": (c_void_p, []),
    "EVP_DigestSignInit": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EVP_DigestSign": (c_int, [c_void_p, c_void_p, POINTER(c_size_t), c_char_p, c_size_t]),
    "EVP_DigestVerifyInit": (c_int, [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]),
    "EVP_DigestVerify": (c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "ERR_clear_error": (None, []),
}


@cache
def _crypto() -> ctypes.CDLL:
    name = ctypes.util.find_library("crypto")
    try:
        lib = ctypes.CDLL(name or "libcrypto.so.3")
        for function, (gives, takes) in _FUNCTIONS.items():
            one = getattr(lib, function)
            one.restype, one.argtypes = gives, takes
    except (OSError, AttributeError) as error:
        raise Unavailable(
            text("the OpenSSL of this machine has no SM2"), remedy=text("install libcrypto 3 with SM2")
        ) from error
    return lib
