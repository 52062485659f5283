"""Series, slices and patches as data sets of torch: `pip install "rapidicom[torch]"`.

Importing this also lets torch's `default_collate`, and so a `DataLoader`, stack volumes.
"""

from rapidicom._common.extras import required as _required

_required("torch", "rapidicom.integrations.torch")

from rapidicom.integrations.torch import collation as _collation  # noqa: E402, F401
from rapidicom.integrations.torch.crops import CenterCrop, RandomCrop  # noqa: E402
from rapidicom.integrations.torch.reading_ahead import Prefetch, prefetch  # noqa: E402
from rapidicom.integrations.torch.series import SeriesDataset  # noqa: E402
from rapidicom.integrations.torch.slices import SliceDataset  # noqa: E402
from rapidicom.integrations.torch_tensors import to_torch  # noqa: E402

__all__ = [
    "CenterCrop",
    "Prefetch",
    "RandomCrop",
    "SeriesDataset",
    "SliceDataset",
    "prefetch",
    "to_torch",
]
