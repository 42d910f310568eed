import struct
import zipfile
import zlib
from io import BytesIO

import pytest
from PIL import ExifTags, Image

from appointments import photographs

LIMIT = 64_000_000


def picture(kind="JPEG", mode="RGB", size=(640, 480), colour="red", exif=None, **options):
    image = Image.new(mode, size)
    if mode in ("RGB", "RGBA"):
        image.paste(colour, (0, 0, *size))
    if exif is not None:
        options["exif"] = exif
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def noise():
    content = BytesIO()
    Image.effect_noise((640, 480), 90).convert("RGB").save(content, "JPEG")
    return content.getvalue()


def with_place():
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Phonemaker"
    exif[ExifTags.Base.Orientation] = 6  # to be turned a quarter
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 30.0, 0.0)
    return exif


def png_claiming(width, height):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def zip_file():
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("run.js", "alert(1)")
    return content.getvalue()


@pytest.fixture
def look(tmp_path):
    def look(content, name="photo.jpg", max_pixels=LIMIT):
        path = tmp_path / "received"
        path.write_bytes(content)
        return photographs.inspect(path, file_name=name, max_pixels=max_pixels)

    return look


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("IMG_1.JPG", picture(), photographs.JPEG),
        ("screenshot.png", picture("PNG"), photographs.PNG),
        ("clear.png", picture("PNG", "RGBA"), photographs.PNG),
        ("palette.png", picture("PNG", "P"), photographs.PNG),
        ("grey.jpg", picture(mode="L"), photographs.JPEG),
        ("print.jpg", picture(mode="CMYK"), photographs.JPEG),
        ("IMG_1.HEIC", picture("HEIF"), photographs.HEIF),
        ("a.webp", picture("WEBP"), photographs.WEBP),
        ("several.jpg", picture("MPO"), photographs.JPEG),
        ("", picture(), photographs.JPEG),
        ("image", picture(), photographs.JPEG),
        ("really-a-jpeg.heic", picture(), photographs.JPEG),
        ("../../etc/x\0.jpg", picture(), photographs.JPEG),
        ("n" * 400 + ".jpg", picture(), photographs.JPEG),
    ],
)
def test_inspect_takes_photographs_by_their_content(look, name, content, kind):
    found = look(content, name)

    assert (found.kind, found.width, found.height) == (kind, 640, 480)
    with Image.open(BytesIO(found.display_copy)) as copy:
        assert (copy.format, copy.mode, copy.size) == ("JPEG", "RGB", (640, 480))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("photo.jpg", b"", "empty"),
        ("photo.jpg", b"<!doctype html><script>alert(1)</script>", "kind"),
        ("photo.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        ("photo.jpg", b"MZ\x90\0" + b"\0" * 100, "kind"),
        ("photo.jpg", b"%PDF-1.7\n", "kind"),
        ("photo.jpg", zip_file(), "kind"),
        ("moving.gif", picture("GIF", "P"), "kind"),
        ("scan.bmp", picture("BMP"), "kind"),
        ("scan.tif", picture("TIFF"), "kind"),
        ("photo.html", picture(), "renamed"),
        ("photo.jpg.exe", picture(), "renamed"),
        ("photo.svg", picture("PNG"), "renamed"),
        ("photo.jpg", picture() + b"<script>alert(1)</script>", "mixed"),
        ("photo.jpg", picture(comment=b"<HTML ><body>"), "mixed"),
        ("photo.jpg", picture() + b"%PDF-1.7"[:0] + zip_file(), "mixed"),
        ("photo.jpg", picture(comment=b"%PDF-1.7"), "mixed"),
        ("photo.jpg", picture() + b"<?php system('x');", "mixed"),
        ("photo.jpg", noise()[:-600], "damaged"),
        ("photo.jpg", b"\xff\xd8\xff" + b"\0" * 500, "damaged"),
        ("photo.png", picture("PNG")[:-200], "damaged"),
        ("photo.heic", picture("HEIF")[:300], "damaged"),
        ("photo.webp", picture("WEBP")[:40], "damaged"),
        ("photo.png", png_claiming(50_000, 50_000), "pixels"),
        ("photo.png", png_claiming(30_000, 3_000), "pixels"),
    ],
)
def test_inspect_refuses_everything_else(look, name, content, reason):
    with pytest.raises(photographs.NotAPhotograph) as refused:
        look(content, name)

    assert refused.value.reason == reason


def test_inspect_counts_pixels_to_the_limit(look):
    content = picture(size=(100, 50))

    assert look(content, max_pixels=5000).width == 100
    with pytest.raises(photographs.NotAPhotograph, match="pixels"):
        look(content, max_pixels=4999)


# HEIC says in the picture itself how it is turned; the note about it is to be ignored there.
@pytest.mark.parametrize(
    ("kind", "size"),
    [("JPEG", (480, 640)), ("PNG", (480, 640)), ("WEBP", (480, 640)), ("HEIF", (640, 480))],
)
def test_display_copy_has_no_notes_and_stands_upright(look, kind, size):
    original = picture(kind, exif=with_place())
    assert b"Phonemaker" in original

    found = look(original)

    assert b"Phonemaker" not in found.display_copy
    assert b"Exif" not in found.display_copy
    with Image.open(BytesIO(found.display_copy)) as copy:
        assert copy.size == size
        assert dict(copy.getexif()) == {}


def test_display_copy_drops_comments_and_large_sizes(look):
    found = look(picture(size=(6000, 4000), comment=b"sent by Ann from home"))

    assert b"from home" not in found.display_copy
    with Image.open(BytesIO(found.display_copy)) as copy:
        assert copy.size == (2400, 1600)
        assert copy.getpixel((5, 5))[0] > 240  # still red
