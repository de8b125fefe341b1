"""Codes by mail: to sign up, to log in, to choose a new password; and to show once more who one is.

Whoever asks for one of the first three must not learn whether an address has an account. So they do the same
work either way: one look for the account, one mail of one kind or the other, one session; and until the right
code is typed nothing else. An account is made when its code comes back, not before.
"""

import secrets
import time
from dataclasses import asdict, dataclass
from typing import Self

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from shopfolio.lib.mailboxes import mailbox
from shopfolio.users import mails
from shopfolio.users.limits import DAY, HOUR, MINUTE, Limits
from shopfolio.users.models import CustomUser
from shopfolio.users.navigation import OwnRequest

SIGN_UP, LOG_IN, RESET, AGAIN = "sign_up", "log_in", "reset", "again"

LIVES = 15 * MINUTE

ASKED = Limits(
    "account/code",
    per_network={MINUTE: 5, HOUR: 40},
    per_region={HOUR: 200},
    per_address={HOUR: 5, DAY: 10},
    for_all={HOUR: 400},
)
TYPED = Limits("account/typed", per_network={MINUTE: 15, HOUR: 100})
TRIES = Limits("account/tries", per_address={LIVES: 3})
"""The address is the code's hash: the database counts, so that guesses sent at once count too."""


@dataclass
class MailedCode:
    """What the session keeps of a code under way; of the code itself only a keyed hash."""

    purpose: str
    email: str
    code: str
    user_id: str
    password: str
    """Hashed already; only to sign up."""
    after: str
    made_at: float
    confirmed: bool = False

    KEY = "mailed_code"

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        kept = request.session.get(cls.KEY)
        code = cls(**kept) if kept else None
        return code if code and time.time() - code.made_at <= LIVES else None

    def keep(self, request: HttpRequest) -> None:
        request.session[self.KEY] = asdict(self)
        request.session.set_expiry(LIVES)

    @classmethod
    def forget(cls, request: HttpRequest) -> None:
        if request.session.pop(cls.KEY, None):
            request.session.set_expiry(settings.SESSION_COOKIE_AGE)

    def find_user(self) -> CustomUser | None:
        """Whoever it went to, while the address is still theirs."""
        return CustomUser.objects.filter(pk=self.user_id, email=self.email).first() if self.user_id else None

    def accepts(self, typed: str) -> bool:
        """Raises TooMany when it has been tried too often."""
        TRIES.count(address=self.code)
        return constant_time_compare(self.code, hash_of(typed))


class CodeAgain(MailedCode):
    """For who is logged in already and has nothing else to show. Their session lives as long as before."""

    KEY = "code_again"

    def keep(self, request: HttpRequest) -> None:
        request.session[self.KEY] = asdict(self)

    @classmethod
    def forget(cls, request: HttpRequest) -> None:
        request.session.pop(cls.KEY, None)


def mail_code_again(request: OwnRequest) -> None:
    """Mail a code to who is logged in, and remember it in the session. Raises TooMany."""
    email = request.user.email
    ASKED.count(request, address=mailbox(email))
    code = get_adapter().generate_login_code()
    mails.send("code", to=email, context={"code": code, "purpose": AGAIN})
    CodeAgain(AGAIN, email, hash_of(code), str(request.user.pk), "", "", time.time()).keep(request)


def mail_code(
    request: HttpRequest, purpose: str, email: str, *, password: str = "", after: str = ""
) -> MailedCode:
    """Mail a code, or to whom none is due a word about why, and remember it in the session.

    email: in lower case. password: hashed. after: where to go then, checked already.
    Raises TooMany.
    """
    ASKED.count(request, address=mailbox(email))
    user = CustomUser.objects.filter(email=email).only("pk", "is_active").first()
    is_due = user is None if purpose == SIGN_UP else user is not None and user.is_active
    # Nobody is told the second one, and it is too long to be guessed.
    code = get_adapter().generate_login_code() if is_due else secrets.token_urlsafe(32)
    template = "code" if is_due else "exists" if purpose == SIGN_UP else "unknown"
    mails.send(template, to=email, context={"code": code, "purpose": purpose})
    user_id = str(user.pk) if user and is_due else ""
    mailed = MailedCode(purpose, email, hash_of(code), user_id, password, after, time.time())
    mailed.keep(request)
    return mailed


def hash_of(code: str) -> str:
    """Spaces and dashes are for reading."""
    plain = "".join(sign for sign in code if sign.isalnum()).lower()
    return salted_hmac("shopfolio.users.codes", plain, algorithm="sha256").hexdigest()
