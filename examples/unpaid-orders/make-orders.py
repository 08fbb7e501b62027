#!/usr/bin/env python3
"""Writes orders.csv: 2,000 orders that become due within 20 seconds. The seed is fixed, so every run writes the same file."""

import pathlib
import random

ORDERS = 2_000
SPREAD_MS = 20_000

random_ = random.Random(20)
lines = ["id,amount,dueAfterMs"]
for order in range(1, ORDERS + 1):
    cents = random_.randrange(500, 50_000)
    lines.append(f"{order},{cents // 100}.{cents % 100:02},{random_.randrange(SPREAD_MS)}")

path = pathlib.Path(__file__).with_name("orders.csv")
path.write_bytes(("\n".join(lines) + "\n").encode())
