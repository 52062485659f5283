"""Unique Identifiers (PS3.5 §9) and their registry (PS3.6 §A).

Every registered UID can be imported from here by its keyword: `from rapidicom.uid import
CTImageStorage`.
"""

from __future__ import annotations

from functools import cache

from rapidicom import _core

__all__ = ["PYDICOM_ROOT_UID", "UID", "generate_uid", "register_transfer_syntax"]

_REGISTERED_ROOT = "1.2.840.10008."
_TRANSFER_SYNTAX = "Transfer Syntax"

# PS3.5 §9: at most 64 characters.
_MAX_LENGTH = 64

# pydicom's limit, which leaves room for ten digits that differ.
_MAX_PREFIX_LENGTH = 54


@cache
def _newer_transfer_syntaxes() -> dict[str, str]:
    """Return the names of those that the registry, pydicom's, does not have yet."""
    rows = _core.transfer_syntaxes()
    return {syntax: name for syntax, name, *_ in rows if _core.uid_entry(syntax) is None}


class UID(str):
    """A UID: a text with the registry's answers as attributes."""

    __module__ = "rapidicom.uid"

    _private_encoding: tuple[bool, bool]

    def __new__(cls, val: str, validation_mode: int | None = None) -> UID:
        # The mode is ignored: no UID is refused for breaking a rule.
        del validation_mode
        if not isinstance(val, str):
            raise TypeError(f"a UID is made from a str, not from {type(val).__name__}")
        uid = super().__new__(cls, val.strip())
        if isinstance(val, UID) and hasattr(val, "_private_encoding"):
            uid._private_encoding = val._private_encoding
        return uid

    @property
    def name(self) -> str:
        """The registered name, or the UID itself."""
        entry = _core.uid_entry(self)
        return _newer_transfer_syntaxes().get(self, str(self)) if entry is None else entry[0]

    @property
    def type(self) -> str:
        """What it names, e.g. `SOP Class` or `Transfer Syntax`; empty if it is not registered."""
        entry = _core.uid_entry(self)
        if entry is None:
            return _TRANSFER_SYNTAX if self in _newer_transfer_syntaxes() else ""
        return entry[1]

    @property
    def info(self) -> str:
        """What the registry adds to the name; usually empty."""
        entry = _core.uid_entry(self)
        return "" if entry is None else entry[2]

    @property
    def is_retired(self) -> bool:
        """Whether it is registered as retired."""
        entry = _core.uid_entry(self)
        return entry is not None and entry[3]

    @property
    def keyword(self) -> str:
        """The keyword; empty if it is not registered."""
        entry = _core.uid_entry(self)
        return "" if entry is None else entry[4]

    @property
    def is_private(self) -> bool:
        """Whether it lies outside the standard's own root."""
        return not self.startswith(_REGISTERED_ROOT)

    @property
    def is_valid(self) -> bool:
        """Whether its form follows PS3.5 §9.1."""
        if len(self) > _MAX_LENGTH:
            return False
        components = self.split(".")
        return all(c.isascii() and c.isdigit() and (c == "0" or c[0] != "0") for c in components)

    @property
    def is_transfer_syntax(self) -> bool:
        """Whether it is a Transfer Syntax: registered, or declared by `set_private_encoding`."""
        if self.is_private:
            return hasattr(self, "_private_encoding")
        return self.type == _TRANSFER_SYNTAX

    @property
    def is_implicit_VR(self) -> bool:
        """Whether a Transfer Syntax has elements without VRs."""
        self._check_transfer_syntax()
        return self._private_encoding[0] if self.is_private else self == ImplicitVRLittleEndian

    @property
    def is_little_endian(self) -> bool:
        """Whether a Transfer Syntax is little endian."""
        self._check_transfer_syntax()
        return self._private_encoding[1] if self.is_private else self != ExplicitVRBigEndian

    @property
    def is_deflated(self) -> bool:
        """Whether a Transfer Syntax compresses the data set as a whole (PS3.5 §A.5)."""
        self._check_transfer_syntax()
        return self == DeflatedExplicitVRLittleEndian

    @property
    def is_compressed(self) -> bool:
        """Whether a Transfer Syntax encapsulates pixel data in fragments (PS3.5 §A.4)."""
        self._check_transfer_syntax()
        return self not in _NOT_ENCAPSULATED

    @property
    def is_encapsulated(self) -> bool:
        """The same as `is_compressed`."""
        return self.is_compressed

    def set_private_encoding(self, implicit_vr: bool, little_endian: bool) -> None:
        """Declare a private UID to be a Transfer Syntax.

        Args:
            implicit_vr: Whether its elements carry no VR.
            little_endian: Whether its numbers are little endian.
        """
        self._private_encoding = (implicit_vr, little_endian)

    def _check_transfer_syntax(self) -> None:
        if not self.is_transfer_syntax:
            raise ValueError("the UID is not a Transfer Syntax")


