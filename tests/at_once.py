"""People who act in the same moment, each in a thread with a connection of their own."""

import threading

from django.db import connection

LONGEST = 60  # seconds: a test that waits for a lock for good fails instead of hanging


def at_once(*acts):
    """Begin every act together; what each returned or raised, in the order of ``acts``.

    An act is called without arguments. The test needs ``django_db(transaction=True)``.
    """
    found, gate = [None] * len(acts), threading.Barrier(len(acts))

    def run(number, act):
        try:
            gate.wait(LONGEST)
            found[number] = act()
        except Exception as error:
            found[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one, daemon=True) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return found


def broken(found, *told):
    """Those of ``found`` that were raised and are not of the errors a person may be ``told``."""
    return [one for one in found if isinstance(one, Exception) and not isinstance(one, told)]
