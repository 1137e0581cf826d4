#!/usr/bin/env python3
"""Writes draws.csv: the method srswor-sha256-v1 once more, from its description, in another language."""
import hashlib

def words(root, frame):
    counter = 0
    while True:
        block = hashlib.sha256(
            b"scrutiny-ledger/srswor-sha256-v1\n" + root + frame + counter.to_bytes(8, "big")).digest()
        counter += 1
        for at in range(0, 32, 8):
            yield int.from_bytes(block[at:at + 8], "big")

def draw(root, frame, size, n):
    stream, places = words(root, frame), list(range(size))
    def below(m):
        while True:
            w = next(stream)
            if w < 2**64 - 2**64 % m:
                return w % m
    for i in range(n):
        j = i + below(size - i)
        places[i], places[j] = places[j], places[i]
    return places[:n]

print("root,frame_size,frame_sha256,n,drawn")
for r, size, n in [(0, 5, 3), (0, 5, 5), (1, 1, 1), (2, 2, 1), (3, 10, 10), (4, 221, 10), (5, 1000, 50),
                   (6, 65536, 20), (7, 250000, 30), (8, 100, 100)]:
    root = bytes([r]) * 32
    frame = hashlib.sha256("".join(f"search/a-{k}\n" for k in range(1, size + 1)).encode()).digest()
    print(root.hex(), size, frame.hex(), n, " ".join(map(str, draw(root, frame, size, n))), sep=",")
