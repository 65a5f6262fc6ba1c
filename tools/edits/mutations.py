"""Bytes of an assembly and of its PDB -> the same with random damage: bytes, words, runs, swapped or cut parts."""

from __future__ import annotations

from random import Random

_WORDS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x06000001, 0x1B000001, 0x0A0000FF)


def mutate(random: Random, image: bytes, symbols: bytes) -> tuple[bytes, bytes]:
    """A damaged pair; the symbols stay whole most of the time."""
    damaged_image, damaged_symbols = bytearray(image), bytearray(symbols)
    for _ in range(random.choice((1, 1, 2, 4, 16, 64))):
        _damage(random, damaged_image if random.random() < 0.8 else damaged_symbols)
    return bytes(damaged_image), bytes(damaged_symbols)


def _damage(random: Random, data: bytearray) -> None:
    if len(data) < 8:
        return
    position = random.randrange(len(data) - 4)
    choice = random.random()
    if choice < 0.4:
        data[position] = random.randrange(256)
    elif choice < 0.6:
        data[position] ^= 1 << random.randrange(8)
    elif choice < 0.85:
        data[position : position + 4] = random.choice(_WORDS).to_bytes(4, "little")
    elif choice < 0.95:
        length = random.choice((4, 16, 64, 256))
        source = random.randrange(len(data))
        part = data[source : source + length]
        data[position : position + len(part)] = part
    elif choice < 0.98:
        length = random.choice((8, 64, 512))
        data[position : position + length] = bytes(min(length, len(data) - position))
    else:
        del data[random.randrange(len(data) // 2, len(data)) :]
