"""A gift link as a QR code: a picture of its own, drawn when somebody looks at it and not with every page."""

from io import BytesIO

import segno
from flask import Response

# Two modules wide and not four: the page around the picture is as light as the code's own margin.
BORDER = 2


def qr_picture(address: str) -> Response:
    """Answer with an address as an SVG picture, dark on light in any colour scheme."""
    drawn = BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(drawn, kind="svg", omitsize=True, border=BORDER, lineclass=None, dark="#000", light="#fff")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")
