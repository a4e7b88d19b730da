"""Makes pictures of pages small: few of their colours are many pixels."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

_MARK: Final = b"\x89PNG\r\n\x1a\n"
#: A picture with a palette has at most so many colours.
_COLOURS: Final = 256
#: So many of them are the most frequent ones.
_FREQUENT: Final = 96


def make_small(file: Path) -> None:
    """Write a browser's PNG anew with a palette; each pixel has the nearest of its colours.

    Raises:
        ValueError: It is no PNG with 8 bits for each of red, green and blue.
    """
    pixels = _pixels(file.read_bytes())
    flat = pixels.reshape(-1, 3).astype(np.int64)
    codes, places, counts = np.unique(flat @ (65536, 256, 1), return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], axis=1)
    palette = _palette(colours, counts)
    nearest = np.array([np.argmin(((palette - colour) ** 2).sum(axis=1)) for colour in colours], dtype=np.uint8)
    indices = nearest[places].reshape(pixels.shape[:2])
    height, width = indices.shape
    lines = np.concatenate([np.zeros((height, 1), dtype=np.uint8), indices], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", head),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    file.write_bytes(_MARK + b"".join(_chunk(kind, data) for kind, data in parts))


def _palette(colours: Any, counts: Any) -> Any:  # noqa: ANN401  # arrays
    """The most frequent colours, and those of the others that are least like them: a small mark keeps its colour."""
    chosen = list(np.argsort(-counts, kind="stable")[:_FREQUENT])
    far = np.full(len(colours), np.iinfo(np.int64).max)
    for one in chosen:
        far = np.minimum(far, ((colours - colours[one]) ** 2).sum(axis=1))
    while far.max() and len(chosen) < _COLOURS:
        chosen.append(far.argmax())
        far = np.minimum(far, ((colours - colours[chosen[-1]]) ** 2).sum(axis=1))
    return colours[chosen]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_MARK)
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def _pixels(data: bytes) -> Any:  # noqa: ANN401  # an array of height x width x 3 bytes
    parts = list(_chunks(data)) if data.startswith(_MARK) else []
    head = next((body for kind, body in parts if kind == b"IHDR"), b"")
    if head[8:] != bytes((8, 2, 0, 0, 0)):
        raise ValueError("no PNG with 8 bits for each of red, green and blue")
    width, height = struct.unpack(">II", head[:8])
    lines = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    stride = 1 + 3 * width
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    above = np.zeros((width, 3), dtype=np.uint8)
    for row in range(height):
        line = lines[row * stride : (row + 1) * stride]
        above = pixels[row] = _unfiltered(line[0], np.frombuffer(line, np.uint8, offset=1).reshape(width, 3), above)
    return pixels


def _unfiltered(kind: int, line: Any, above: Any) -> Any:  # noqa: ANN401  # arrays of width x 3 bytes
    """A row of pixels, from how PNG keeps it (RFC 2083, section 6)."""
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line, axis=0, dtype=np.uint64).astype(np.uint8)
    if kind == 2:  # PNG's own numbers
        return line + above
    guess = _average if kind == 3 else _paeth  # as above
    pixels: list[list[int]] = []
    left, corner = [0, 0, 0], [0, 0, 0]
    for given, up in zip(line.tolist(), above.tolist(), strict=True):
        left = [(value + guess(*around)) & 255 for value, *around in zip(given, left, up, corner, strict=True)]
        pixels.append(left)
        corner = up
    return np.array(pixels, dtype=np.uint8)


def _average(left: int, up: int, _: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    distances = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
    return (left, up, corner)[distances.index(min(distances))]