@cache
def __getattr__(name: str) -> UID:
    """Find a registered UID by its keyword, for constants without a line of their own."""
    if name[:1].isupper():
        uid = _core.keyword_uid(name)
        if uid is not None:
            return UID(uid)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Native (PS3.5 §A.1, §A.2, §A.3, §A.5)
ImplicitVRLittleEndian = UID("1.2.840.10008.1.2")
ExplicitVRLittleEndian = UID("1.2.840.10008.1.2.1")
EncapsulatedUncompressedExplicitVRLittleEndian = UID("1.2.840.10008.1.2.1.98")
DeflatedExplicitVRLittleEndian = UID("1.2.840.10008.1.2.1.99")
ExplicitVRBigEndian = UID("1.2.840.10008.1.2.2")

# Compressed (PS3.5 §A.4)
JPEGBaseline8Bit = UID("1.2.840.10008.1.2.4.50")
JPEGExtended12Bit = UID("1.2.840.10008.1.2.4.51")
JPEGLossless = UID("1.2.840.10008.1.2.4.57")
JPEGLosslessSV1 = UID("1.2.840.10008.1.2.4.70")
JPEGLSLossless = UID("1.2.840.10008.1.2.4.80")
JPEGLSNearLossless = UID("1.2.840.10008.1.2.4.81")
JPEG2000Lossless = UID("1.2.840.10008.1.2.4.90")
JPEG2000 = UID("1.2.840.10008.1.2.4.91")
JPEG2000MCLossless = UID("1.2.840.10008.1.2.4.92")
JPEG2000MC = UID("1.2.840.10008.1.2.4.93")
MPEG2MPML = UID("1.2.840.10008.1.2.4.100")
MPEG2MPMLF = UID("1.2.840.10008.1.2.4.100.1")
MPEG2MPHL = UID("1.2.840.10008.1.2.4.101")
MPEG2MPHLF = UID("1.2.840.10008.1.2.4.101.1")
MPEG4HP41 = UID("1.2.840.10008.1.2.4.102")
MPEG4HP41F = UID("1.2.840.10008.1.2.4.102.1")
MPEG4HP41BD = UID("1.2.840.10008.1.2.4.103")
MPEG4HP41BDF = UID("1.2.840.10008.1.2.4.103.1")
MPEG4HP422D = UID("1.2.840.10008.1.2.4.104")
MPEG4HP422DF = UID("1.2.840.10008.1.2.4.104.1")
MPEG4HP423D = UID("1.2.840.10008.1.2.4.105")
MPEG4HP423DF = UID("1.2.840.10008.1.2.4.105.1")
MPEG4HP42STEREO = UID("1.2.840.10008.1.2.4.106")
MPEG4HP42STEREOF = UID("1.2.840.10008.1.2.4.106.1")
HEVCMP51 = UID("1.2.840.10008.1.2.4.107")
HEVCM10P51 = UID("1.2.840.10008.1.2.4.108")
JPEGXLLossless = UID("1.2.840.10008.1.2.4.110")
JPEGXLJPEGRecompression = UID("1.2.840.10008.1.2.4.111")
JPEGXL = UID("1.2.840.10008.1.2.4.112")
HTJ2KLossless = UID("1.2.840.10008.1.2.4.201")
HTJ2KLosslessRPCL = UID("1.2.840.10008.1.2.4.202")
HTJ2K = UID("1.2.840.10008.1.2.4.203")
JPIPHTJ2KReferenced = UID("1.2.840.10008.1.2.4.204")
JPIPHTJ2KReferencedDeflate = UID("1.2.840.10008.1.2.4.205")
RLELossless = UID("1.2.840.10008.1.2.5")

