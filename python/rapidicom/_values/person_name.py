"""Person names (PS3.5 §6.2.1): up to three groups, of five components each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rapidicom._common.pydicom_types import is_pydicom_name
from rapidicom._values.encodings import decode_bytes

__all__ = ["PersonName"]

# The encoding without a Specific Character Set; every byte is one of its characters.
_DEFAULT_ENCODING = "iso8859"

_COMPONENTS = ("family_name", "given_name", "middle_name", "name_prefix", "name_suffix")


@lru_cache(maxsize=64)
def _groups(text: str) -> tuple[str, ...]:
    """Return the groups of a name; those of equal names are one object, copies among them."""
    return tuple(text.split("=")) if text else ()


class _Value:
    """The base of `PersonName`, as `int` and `str` are the bases of other values.

    Python cannot change the bases of a class that derives from `object` alone, and
    `integrations.pydicom_patch` changes them.
    """

    __slots__ = ()


class PersonName(_Value):
    """A value with VR PN. It compares, hashes and prints as its text."""

    __module__ = "rapidicom.valuerep"

    __slots__ = ("_bytes", "_text", "encodings")

    _bytes: bytes | None
    _text: str
    encodings: tuple[str, ...] | None

    def __init__(
        self,
        val: str | bytes | PersonName,
        encodings: str | Iterable[str] | None = None,
        original_string: bytes | None = None,
    ) -> None:
        """Make a name.

        Args:
            val: The name, its groups separated by `=` and their components by `^`; or one of
                pydicom's.
            encodings: Python's names of the encodings of `val` if that is bytes, to be tried in
                order.
            original_string: The bytes that `val` was decoded from.

        Raises:
            TypeError: `val` is of another type.
            ValueError: The bytes are not in any of `encodings`.
        """
        self.encodings = _as_tuple(encodings)
        self._bytes = original_string
        if isinstance(val, str):
            text = val
        elif isinstance(val, PersonName):
            text, self.encodings, self._bytes = val._text, val.encodings, val._bytes
        elif isinstance(val, bytes):
            text, self._bytes = _decoded(val, self.encodings), val
        elif is_pydicom_name(val):
            text, self.encodings, self._bytes = (
                str(val),
                _as_tuple(val.encodings),
                val.original_string,
            )
        else:
            raise TypeError(
                f"a PersonName is made from a str or bytes, not from {type(val).__name__}"
            )
        # Empty groups at the end are dropped.
        self._text = text.rstrip("=")

    @classmethod
    def from_named_components(
        cls,
        family_name: str = "",
        given_name: str = "",
        middle_name: str = "",
        name_prefix: str = "",
        name_suffix: str = "",
        family_name_ideographic: str = "",
        given_name_ideographic: str = "",
        middle_name_ideographic: str = "",
        name_prefix_ideographic: str = "",
        name_suffix_ideographic: str = "",
        family_name_phonetic: str = "",
        given_name_phonetic: str = "",
        middle_name_phonetic: str = "",
        name_prefix_phonetic: str = "",
        name_suffix_phonetic: str = "",
        encodings: list[str] | None = None,
    ) -> PersonName:
        """Make a name from its components.

        Raises:
            ValueError: A component has a character that separates components, groups or values.
        """
        groups = (
            (family_name, given_name, middle_name, name_prefix, name_suffix),
            (
                family_name_ideographic,
                given_name_ideographic,
                middle_name_ideographic,
                name_prefix_ideographic,
                name_suffix_ideographic,
            ),
            (
                family_name_phonetic,
                given_name_phonetic,
                middle_name_phonetic,
                name_prefix_phonetic,
                name_suffix_phonetic,
            ),
        )
        return cls(_joined(groups, encodings), encodings)

    @classmethod
    def from_named_components_veterinary(
        cls,
        responsible_party_name: str = "",
        patient_name: str = "",
        responsible_party_name_ideographic: str = "",
        patient_name_ideographic: str = "",
        responsible_party_name_phonetic: str = "",
        patient_name_phonetic: str = "",
        encodings: list[str] | None = None,
    ) -> PersonName:
        """Make an animal's name from its responsible party's and its own (PS3.3 §C.7.1.1.1.1).

        Raises:
            ValueError: As `from_named_components`.
        """
        groups = (
            (responsible_party_name, patient_name),
            (responsible_party_name_ideographic, patient_name_ideographic),
            (responsible_party_name_phonetic, patient_name_phonetic),
        )
        return cls(_joined(groups, encodings), encodings)

    @property
    def original_string(self) -> bytes | None:
        """The bytes that the name was made from; `None` if made from text beyond ASCII."""
        if self._bytes is None and self._text.isascii():
            return self._text.encode()
        return self._bytes

    @original_string.setter
    def original_string(self, data: bytes | None) -> None:
        self._bytes = data

    @property
    def components(self) -> tuple[str, ...]:
        """The groups that the name has: alphabetic, ideographic, phonetic."""
        return _groups(self._text)

    @property
    def alphabetic(self) -> str:
        """The first group."""
        return self._group(0)

    @property
    def ideographic(self) -> str:
        """The second group."""
        return self._group(1)

    @property
    def phonetic(self) -> str:
        """The third group."""
        return self._group(2)

    @property
    def family_name(self) -> str:
        """The first component of the alphabetic group."""
        return self._component(0)

    @property
    def given_name(self) -> str:
        """The second component of the alphabetic group."""
        return self._component(1)

    @property
    def middle_name(self) -> str:
        """The third component of the alphabetic group."""
        return self._component(2)

    @property
    def name_prefix(self) -> str:
        """The fourth component of the alphabetic group."""
        return self._component(3)

    @property
    def name_suffix(self) -> str:
        """The fifth component of the alphabetic group."""
        return self._component(4)

    def family_comma_given(self) -> str:
        """Return `Family, Given`."""
        return f"{self.family_name}, {self.given_name}"

    def formatted(self, format_str: str) -> str:
        """Return the name in a format.

        Args:
            format_str: A `%` format with the names of components and groups, e.g.
                `%(family_name)s`.
        """
        parts = (*_COMPONENTS, "ideographic", "phonetic")
        return format_str % {part: getattr(self, part) for part in parts}

    def decode(self, encodings: str | Iterable[str] | None = None) -> PersonName:
        """Decode the name's bytes in other encodings; return the name itself if they are the same.

        Raises:
            ValueError: No encoding fits the bytes, or the name does not have its bytes.
        """
        wanted = _as_tuple(encodings)
        if wanted is None or wanted == self.encodings:
            return self
        return PersonName(self.encode(), wanted)

    def encode(self, encodings: str | Iterable[str] | None = None) -> bytes:
        """Return the name's bytes.

        Args:
            encodings: Python's names of encodings, to be tried in order; by default the bytes that
                the name was made from, if there are any.

        Raises:
            ValueError: The name cannot be written in any of `encodings`.
        """
        wanted = _as_tuple(encodings)
        if self._bytes is not None and wanted in (None, self.encodings):
            return self._bytes
        tried = wanted or self.encodings or (_DEFAULT_ENCODING,)
        for encoding in tried:
            try:
                return self._text.encode(encoding)
            except UnicodeEncodeError:
                continue
        raise ValueError(f"the name has characters that are in none of {', '.join(tried)}")

    def _group(self, index: int) -> str:
        groups = self._text.split("=")
        return groups[index] if index < len(groups) else ""

    def _component(self, index: int) -> str:
        components = self._group(0).split("^")
        return components[index] if index < len(components) else ""

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return repr(self._text)

    def __eq__(self, other: object) -> bool:
        return self._text == (other._text if isinstance(other, PersonName) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text) or bool(self._bytes)

    def __len__(self) -> int:
        return len(self._text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._text)

    def __contains__(self, text: str) -> bool:
        return text in self._text


def _joined(groups: Iterable[Iterable[str | bytes]], encodings: list[str] | None) -> str:
    """Return the text of groups of components, without the empty ones at the end of each."""
    wanted = _as_tuple(encodings)
    groups = [
        [_decoded(part, wanted) if isinstance(part, bytes) else part for part in group]
        for group in groups
    ]
    if any(character in str(part) for group in groups for part in group for character in "\\^="):
        raise ValueError("a component of a name cannot contain a backslash, '^' or '='")
    return "=".join("^".join(map(str, group)).rstrip("^") for group in groups).rstrip("=")


def _as_tuple(encodings: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if encodings is None or isinstance(encodings, tuple):
        return encodings
    return (encodings,) if isinstance(encodings, str) else tuple(encodings)


def _decoded(data: bytes, encodings: tuple[str, ...] | None) -> str:
    tried = encodings or (_DEFAULT_ENCODING,)
    if b"\x1b" in data and encodings:
        # Escape sequences switch between them (PS3.5 §6.1.2.5).
        return decode_bytes(data, encodings)
    for encoding in tried:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"the name is in none of the encodings {', '.join(tried)}")
