"""Read in worker processes, and send data sets back through pickle."""

import copy
import multiprocessing
import pickle

import pydicom


def read(path):
    ds = pydicom.dcmread(path)
    ds.SeriesDescription = "read by a worker"
    return ds


def run(data):
    paths = sorted((data / "brain-mr").iterdir())[:6]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        datasets = pool.map(read, paths)
    twice = pickle.loads(pickle.dumps(datasets[0]))
    deep = copy.deepcopy(datasets[0])
    deep.PixelSpacing[0] = 99
    return (
        [ds.InstanceNumber for ds in datasets],
        [ds.SeriesDescription for ds in datasets],
        [int(ds.pixel_array.sum()) for ds in datasets],
        twice == datasets[0],
        twice.file_meta.TransferSyntaxUID.name,
        [float(value) for value in datasets[0].PixelSpacing],
        [float(value) for value in deep.PixelSpacing],
    )
