"""The register as a file: exactly what its page shows, over all pages and with all columns."""

from __future__ import annotations

from accounts.http import SignedInRequest
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.views.decorators.http import require_safe
from registers.access import access_or_404

from obligations.exporting import MEDIA_TYPES, write_csv, xlsx
from obligations.views.register import listing_for


@login_required
@require_safe
def export(request: SignedInRequest, code: str, form: str) -> StreamingHttpResponse:
    """Send the obligations that the register's address asks for, as CSV or XLSX."""
    access = access_or_404(request.user, code)
    access.require("export.run")
    if form not in MEDIA_TYPES:
        raise Http404("No such format")
    obligations = listing_for(request, access).rows
    name = f"{access.project.code}-register-{access.project.today.isoformat()}.{form}"
    if form == "xlsx":
        return FileResponse(xlsx(obligations), as_attachment=True, filename=name, content_type=MEDIA_TYPES[form])
    response = StreamingHttpResponse(write_csv(obligations), content_type=MEDIA_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
