"""Value Representations (PS3.5 §6.2): their names, and which hold text, numbers or bytes."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["VR"]


class VR(StrEnum):
    """The VRs (PS3.5 §6.2), and the dictionary's choices of several: each is equal to its text."""

    __module__ = "rapidicom.valuerep"

    AE = "AE"
    AS = "AS"
    AT = "AT"
    CS = "CS"
    DA = "DA"
    DS = "DS"
    DT = "DT"
    FD = "FD"
    FL = "FL"
    IS = "IS"
    LO = "LO"
    LT = "LT"
    OB = "OB"
    OD = "OD"
    OF = "OF"
    OL = "OL"
    OV = "OV"
    OW = "OW"
    PN = "PN"
    SH = "SH"
    SL = "SL"
    SQ = "SQ"
    SS = "SS"
    ST = "ST"
    SV = "SV"
    TM = "TM"
    UC = "UC"
    UI = "UI"
    UL = "UL"
    UN = "UN"
    UR = "UR"
    US = "US"
    UT = "UT"
    UV = "UV"
    OB_OW = "OB or OW"
    US_OW = "US or OW"
    US_SS = "US or SS"
    US_SS_OW = "US or SS or OW"


BYTES_VR = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
FLOAT_VR = frozenset(("DS", "FD", "FL"))
INT_VR = frozenset(("AT", "IS", "SL", "SS", "SV", "UL", "US", "UV"))
AMBIGUOUS_VR = frozenset(("US or SS or OW", "US or SS", "US or OW", "OB or OW"))

# Text in the default character repertoire alone, so that decoding its bytes needs no character set.
DEFAULT_CHARSET_VR = frozenset(("AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"))
CUSTOMIZABLE_CHARSET_VR = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
STR_VR = DEFAULT_CHARSET_VR | CUSTOMIZABLE_CHARSET_VR
LIST_VR = frozenset(("SQ",))

# Here a backslash is a character like any other (PS3.5 §6.2).
BACKSLASH_IS_TEXT = frozenset(("LT", "ST", "UT"))

STANDARD_VR = frozenset(vr for vr in VR if len(vr) == 2)
ALLOW_BACKSLASH = BACKSLASH_IS_TEXT | AMBIGUOUS_VR | BYTES_VR

# What `print` abridges: values that can be longer than a screen.
LONG_VALUE_VR = frozenset(("LT", "UC", "UT")) | BYTES_VR | AMBIGUOUS_VR
