"""Carries out one API request: the key, the route, the idempotency key, the answer in Stripe's format."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import stripe

from shopfolio.ecommerce.simulator.api import ROUTES, Call, Operation
from shopfolio.ecommerce.simulator.contract import Params, checked, parse_form
from shopfolio.ecommerce.simulator.errors import IDEMPOTENCY, StripeError
from shopfolio.ecommerce.simulator.expand import expanded
from shopfolio.ecommerce.simulator.http import Request, Response
from shopfolio.ecommerce.simulator.objects import new_id
from shopfolio.ecommerce.simulator.payments import Moment
from shopfolio.ecommerce.simulator.store import Answer, Store, Transaction

PATTERNS = [
    (method, re.compile(path.replace("{id}", r"([^/]+)")), declared, operation)
    for method, path, declared, operation in ROUTES
]


@dataclass(frozen=True)
class Endpoint:
    declared: type
    operation: Operation
    id: str


class Api:
    def __init__(self, store: Store, *, key: str, pay_origin: str, moment: Callable[[], Moment]) -> None:
        self._store = store
        self._key = key
        self._pay_origin = pay_origin
        self._moment = moment
        self._in_progress: set[str] = set()
        self._in_progress_lock = threading.Lock()

    def respond(self, request: Request) -> Response:
        request_id = new_id("req_", 14)
        try:
            self._check_key(request)
            _check_version(request)
            endpoint = _endpoint(request)
            response = self._carry_out(request, endpoint, request_id)
        except StripeError as error:
            response = Response.json(error.body(), status=error.status)
        response.headers |= {"Request-Id": request_id, "Stripe-Version": stripe.api_version}
        return response

    def _check_key(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not given:
            raise StripeError("You did not provide an API key.", status=401)
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            raise StripeError(f"Invalid API Key provided: {given[:8]}****{given[-4:]}", status=401)

    def _carry_out(self, request: Request, endpoint: Endpoint, request_id: str) -> Response:
        given = parse_form(request.query if request.method == "GET" else request.body)
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        if not key:
            with self._store.transaction() as tx:
                return self._perform(tx, endpoint, given)
        if len(key) > 255:
            raise StripeError("An idempotency key can be at most 255 characters long.", kind=IDEMPOTENCY)
        with self._alone(key), self._store.transaction() as tx:
            return self._perform_once(tx, endpoint, given, request, key, request_id)

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """No second request with this key at the same time."""
        with self._in_progress_lock:
            if key in self._in_progress:
                raise StripeError(
                    "There is currently another in-progress request using this idempotency key (that "
                    f"probably means you submitted twice, and the other request is still going on): {key}.",
                    status=409,
                    kind=IDEMPOTENCY,
                    code="idempotency_key_in_use",
                )
            self._in_progress.add(key)
        try:
            yield
        finally:
            with self._in_progress_lock:
                self._in_progress.remove(key)

    def _perform_once(
        self, tx: Transaction, endpoint: Endpoint, given: Params, request: Request, key: str, request_id: str
    ) -> Response:
        """The answer is kept in the transaction of its effects: both survive a crash, or neither."""
        fingerprint = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
        if known := tx.answer(key):
            _check_same(known, path=request.path, fingerprint=fingerprint, key=key)
            headers = {
                "Idempotent-Replayed": "true",
                "Original-Request": known.request,
                "Idempotency-Key": key,
            }
            return Response(known.body, known.status, "application/json", headers)
        response = self._perform(tx, endpoint, given)
        answer = Answer(request.path, fingerprint, request_id, response.status, response.body)
        tx.remember(key, answer, now=self._moment().now)
        response.headers["Idempotency-Key"] = key
        return response

    def _perform(self, tx: Transaction, endpoint: Endpoint, given: Params) -> Response:
        params = checked(endpoint.declared, given)
        call = Call(tx, params, endpoint.id, self._moment(), self._pay_origin)
        try:
            return Response.json(expanded(tx, endpoint.operation(call), params.get("expand", [])))
        except StripeError as error:
            if not error.kept:
                raise
            return Response.json(error.body(), status=error.status)


def _check_version(request: Request) -> None:
    version = request.headers.get("stripe-version", stripe.api_version)
    if version != stripe.api_version:
        raise StripeError(f"The simulator only speaks version {stripe.api_version}, not {version}.")


def _endpoint(request: Request) -> Endpoint:
    for method, pattern, declared, operation in PATTERNS:
        found = pattern.fullmatch(request.path)
        if found and method == request.method:
            return Endpoint(declared, operation, found[1] if pattern.groups else "")
    raise StripeError(f"Unrecognized request URL ({request.method}: {request.path}).", status=404)


def _check_same(known: Answer, *, path: str, fingerprint: str, key: str) -> None:
    advice = f"Try using a key other than '{key}' if you meant to execute a different request."
    if known.path != path:
        raise StripeError(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{path}' vs '{known.path}'). {advice}",
            kind=IDEMPOTENCY,
        )
    if known.fingerprint != fingerprint:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. {advice}",
            kind=IDEMPOTENCY,
        )
