"""Is this file a photograph we take, and what may be shown of it. No database, no request.

What a file is called or claims to be counts for nothing: its first bytes name the kind, and
only the decoder of that kind is tried.
"""

import mmap
import re
from dataclasses import dataclass
from io import BytesIO

import pillow_heif
from PIL import Image, ImageCms, ImageOps

pillow_heif.register_heif_opener()
# Our own limit is checked before anything is decoded; Pillow's would only warn below its own.
Image.MAX_IMAGE_PIXELS = None

DISPLAY_EDGE = 2400  # pixels; enough to see a bruise, small enough for a phone line
HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif")
)


@dataclass(frozen=True)
class Kind:
    """A kind of photograph: its name for people, media type, extensions and decoder."""

    name: str
    media_type: str
    suffix: str
    endings: tuple[str, ...]
    decoder: str


JPEG = Kind("JPEG", "image/jpeg", "jpg", (".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG")
PNG = Kind("PNG", "image/png", "png", (".png",), "PNG")
WEBP = Kind("WebP", "image/webp", "webp", (".webp",), "WEBP")
HEIF = Kind("HEIC", "image/heic", "heic", (".heic", ".heif", ".hif"), "HEIF")
KINDS = (JPEG, PNG, WEBP, HEIF)

# Words that would make a browser or a viewer run the file as something else. Long enough not
# to turn up by chance in the compressed picture; XMP notes in a photograph have none of them.
SOMETHING_ELSE = re.compile(
    rb"<script|<html[\s>]|<!doctype\s|<\?php|<iframe|http://www\.w3\.org/2000/svg", re.IGNORECASE
)


class NotAPhotograph(Exception):
    """The file is not a photograph of a kind we take; ``reason`` says how, in one word:

    empty, kind, renamed, mixed, damaged or pixels.
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Photograph:
    """What was found in the file, and a fresh JPEG without any of its notes (place, time)."""

    kind: Kind
    width: int
    height: int
    display_copy: bytes


def inspect(path, *, file_name, max_pixels):
    """Return the Photograph at ``path``. Raises NotAPhotograph.

    ``file_name`` is the name it came with: one that claims another kind of photograph is
    forgiven (telephones do that), one that claims something else altogether is not.
    """
    with open(path, "rb") as file:
        start = file.read(32)
        if not start:
            raise NotAPhotograph("empty")
        kind = _kind_of(start)
        if kind is None:
            raise NotAPhotograph("kind")
        ending = _ending(file_name)
        if ending and not any(ending in each.endings for each in KINDS):
            raise NotAPhotograph("renamed")
        if _is_also_something_else(file):
            raise NotAPhotograph("mixed")
        file.seek(0)
        return _decode(file, kind, max_pixels)


def _decode(file, kind, max_pixels):
    try:
        with Image.open(file, formats=[kind.decoder]) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise NotAPhotograph("pixels")
            # JPEG decodes straight to a smaller size; the others ignore this.
            image.draft("RGB", (DISPLAY_EDGE, DISPLAY_EDGE))
            image.load()
            return Photograph(kind, width, height, _display_copy(image))
    except NotAPhotograph:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, RuntimeError):
        raise NotAPhotograph("damaged") from None


def _display_copy(image):
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    image.thumbnail((DISPLAY_EDGE, DISPLAY_EDGE))
    if profile and image.mode == "RGB":
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
        except ImageCms.PyCMSError:
            pass  # a broken profile costs a shade of colour, not the photograph
    # A new canvas: whatever the original carried in notes stays with the original.
    canvas = Image.new("RGB", image.size, "white")
    layered = image.convert("RGBA")
    canvas.paste(layered, mask=layered)
    copy = BytesIO()
    canvas.save(copy, "JPEG", quality=88)
    return copy.getvalue()


def _kind_of(start):
    if start.startswith(b"\xff\xd8\xff"):
        return JPEG
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        return HEIF
    return None


def _ending(file_name):
    found = re.search(r"\.[^./\\]{1,8}$", file_name.strip().lower())
    return found[0] if found else ""


def _is_also_something_else(file):
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if SOMETHING_ELSE.search(content) or content.find(b"%PDF-", 0, 1024) != -1:
            return True
        # A zip archive is read from its end.
        return content.rfind(b"PK\x05\x06", max(0, len(content) - 66_000)) != -1