# As in pydicom, these four are not encapsulated and every other Transfer Syntax is.
_NOT_ENCAPSULATED = frozenset(
    (
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    )
)

AllTransferSyntaxes = [syntax for syntax in list(globals().values()) if isinstance(syntax, UID)]
PrivateTransferSyntaxes: list[UID] = []
UncompressedTransferSyntaxes = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
]
JPEGTransferSyntaxes = [JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1]
JPEGLSTransferSyntaxes = [JPEGLSLossless, JPEGLSNearLossless]
JPEG2000TransferSyntaxes = [
    JPEG2000Lossless,
    JPEG2000,
    JPEG2000MCLossless,
    JPEG2000MC,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    HTJ2K,
]
RLETransferSyntaxes = [RLELossless]
MPEGTransferSyntaxes = [
    MPEG2MPML,
    MPEG2MPMLF,
    MPEG2MPHL,
    MPEG2MPHLF,
    MPEG4HP41,
    MPEG4HP41F,
    MPEG4HP41BD,
    MPEG4HP41BDF,
    MPEG4HP422D,
    MPEG4HP422DF,
    MPEG4HP423D,
    MPEG4HP423DF,
    MPEG4HP42STEREO,
    MPEG4HP42STEREOF,
    HEVCMP51,
    HEVCM10P51,
]


# pydicom's root, which its own UIDs and those that `generate_uid` makes for it start with.
PYDICOM_ROOT_UID = "1.2.826.0.1.3680043.8.498."
PYDICOM_IMPLEMENTATION_UID = UID(f"{PYDICOM_ROOT_UID}1")


def generate_uid(
    prefix: str | None = PYDICOM_ROOT_UID, entropy_srcs: list[str] | None = None
) -> UID:
    """Make a UID that no other data set has.

    Args:
        prefix: What it starts with; `None` for a UUID below 2.25 (PS3.5 §B.2).
        entropy_srcs: Texts that decide what follows the prefix: the same ones give the same UID.

    Raises:
        ValueError: The prefix is not a root of UIDs, or leaves too little room.
    """
    import secrets
    import uuid
    from hashlib import sha512

    if prefix is None:
        return UID(f"2.25.{uuid.uuid4().int}")
    if (
        len(prefix) > _MAX_PREFIX_LENGTH
        or not prefix.endswith(".")
        or not UID(prefix[:-1]).is_valid
    ):
        raise ValueError(
            "the prefix of a UID must be numbers, each followed by a point, "
            f"of at most {_MAX_PREFIX_LENGTH} characters"
        )
    room = _MAX_LENGTH - len(prefix)
    if entropy_srcs is None:
        number = secrets.randbelow(10**room - 1) + 1
    else:
        number = int(sha512("".join(entropy_srcs).encode()).hexdigest(), 16)
    return UID(prefix + str(number)[:room])


def register_transfer_syntax(
    uid: str, implicit_vr: bool | None = None, little_endian: bool | None = None
) -> UID:
    """Declare a private UID to be a Transfer Syntax, for the attributes of `UID` alone.

    Args:
        uid: The UID.
        implicit_vr: Whether its elements carry no VR.
        little_endian: Whether its numbers are little endian.

    Raises:
        ValueError: `implicit_vr` or `little_endian` is missing, and the UID is not known as one.
    """
    syntax = UID(uid)
    if implicit_vr is None or little_endian is None:
        if not hasattr(syntax, "_private_encoding"):
            raise ValueError("a Transfer Syntax needs implicit_vr and little_endian")
    else:
        syntax.set_private_encoding(implicit_vr, little_endian)
    if syntax not in PrivateTransferSyntaxes:
        PrivateTransferSyntaxes.append(syntax)
    return syntax
