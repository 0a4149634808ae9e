#!/usr/bin/env python3
"""Turns classic capture files into seeds for fuzz_decoder: a few frames of each file per seed.

make_seeds.py OUT_DIR CAPTURE...
"""
import os
import struct
import sys

FRAMES_PER_SEED = 6
SEEDS_PER_FILE = 4
MAX_FRAME = 1600


def frames(path):
    with open(path, 'rb') as file:
        head = file.read(24)
        order = {b'\xd4\xc3\xb2\xa1': '<', b'\x4d\x3c\xb2\xa1': '<', b'\xa1\xb2\xc3\xd4': '>', b'\xa1\xb2\x3c\x4d': '>'}.get(head[:4])
        if order is None or len(head) < 24:
            return 0, []
        link = struct.unpack(order + 'I', head[20:])[0] & 0xffff
        found = []
        while len(found) < FRAMES_PER_SEED * SEEDS_PER_FILE:
            record = file.read(16)
            if len(record) < 16:
                break
            length = struct.unpack(order + 'I', record[8:12])[0]
            if length > 0x40000:
                break
            found.append(file.read(length)[:MAX_FRAME])
        return link, found


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for path in sys.argv[2:]:
        link, found = frames(path)
        for start in range(0, len(found), FRAMES_PER_SEED):
            seed = bytes([0]) + struct.pack('<H', link)
            for frame in found[start:start + FRAMES_PER_SEED]:
                seed += struct.pack('<HBB', len(frame), 0, 0) + frame
            with open(os.path.join(out, f'{os.path.basename(path)}.{start}'), 'wb') as file:
                file.write(seed)


if __name__ == '__main__':
    main()
