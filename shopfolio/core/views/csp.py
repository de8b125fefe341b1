from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shopfolio.core.csp_reports import NoReport, count_report, read_report
from shopfolio.users.limits import HOUR, MINUTE, Limits

MOST_BYTES = 16_384
REPORTS = Limits("csp", per_network={MINUTE: 30}, for_all={HOUR: 1_000})


@csrf_exempt  # browsers send reports by themselves, with no form and no token; all they can do is count
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Where browsers tell what our Content-Security-Policy stopped."""
    if len(request.body) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        kind = read_report(request.body, hosts={request.get_host(), settings.SITE_URL.partition("//")[2]})
    except NoReport:
        return HttpResponse(status=400)
    REPORTS.count(request)
    count_report(kind)
    return HttpResponse(status=204)
