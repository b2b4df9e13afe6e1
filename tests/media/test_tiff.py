from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image

from impasto.media.tiff import with_exif


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (300, 200)])
def test_another_library_reads_the_result(saved, photo, size: tuple[int, int]) -> None:
    """EXIF stands in the file's own directory for tifffile too, and the pixels are the same."""
    image = Image.open(photo("coffee.png")).convert("RGB").resize(size)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera & Sons"
    exif[ExifTags.Base.ImageWidth] = 9999  # the picture's own tags win
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.UserComment: b"ASCII\0\0\0hello"}
    exif[ExifTags.IFD.GPSInfo] = {1: "N"}
    data = with_exif(saved(image, "TIFF", compression="tiff_adobe_deflate"), exif.tobytes())
    with tifffile.TiffFile(BytesIO(data)) as file:
        page = file.pages[0]
        assert len(file.pages) == 1
        assert page.tags["Make"].value == "Camera & Sons"
        assert page.tags["ImageWidth"].value == size[0]
        assert page.tags["ExifTag"].value["UserComment"].endswith("hello")
        assert page.tags["GPSTag"].value["GPSLatitudeRef"] == "N"
        codes = [tag.code for tag in page.tags]
        assert codes == sorted(codes)
    with Image.open(BytesIO(data)) as back:
        assert np.array_equal(np.asarray(back), np.asarray(image))
