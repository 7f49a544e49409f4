"""The web server: on 127.0.0.1 only, for requests that name this machine, and for reading only.

A page from elsewhere can have a browser ask 127.0.0.1 under a name of its own (DNS rebinding), so the name is checked;
see https://cheatsheetseries.owasp.org, "Server Side Request Forgery Prevention".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from mgu.serve.renderer import Renderer

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
HTTP_PORT = "80"  # which browsers leave out of the name that they ask for
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
OF_REPORT = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
         "json": "application/json"}  # fmt: skip


class Server(ThreadingHTTPServer):
    """Serves the page, the report and the state of the runs.

    Args:
        port: The port; 0 for any free one.
        renderer: Has the report and the state.

    Raises:
        OSError: The port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, renderer: Renderer) -> None:
        super().__init__((HOST, port), Handler)
        self.pages: dict[str, Callable[[], tuple[str, bytes, str]]] = {
            "/": lambda: ("html", _file("page.html"), POLICY),
            "/page.js": lambda: ("js", _file("page.js"), POLICY),
            "/page.css": lambda: ("css", _file("page.css"), POLICY),
            "/report": lambda: ("html", renderer.page(), OF_REPORT),
            "/state": lambda: ("json", json.dumps(renderer.state()).encode(), POLICY),
        }

    @property
    def address(self) -> str:
        """The address for a browser."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: a browser that goes away amid an answer is no fault."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server
    server_version, sys_version = "mgu", ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answers with a page, or refuses."""
        if not self._names_us():
            self._send(
                HTTPStatus.FORBIDDEN, "html", b"This server answers under 127.0.0.1 and localhost only.\n", POLICY
            )
            return
        make = self.server.pages.get(self.path.partition("?")[0])
        if make is None:
            self._send(HTTPStatus.NOT_FOUND, "html", b"There is no such page.\n", POLICY)
            return
        self._send(HTTPStatus.OK, *make())

    do_HEAD = do_GET  # noqa: N815 - likewise

    def _names_us(self) -> bool:
        """Tells whether the request is to this machine by its own name, and not sent by a page of another site."""
        host, _, port = (self.headers.get("Host") or "").partition(":")
        by_name = host in NAMES and (port or HTTP_PORT) == str(self.server.server_port)
        is_ours = self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
        return by_name and (is_ours or self.path == "/")  # a link from elsewhere leads to the page, which has no data

    def _send(self, status: HTTPStatus, kind: str, content: bytes, policy: str) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": TYPES[kind],
            "Content-Length": str(len(content)),
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, form: str, *values: Any) -> None:
        """Says nothing: a line a request would bury the others."""


def _file(name: str) -> bytes:
    return (files("mgu.serve") / name).read_bytes()
