"""A web server on this machine that behaves as badly as a test asks it to.

    with Loopback() as server:
        server.pages["/file"] = cut_off(b"…")
        requests.get(server.url("/file"))

A page is a function of the request handler. A list of pages is served one after the other, the
last one again and again.
"""

import contextlib
import functools
import gzip
import http.server
import itertools
import threading


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64  # on a busy machine more than five connections wait to be accepted


class Loopback:
    """`pages` maps a path to its page; `asked` lists the paths that were asked for, in order."""

    def __init__(self):
        self.pages, self.asked, self.closing = {}, [], threading.Event()
        self._server = _Server(("127.0.0.1", 0), functools.partial(_Handler, self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def host(self):
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path):
        return f"http://{self.host}{path}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, loopback, *arguments):
        self.loopback = loopback
        super().__init__(*arguments)

    def do_GET(self):
        times = self.loopback.asked.count(self.path)
        self.loopback.asked.append(self.path)
        page = self.loopback.pages.get(self.path, status(404))
        if isinstance(page, list):
            page = page[min(times, len(page) - 1)]
        page(self)

    def do_HEAD(self):
        self.head(405, Content_Length="0")  # then clients ask for the whole

    def head(self, code, **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *_):
        pass


def _sending(pieces, length=None, pause=0.0, **headers):
    """Send the pieces, with a pause after each, until the other side hangs up."""

    def page(request):
        announced = {} if length is None else {"Content_Length": str(length)}
        request.head(200, **announced, **headers)
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                request.wfile.write(piece)
                request.wfile.flush()
                if request.loopback.closing.wait(pause):
                    break

    return page


def serve(content, content_type="application/octet-stream"):
    """Answer as a good server does."""
    return _sending([content], len(content), Content_Type=content_type)


def zipped(content):
    """Answer as servers do that squeeze text on the way."""
    squeezed = gzip.compress(content)
    return _sending([squeezed], len(squeezed), Content_Encoding="gzip")


def drip(content, seconds):
    """Send all of it, in 20 pieces that take `seconds` together."""
    step = -(-len(content) // 20)
    pieces = [content[start : start + step] for start in range(0, len(content), step)]
    return _sending(pieces, len(content), seconds / 20)


def cut_off(content, announced=True):
    """Hang up in the middle, with or without having said how much was to come."""
    return _sending([content[: len(content) // 2]], len(content) if announced else None)


def stall(content):
    """Send half of it, then nothing more, but don't hang up."""
    return _sending([content[: len(content) // 2]], len(content), 30.0)


def endless(block=b"again and again " * 4096):
    return _sending(itertools.repeat(block))


def status(code, **headers):
    """Answer with an error."""
    return lambda request: request.head(code, Content_Length="0", **headers)


def redirect(address):
    """Send the client elsewhere."""
    return status(302, Location=address)
