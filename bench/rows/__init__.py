"""The rows of the table, by the name that --only takes."""

from .batch import BATCH
from .claim import CLAIM
from .memory import MEMORY
from .post import POST

ROWS = {
    "post": POST,
    "claim": CLAIM,
    "batch": BATCH,
    "memory": MEMORY,
}
