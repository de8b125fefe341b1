"""Refusals in Stripe's own format."""

from typing import Any

INVALID_REQUEST = "invalid_request_error"
IDEMPOTENCY = "idempotency_error"


class StripeError(Exception):
    """An answer other than 200.

    kept: the answer that an idempotency key stands for from now on, because the operation had begun; after a
    refusal of the parameters the same key may be used again.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = INVALID_REQUEST,
        code: str | None = None,
        param: str | None = None,
        kept: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.kept = kept

    def body(self) -> dict[str, Any]:
        error = {"type": self.kind, "message": self.message, "param": self.param, "code": self.code}
        if self.code:
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        return {"error": {name: value for name, value in error.items() if value is not None}}


def missing(kind: str, id_: str, *, param: str) -> StripeError:
    return StripeError(
        f"No such {kind}: '{id_}'", status=404, code="resource_missing", param=param, kept=True
    )
