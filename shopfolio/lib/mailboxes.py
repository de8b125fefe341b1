"""Mail addresses that people type: one mailbox has many spellings."""

import re


def one_spelling(address: str) -> str:
    """With the host as mail goes there: no wide letters, no signs that no one sees, other scripts in ASCII.

    Otherwise a database takes two hosts for one: PostgreSQL, asked without case, reads a dotless i as an i.
    What is no address stays as it is, for a validator to refuse.
    """
    name, at, host = address.rpartition("@")
    try:
        return f"{name}{at}{host.encode('idna').decode('ascii').lower()}"
    except UnicodeError:
        return address


def folded(address: str) -> str:
    """What addresses are compared by: two that mail takes for one are one here."""
    return one_spelling(address).lower()


def mailbox(address: str) -> str:
    """Where mail to an address arrives on many a server, to count by: ana+news@ and "an.a"@ may be ana@.

    Elsewhere those are other people, who then share a count.
    """
    name, _at, host = folded(address).rpartition("@")
    plain = re.sub(r'[."\\]', "", name).partition("+")[0]
    return f"{plain}@{host}"
