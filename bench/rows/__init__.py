"""The rows of the table, by the name that --only takes."""

from . import batch, claim, depth, idle, large, lateness, memory, partitions, peers, post, reaping, scripts

ROWS = {
    "post": post.POST,
    "claim": claim.CLAIM,
    "batch": batch.BATCH,
    "lateness": lateness.LATENESS,
    "memory": memory.MEMORY,
    "depth": depth.DEPTH,
    "idle": idle.IDLE,
    "polls": idle.POLLS,
    "queues": idle.QUEUES,
    "reaping": reaping.REAPING,
    "large": large.LARGE,
    "partitions": partitions.PARTITIONED,
    "scripts": scripts.SCRIPTS,
    "redis": peers.REDIS,
    "beanstalkd": peers.BEANSTALKD,
    "bullmq": peers.BULLMQ,
}
