"""Work at the same time."""

from threading import Thread


def together(works, failures=None):
    """Does each in a thread of its own; once all have ended, the first failure is raised. Those that look into failures can end early."""
    failures = [] if failures is None else failures

    def guarded(work):
        try:
            work()
        except Exception as error:
            failures.append(error)

    threads = [Thread(target=guarded, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
