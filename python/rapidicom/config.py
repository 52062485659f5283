"""pydicom's settings under pydicom's path; the code is in `rapidicom._common.settings`."""

import sys

from rapidicom._common.settings import (
    IGNORE,
    INVALID_KEY_BEHAVIOR,
    INVALID_KEYWORD_BEHAVIOR,
    RAISE,
    WARN,
    Settings,
    SettingsModule,
    allow_DS_float,
    assume_implicit_vr_switch,
    convert_wrong_length_to_UN,
    data_element_callback,
    datetime_conversion,
    debug,
    debugging,
    disable_value_validation,
    enforce_valid_values,
    have_numpy,
    pixel_data_handlers,
    replace_un_with_known_vr,
    settings,
    show_file_meta,
    use_DS_decimal,
    use_DS_numpy,
    use_IS_numpy,
    use_none_as_empty_text_VR_value,
)

__all__ = [
    "IGNORE",
    "INVALID_KEYWORD_BEHAVIOR",
    "INVALID_KEY_BEHAVIOR",
    "RAISE",
    "WARN",
    "Settings",
    "allow_DS_float",
    "assume_implicit_vr_switch",
    "convert_wrong_length_to_UN",
    "data_element_callback",
    "datetime_conversion",
    "debug",
    "debugging",
    "disable_value_validation",
    "enforce_valid_values",
    "have_numpy",
    "logger",  # noqa: F822 - made when it is asked for
    "pixel_data_handlers",
    "replace_un_with_known_vr",
    "settings",
    "show_file_meta",
    "use_DS_decimal",
    "use_DS_numpy",
    "use_IS_numpy",
    "use_none_as_empty_text_VR_value",
]

sys.modules[__name__].__class__ = SettingsModule
