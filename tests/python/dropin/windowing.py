"""Window an image as head CT notebooks do: an element has one value, or several."""

import numpy as np
import pydicom


def get_first_of_dicom_field_as_int(x):
    if type(x) == pydicom.multival.MultiValue:
        return int(x[0])
    return int(x)


def get_windowing(data):
    fields = [data[0x0028, 0x1050].value, data[("0028", "1051")].value]
    fields += [data[0x00281052].value, data["RescaleSlope"].value]
    return [get_first_of_dicom_field_as_int(x) for x in fields]


def window_image(img, window_center, window_width, intercept, slope):
    img = img * slope + intercept
    img_min = window_center - window_width // 2
    img_max = window_center + window_width // 2
    return np.clip(img, img_min, img_max)


def run(data):
    ds = pydicom.dcmread(str(data / "files" / "CT_small.dcm"))
    if "WindowCenter" not in ds:
        ds.WindowCenter = [40, 50]
        ds.WindowWidth = 80
    parameters = get_windowing(ds)
    image = window_image(ds.pixel_array, *parameters)
    return parameters, image, (image - image.min()) / (image.max() - image.min())
