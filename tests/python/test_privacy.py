"""No exception, warning or log shows the text of a value.

Every public function and method is called with data sets, elements, files, bytes and JSON whose
values are marked, and nothing that it says may have the mark. What a caller passes as a name, a
path or an option is not a value.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import itertools
import json
import logging
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import rapidicom as rd
from archive_builder import tarred
from builder import Element, Items, encode, file_around, file_bytes, image
from data_paths import REPOSITORY
from rapidicom.cli import main
from rapidicom.fileset import FileSet

MARK = "QXJMARKZ"
MARKED = MARK.encode()
# What stands for a number. No length, offset or count is this one by accident.
NUMBER = "73190557736911"

TEXT_VRS = (
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR",
    "UT",
)  # fmt: skip
FORMS = {
    "valid": MARKED,
    "long": MARKED * 200,
    "undecodable": b"\xff" + MARKED + b"\xff",
    "several": MARKED + b"\\" + MARKED,
    "number": NUMBER.encode() + MARKED,
    "escaped": b"\x1b$B" + MARKED,
}

# The modules of pydicom's paths, and our own; not those that change pydicom.
MODULES = [
    *sorted(
        f"rapidicom.{path.stem}"
        for path in (REPOSITORY / "python/rapidicom").glob("*.py")
        if not path.stem.startswith("_")
    ),
    "rapidicom",
    "rapidicom.pixels",
    "rapidicom.pixels.processing",
    "rapidicom.pixels.utils",
]
# They take names and options, not values; or write files.
NOT_CALLED = {
    "dcmwrite", "write_file", "debug", "main", "VR", "BaseTag", "Tag", "TupleTag",
}  # fmt: skip


def elements_of(form: bytes) -> list[Element]:
    """An image in which every text is marked, and every list of numbers is no such list."""
    marked = []
    for one in image(np.zeros((2, 3), np.uint16)):
        is_text = one.vr in TEXT_VRS and one.tag not in (0x00080016, 0x00280004)
        marked.append(Element(one.tag, one.vr, form) if is_text else one)
    more = [
        *[Element(0x00091001 + index, vr, form) for index, vr in enumerate(TEXT_VRS)],
        Element(0x00090010, "LO", form),
        Element(0x00091090, "US", MARKED + b"x", pad=False),
        Element(0x00091091, "ZZ", MARKED),
        Element(0x00081140, "SQ", Items([[Element(0x00081155, "UI", form)]])),
        Element(0x00281050, "DS", form),
        Element(0x00281051, "DS", form),
        Element(0x00281052, "DS", form),
        Element(0x00281053, "DS", form),
        Element(0x00281054, "LO", form),
        Element(0x00281055, "LO", form),
        Element(0x00281056, "CS", form),
        Element(0x00283000, "SQ", Items([[
            Element(0x00283002, "US", [2, 0, 16]), Element(0x00283003, "LO", form),
            Element(0x00283006, "LO", form),
        ]])),
        Element(0x54000100, "SQ", Items([[
            Element(0x003A0005, "US", 1), Element(0x003A0010, "UL", 2),
            Element(0x003A0200, "SQ", Items([[Element(0x003A0210, "DS", form),
                                              Element(0x003A0213, "DS", form)]])),
            Element(0x54001004, "US", 8), Element(0x54001006, "CS", "SB"),
            Element(0x54001010, "OB", b"ab"),
        ]])),
        Element(0x60000010, "US", 2), Element(0x60000011, "US", 2),
        Element(0x60000040, "CS", form), Element(0x60003000, "OB", b"\1\2"),
    ]  # fmt: skip
    known = {one.tag for one in more}
    both = [*more, *[one for one in marked if one.tag not in known]]
    return [Element(0x00080005, "CS", "ISO_IR 192"), *sorted(both, key=lambda one: one.tag)]


def files(form: bytes) -> dict[str, bytes]:
    """Files of each kind of fault, all marked."""
    elements = elements_of(form)
    whole = file_bytes(elements)
    coded = [
        Element(one.tag, one.vr, form) if one.tag in (0x00280004, 0x00280008) else one
        for one in [*elements, Element(0x00280008, "IS", 1)]
    ]
    return {
        "whole": whole,
        "cut": whole[:-5],
        "bare": whole[132:],
        "syntax": file_around(encode(elements), MARK),
        "photometric": file_bytes(sorted(coded, key=lambda one: one.tag)),
        "text in numbers": file_bytes(
            [Element(one.tag, one.vr, MARKED) if one.vr == "US" else one for one in elements]
        ),
        "text for numbers": file_bytes(
            [Element(one.tag, "LO", form) if one.vr == "US" else one for one in elements]
        ),
        "characters": file_bytes([Element(0x00080005, "CS", form), *elements[1:]]),
        "directory": file_bytes(directory(form)),
    }


def directory(form: bytes) -> list[Element]:
    """A DICOMDIR whose records are marked."""
    record = [
        Element(0x00041400, "UL", 0), Element(0x00041410, "US", 0xFFFF),
        Element(0x00041420, "UL", 0), Element(0x00041430, "CS", form),
        Element(0x00041500, "CS", form), Element(0x00100010, "PN", form),
    ]  # fmt: skip
    return [
        Element(0x00080016, "UI", "1.2.840.10008.1.3.10"),
        Element(0x00041130, "CS", form),
        Element(0x00041141, "CS", form),
        Element(0x00041200, "UL", 400),
        Element(0x00041202, "UL", 400),
        Element(0x00041220, "SQ", Items([record])),
    ]


# What is said.


def said(error: BaseException | None, seen: tuple[int, ...] = ()) -> Iterator[str]:
    """The words of an exception and of all that it comes from."""
    while error is not None and id(error) not in seen:
        seen = (*seen, id(error))
        yield f"{type(error).__name__}: {error} {error.args!r}"
        yield from getattr(error, "__notes__", ())
        yield from said(error.__cause__, seen)
        error = None if error.__suppress_context__ and error.__cause__ else error.__context__


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # What pydicom itself says of a data set that it is given is not ours.
        if record.name != "pydicom":
            self.lines.append(record.getMessage())


def words_of(call: Callable[[], Any]) -> list[str]:
    """All that a call says in exceptions, warnings, logs and on the channel of errors."""
    words: list[str] = []
    log, channel = Log(), io.StringIO()
    logging.getLogger().addHandler(log)
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(channel):
            warnings.simplefilter("always")
            # Not those of another test's objects, which are collected at any time.
            warnings.simplefilter("ignore", ResourceWarning)
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    found = call()
                    if inspect.isgenerator(found):
                        list(itertools.islice(found, 3))
            except (Exception, SystemExit) as error:
                words.extend(said(error))
    finally:
        logging.getLogger().removeHandler(log)
    ours = [one for one in caught if "pydicom/" not in one.filename]
    return [*words, *(str(one.message) for one in ours), *log.lines, channel.getvalue()]


def leaks(calls: Iterable[tuple[str, Callable[[], Any]]]) -> list[str]:
    found = []
    for name, call in calls:
        words = [word for word in words_of(call) if MARK in word or NUMBER in word]
        found.extend(f"{name}: {word[:300]}" for word in words)
    return found


# What is called.


def public_functions() -> dict[str, Callable[..., Any]]:
    found = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for one in getattr(module, "__all__", ()):
            value = getattr(module, one)
            if callable(value) and one not in NOT_CALLED and not _is_error(value):
                found[f"{name}.{one}"] = value
    return found


def _is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def calls_with(
    name: str, function: Callable[..., Any], values: Iterable[Any]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The function with each value, alone and beside what a second argument may be."""
    for value in values:
        for rest in ((), (0,), (1.5,), ("PatientName",), ("PN",), (["ISO_IR 100"],)):
            yield f"{name}({type(value).__name__}, {rest})", lambda v=value, r=rest: function(v, *r)
        yield f"{name}(0, {type(value).__name__})", lambda v=value: function(0, v)
        yield f"{name}('DS', {type(value).__name__})", lambda v=value: function("DS", v)
        yield f"{name}(array)", lambda v=value: function(np.zeros((2, 3), np.uint16), v)


