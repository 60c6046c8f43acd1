"""Fills a directory with files that compress about as well as those of an image: make_tree.py DIR MIB."""

import os
import random
import sys

PIECE = 1 << 20
PER_FOLDER = 64

# What texts are cut from: what is far apart does not help to compress it.
TEXT = 8 << 20


def main(directory, size):
    source = random.Random(1)
    whole = text(source)
    for number in range(int(size)):
        folder = os.path.join(directory, str(number // PER_FOLDER))
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, str(number)), "wb") as file:
            start = source.randrange(len(whole) - PIECE)
            file.write(source.randbytes(PIECE) if number % 4 == 0 else whole[start : start + PIECE])


def text(source):
    words = ["".join(source.choices("etaoinshrdlucmfw", k=source.randint(2, 9))) for _ in range(20_000)]
    return " ".join(source.choices(words, k=TEXT // 6)).encode()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
