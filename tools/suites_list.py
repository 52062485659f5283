"""The packages whose tests `tools/suites.py` runs, and why some of the tests fail."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["SUITES", "Suite"]


@dataclass(frozen=True)
class Suite:
    """A package whose source distribution has tests.

    Attributes:
        name: Its name at the registry.
        version: The version.
        module: What is imported.
        tests: Where its tests are in the source distribution.
        others: What the tests need beside.
        files: Folders of the shared test data that lie as the package's repository does.
        paths: Folders of the source that its tests import from.
        empty: Empty files that its tests need, and its source distribution lacks.
        package: Where it is imported from in the source distribution with its imports changed;
            `None` if it does more than read.
        is_built: Whether the source distribution is of no use, and the built one is taken.
        reasons: Why tests fail that pass plainly, by a part of their names.
    """

    name: str
    version: str
    module: str
    tests: str = "tests"
    others: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    package: str | None = None
    is_built: bool = False
    reasons: dict[str, str] = field(default_factory=dict)

    def reason_of(self, test: str) -> str:
        """Return why a test fails, or a question mark."""
        return next((why for part, why in self.reasons.items() if part in test), "?")


_LOSSY = (
    "holds a lossy JPEG frame of pylibjpeg against the pixels of the data set, which are ours and "
    "equal libjpeg-turbo's: the two differ by 3 at most"
)

SUITES = (
    Suite("dicognito", "0.19.0", "dicognito"),
    Suite("dicomweb-client", "0.61.2", "dicomweb_client", others=("pytest-localserver",)),
    Suite("dicom-anonymizer", "2.1.0", "dicomanonymizer"),
    Suite("nibabel", "5.4.2", "nibabel", "nibabel/nicom", package="."),
    Suite("heudiconv", "1.5.1", "heudiconv", "heudiconv/tests", package="."),
    Suite(
        "dicom2nifti",
        "2.6.2",
        "dicom2nifti",
        files=("icometrix__dicom2nifti",),
        paths=("dicom2nifti",),
        empty=("tests/__init__.py",),
        package=".",
    ),
    Suite("dicom-numpy", "0.6.5", "dicom_numpy", empty=("tests/__init__.py",), package="."),
    Suite("dcmstack", "0.9.0", "dcmstack", "test", package="src"),
    Suite("rt-utils", "1.2.7", "rt_utils", package=".", is_built=True),
    Suite(
        "wsidicom",
        "0.36.1",
        "wsidicom",
        others=(
            "decoy",
            "imagecodecs",
            "pyjpegls",
            "pylibjpeg-openjpeg",
            "pylibjpeg-rle",
            "shapely",
            "wsidicom-data",
            "xmltodict",
        ),
        paths=(".",),
    ),
    Suite(
        "highdicom",
        "0.28.2",
        "highdicom",
        others=(
            "pyjpegls",
            "pylibjpeg",
            "pylibjpeg-libjpeg",
            "pylibjpeg-openjpeg",
            "pylibjpeg-rle",
        ),
        files=("ImagingDataCommons__highdicom",),
        reasons={"test_imread_all_test_files": _LOSSY, "test_io.py::test_all_images": _LOSSY},
    ),
    Suite(
        "pynetdicom",
        "3.0.4",
        "pynetdicom",
        "pynetdicom/tests",
        others=("pyfakefs",),
        reasons={
            "test_fsm.py": "waits for a connection, and not long enough on a busy machine; it "
            "reads no file"
        },
    ),
    Suite(
        "pydicom",
        "3.0.2",
        "pydicom",
        reasons={
            "TestReadDataElement::test_read_": "invents elements of group FFFE, which the standard "
            "keeps for items and delimiters (PS3.5 §7.5)",
            "testReadFileWithMissingPixelDataArray": "asks for the words of an error; ours also "
            "name the element and its place",
        },
    ),
)