def calls_of_methods(name: str, value: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every public attribute of an object, called where it can be."""
    for one in dir(value):
        is_public = not one.startswith("_") or one in ("__str__", "__repr__", "__iter__", "__len__")
        if not is_public or one in {"save_as", "clear", "write", "load", "copy", "remove"}:
            continue

        def call(one: str = one, arguments: tuple[Any, ...] = ()) -> Any:
            found = getattr(value, one)
            return found(*arguments) if callable(found) else found

        yield f"{name}.{one}", call
        own = () if isinstance(value, (str, list)) else ((value,),)
        for arguments in ((0,), ("PatientName",), (0x00100010,), (0x6000,), *own):
            text = f"{name}.{one}({type(arguments[0]).__name__})"
            yield text, lambda o=one, a=arguments: call(o, a)


def quietly(make: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(Exception):
            return make()
    return None


# Tests.


def test_the_test_can_fail() -> None:
    def leak_by_cause() -> None:
        try:
            float(MARK)
        except ValueError:
            raise rd.InvalidDicomError("a number is none")  # noqa: B904

    def leak_by_warning() -> None:
        warnings.warn(f"odd value {MARK}", stacklevel=1)

    def leak_by_log() -> None:
        logging.getLogger("rapidicom").warning("odd value %s", MARK)

    def leak_by_note() -> None:
        raise ValueError(int(NUMBER))

    for leak in (leak_by_cause, leak_by_warning, leak_by_log, leak_by_note):
        assert len(leaks([("leak", leak)])) == 1, leak.__name__
    assert leaks([("none", lambda: MARK)]) == []


@pytest.mark.parametrize("form", FORMS)
def test_functions_with_marked_files(tmp_path: Path, form: str) -> None:
    calls: list[tuple[str, Callable[[], Any]]] = []
    functions = public_functions()
    assert len(functions) > 80
    for kind, data in files(FORMS[form]).items():
        path = tmp_path / f"{kind}.dcm"
        path.write_bytes(data)
        ds = quietly(lambda data=data: rd.dcmread(data, force=True))
        values = [ds, path, data] if form == "valid" else [ds, path]
        for name, function in functions.items():
            calls.extend(calls_with(name, function, [one for one in values if one is not None]))
    assert leaks(calls) == []


class Elsewhere:
    """A file object that is not memory: read by ranges if it can seek, else as a whole."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, count: int = -1) -> bytes:
        return self._file.read(count)


class Seekable(Elsewhere):
    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def sources_of(data: bytes) -> dict[str, Callable[[], Any]]:
    """Each kind of source with these bytes, made anew for each call."""

    def zipped(method: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("a.dcm", data)
        return buffer.getvalue()

    return {
        "bytes": lambda: data,
        "bytearray": lambda: bytearray(data),
        "memoryview": lambda: memoryview(data),
        "in memory": lambda: io.BytesIO(data),
        "by ranges": lambda: Seekable(data),
        "as a whole": lambda: Elsewhere(data),
        "named": lambda: {"a": data},
        "text": lambda: io.StringIO(data.decode("latin-1")),
        "nested": lambda: [[data]],
        "stored": lambda: zipped(zipfile.ZIP_STORED),
        "deflated": lambda: io.BytesIO(zipped(zipfile.ZIP_DEFLATED)),
        "cut": lambda: zipped(zipfile.ZIP_DEFLATED)[:-20],
        "tar": lambda: tarred({"a.dcm": data}),
        "tar.gz": lambda: io.BytesIO(tarred({"a.dcm": data}, "w:gz")),
        "cut tar": lambda: tarred({"a.dcm": data})[:-1500],
        "our data set": lambda: quietly(lambda: rd.dcmread(data, force=True)),
        "pydicom's": lambda: quietly(lambda: pydicom.dcmread(io.BytesIO(data), force=True)),
    }


@pytest.mark.parametrize("form", FORMS)
def test_sources_of_marked_files(form: str) -> None:
    functions: list[Callable[..., Any]] = [
        rd.dcmread, rd.scan, rd.find_series, rd.read_series, rd.read_batch, rd.pixel_array,
        rd.iter_pixels, lambda one: rd.scan(one, errors="raise"),
        lambda one: print(rd.scan(one, force=True).errors, file=sys.stderr),
        lambda one: print(rd.find_series([one])[0].report, file=sys.stderr),
    ]  # fmt: skip
    calls: list[tuple[str, Callable[[], Any]]] = []
    for kind, data in files(FORMS[form]).items():
        for name, make in sources_of(data).items():
            for number, function in enumerate(functions):
                text = f"{number}({name} of {kind})"
                calls.append((text, lambda f=function, m=make: f(m())))
    assert leaks(calls) == []


@pytest.mark.parametrize("form", FORMS)
def test_methods_of_marked_data_sets(tmp_path: Path, form: str) -> None:
    calls: list[tuple[str, Callable[[], Any]]] = []
    for kind, data in files(FORMS[form]).items():
        path = tmp_path / f"{kind}.dcm"
        path.write_bytes(data)
        ds = quietly(lambda path=path: rd.dcmread(path, force=True))
        if ds is None:
            continue
        calls.extend(calls_of_methods(f"{kind}: Dataset", ds))
        for tag in quietly(ds.tags) or ():
            element = quietly(lambda tag=tag, ds=ds: ds[tag])
            calls.append((f"{kind} {tag:08X} value", lambda e=element: e.value))
            calls.append((f"{kind} {tag:08X} text", lambda e=element: f"{e} {e!r}"))
            value = quietly(lambda e=element: e.value)
            if kind == "whole" and value is not None and not isinstance(value, bytes):
                calls.extend(calls_of_methods(f"{tag:08X} value", value))
        if kind == "whole":
            calls.extend(calls_of_methods("DataElement", ds[0x00080060]))
        calls.append((kind, lambda path=path: FileSet(path)))
        table = quietly(lambda path=path: rd.scan(path, ["PatientName", "Rows", "SliceThickness"]))
        if table is not None:
            calls.extend(calls_of_methods("Table", table))
            calls.append(("errors", lambda table=table: _raise(str(table.errors))))
            calls.append(("invalid", lambda table=table: _raise(str(table.invalid))))
    assert leaks(calls) == []


def _raise(text: str) -> None:
    raise ValueError(text)


VALUES = ("rapidicom.valuerep", "rapidicom.values", "rapidicom.multival", "rapidicom.charset")


@pytest.mark.parametrize("form", FORMS)
def test_values_that_are_made_of_marked_text(form: str) -> None:
    data = FORMS[form]
    text = data.decode("latin-1")
    calls: list[tuple[str, Callable[[], Any]]] = []
    for name, function in public_functions().items():
        if name.startswith(VALUES):
            calls.extend(
                calls_with(name, function, [text, data, [text], [data], {"Value": [text]}])
            )
    for vr in (*TEXT_VRS, "AT", "FD", "FL", "OB", "OW", "SL", "SQ", "SS", "SV", "UL", "US", "UV"):
        for value in (text, data, [text], [text, 1], {text: text}):
            calls.append((vr, lambda vr=vr, v=value: rd.DataElement(0x00091001, vr, v)))
            element = {
                "00091001": {"vr": vr, "Value": [value] if isinstance(value, str) else value}
            }
            calls.append((f"JSON {vr}", lambda e=element: rd.Dataset.from_json(e)))
            for key in ("InlineBinary", "BulkDataURI", "Value", MARK):
                one = {"00091001": {"vr": vr, key: value}}
                calls.append((f"JSON {vr} {key}", lambda e=one: rd.Dataset.from_json(e)))
    broken = (f'{{"{MARK}', f'{{"00100010": "{MARK}"}}', f'"{MARK}"', json.dumps({MARK: {}}))
    calls.extend(("JSON", lambda b=one: rd.Dataset.from_json(b)) for one in broken)
    ds = rd.Dataset()
    for keyword in ("Rows", "PatientName", "SliceThickness", "InstanceNumber", "PixelData",
                    "ReferencedImageSequence", "StudyDate", "SOPInstanceUID"):  # fmt: skip
        for value in (text, data, [text]):
            calls.append((keyword, lambda k=keyword, v=value: setattr(ds, k, v)))
            calls.append((f"{keyword} JSON", lambda: ds.to_json()))
    assert leaks(calls) == []


@pytest.mark.parametrize("tag", [0x00080060, 0x0020000E, 0x0008103E], ids=lambda tag: f"{tag:08X}")
@pytest.mark.parametrize("form", [*FORMS, "a number alone", "words"])
def test_several_series_that_are_marked(tmp_path: Path, form: str, tag: int) -> None:
    alone = {"a number alone": NUMBER.encode(), "words": b"A " + MARKED}
    value = FORMS.get(form) or alone[form]
    for name, uid in (("a", "2.25.1"), ("b", "2.25.2")):
        extra = {0x0020000E: Element(0x0020000E, "UI", uid)}
        if name == "b":
            extra[tag] = Element(tag, "LO", value)
        pixels = np.zeros((2, 2), np.int16)
        whole = file_bytes(image(pixels, extra=list(extra.values())))
        (tmp_path / f"{name}.dcm").write_bytes(whole)
    with pytest.raises(ValueError, match="there are 2 series: ") as caught:
        rd.read_series(tmp_path)
    assert "\n  2.25.1  CT  1 x 2 x 2" in str(caught.value)
    assert leaks([("series", lambda: rd.read_series(tmp_path))]) == []
    assert leaks([("no such", lambda: rd.read_series(tmp_path, series_uid="2.25.9"))]) == []


@pytest.mark.parametrize("command", ["dump", "scan", "series", "view", "convert"])
def test_commands_on_marked_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "here").mkdir()
    # `view` writes its picture there.
    monkeypatch.chdir(tmp_path / "here")
    calls: list[tuple[str, Callable[[], Any]]] = []
    for form, value in FORMS.items():
        for kind, data in files(value).items():
            path = tmp_path / f"{form} {kind}.dcm"
            path.write_bytes(data)
            more = [str(tmp_path / "out.npy")] if command == "convert" else []
            calls.append((f"{form} {kind}", lambda p=path, m=more: main([command, str(p), *m])))
    assert leaks(calls) == []


@pytest.mark.parametrize("form", FORMS)
def test_marked_files_of_a_file_system(form: str) -> None:
    fsspec = pytest.importorskip("fsspec")
    fs = fsspec.filesystem("memory")
    calls: list[tuple[str, Callable[[], Any]]] = []
    for kind, data in files(FORMS[form]).items():
        fs.pipe(f"/marked/{form}/{kind}.dcm", data)
    for kind in files(FORMS[form]):
        for url in (f"memory://marked/{form}/{kind}.dcm", f"memory://marked/{form}"):
            for read in (rd.dcmread, rd.scan, rd.find_series, rd.read_series, rd.pixel_array):
                for force in (False, True):
                    text = f"{read.__name__}({kind}, force={force})"
                    calls.append((text, lambda r=read, u=url, f=force: r(u, force=f)))
            calls.append((f"read_batch({kind})", lambda u=url: rd.read_batch([u])))
    assert leaks(calls) == []
    fs.rm("/marked", recursive=True)


READS: tuple[Callable[..., Any], ...] = (
    rd.dcmread, rd.scan, rd.find_series, rd.read_series, rd.pixel_array,
    lambda one, **options: rd.read_batch([one], **options),
    lambda one, **options: print(rd.scan(one, **options).errors, file=sys.stderr),
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_marked_files_on_servers(form: str) -> None:
    for library in ("aiohttp", "s3fs", "moto", "dicomweb_client"):
        pytest.importorskip(library)
    import s3fs

    from dicomweb_server import Handler, dicomweb_server
    from rapidicom.integrations.dicomweb import DicomWeb
    from servers import put_into_s3, s3_server
    from web_server import web_server

    objects = {f"{kind}.dcm": data for kind, data in files(FORMS[form]).items()}
    text = FORMS[form].decode("latin-1")
    # What a search answers, with marks wherever there is text.
    model = {
        f"{one.tag:08X}": {
            "vr": one.vr,
            "Value": [text if one.vr != "PN" else {"Alphabetic": text}],
        }
        for one in elements_of(FORMS[form])
        if one.vr in TEXT_VRS
    }
    sent: list[bytes] = []

    def handle(handler: Handler, path: str) -> bool:
        if path.endswith(("/series", "/instances", "/studies", "/metadata")):
            handler.send(json.dumps([model]).encode(), "application/dicom+json")
        else:
            handler.send(sent[0], MARK if form == "valid" else "application/dicom")
        return True

    calls: list[tuple[str, Callable[[], Any]]] = []
    found = []
    with contextlib.ExitStack() as stack:
        web = stack.enter_context(web_server(objects))
        pacs = stack.enter_context(dicomweb_server((), handle))
        address, _ = stack.enter_context(s3_server())
        options = {"key": MARK, "secret": MARK, "endpoint_url": address}
        bucket = f"marked-{form}"
        s3fs.S3FileSystem(**options).mkdir(bucket)
        put_into_s3(bucket, objects)
        for name in objects:
            signed = f"{web.url}/{name}?PatientID={MARK}&sig={MARK}#{MARK}"
            missing = f"{web.url.replace('//', f'//me:{MARK}@')}/none;{MARK}/{name}?{MARK}"
            for number, read in enumerate(READS):
                calls += [
                    (f"{number}(web {name})", lambda r=read, u=f"{web.url}/{name}": r(u)),
                    (f"{number}(signed {name})", lambda r=read, u=signed: r(u)),
                    (f"{number}(missing {name})", lambda r=read, u=missing: r(u)),
                    (
                        f"{number}(s3 {name})",
                        lambda r=read, u=f"s3://{bucket}/{name}": r(u, storage_options=options),
                    ),
                ]
        for number, read in enumerate(READS):
            calls += [
                (f"{number}(no port)", lambda r=read: r(f"http://me:{MARK}/x@127.0.0.1/a")),
                (f"{number}(none)", lambda r=read: r("s3://none/a.dcm", storage_options=options)),
            ]
        found += leaks(calls)
        archive = DicomWeb(pacs.url)
        for data in objects.values():
            sent[:] = [data]
            of_archive: dict[str, Callable[[], Any]] = {
                "scan": archive.scan,
                "studies": lambda: archive.scan(level="study"),
                "sources": lambda: [rd.dcmread(one) for one in archive.sources()],
                "find": archive.find_series,
                "read": lambda: archive.read_series("1.2.3"),
                "keep": lambda: archive.read_series("1.2.3", irregular="keep"),
                "metadata": lambda: archive.metadata("1.2.3", "1.2"),
                "frame": lambda: archive.read_frame("1.2.3", "1.2.4", study_uid="1.2"),
            }
            found += leaks(of_archive.items())
    assert found == [], "\n".join(found[:9])


def test_marked_answers_of_an_archive_by_dimse() -> None:
    pytest.importorskip("pynetdicom")
    from dimse_server import TITLE, dimse_server
    from rapidicom.integrations.dimse import Archive

    whole = files(FORMS["valid"])["whole"]
    with dimse_server([whole]) as server:
        for ds in server.instances:
            ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.SOPInstanceUID = "1.2.3", "1.2", "1.2.4"
            ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        archive = Archive("127.0.0.1", server.port, ae_title=TITLE, timeout=5)
        calls: dict[str, Callable[[], Any]] = {
            "scan": archive.scan,
            "errors": lambda: print(archive.scan().errors, file=sys.stderr),
            "all": lambda: archive.scan(["PatientName", "Rows", "SliceThickness", "StudyDate"]),
            "sources": lambda: [rd.dcmread(one) for one in archive.sources("1.2.3")],
            "find": lambda: archive.find_series(PatientName=MARK),
            "read": lambda: archive.read_series("1.2.3"),
            "keep": lambda: archive.read_series("1.2.3", irregular="keep"),
        }
        assert leaks(calls.items()) == []


def test_what_a_search_asks_for_is_in_no_message() -> None:
    pytest.importorskip("dicomweb_client")
    pytest.importorskip("pynetdicom")
    from rapidicom.integrations.dicomweb import DicomWeb
    from rapidicom.integrations.dimse import Archive

    # Nobody listens there.
    web, archive = DicomWeb("http://127.0.0.1:9/dicom-web"), Archive("127.0.0.1", 9, timeout=2)
    calls: list[tuple[str, Callable[[], Any]]] = []
    for filters in (
        {"PatientID": MARK},
        {"PatientName": f"{MARK}*"},
        {MARK: "x"},
        {"Rows": NUMBER},
    ):
        calls.extend(
            (f"{method.__qualname__}({[*filters]})", lambda m=method, f=filters: m(**f))
            for method in (
                web.scan,
                web.find_series,
                web.sources,
                archive.scan,
                archive.find_series,
            )
        )
    calls.extend(
        (method.__qualname__, lambda m=method: m(MARK))
        for method in (web.read_series, archive.read_series, web.metadata)
    )
    assert leaks(calls) == []
