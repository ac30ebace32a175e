"""A web server on this machine that behaves as badly as a test asks it to.

    with Loopback() as server:
        server.pages["/file"] = cut_off(b"…")
        requests.get(server.url("/file"))

A page is a function of the request handler. A list of pages is served one after the other, the
last one again and again.
"""

import functools
import gzip
import http.server
import threading


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64  # on a busy machine more than five connections wait to be accepted


class Loopback:
    """`pages` maps a path to its page; `asked` lists the paths that were asked for, in order."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self.closing = threading.Event()
        handler = functools.partial(_Handler, self)
        self._server = _Server(("127.0.0.1", 0), handler)
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


def serve(content, content_type="application/octet-stream"):
    """Answer as a good server does."""

    def page(request):
        request.head(200, Content_Length=str(len(content)), Content_Type=content_type)
        request.wfile.write(content)

    return page


def cut_off(content, announced=True):
    """Hang up in the middle, with or without having said how much was to come."""

    def page(request):
        request.head(200, **({"Content_Length": str(len(content))} if announced else {}))
        request.wfile.write(content[: len(content) // 2])

    return page


def endless(block=b"again and again " * 4096):
    """Send and send, until the other side hangs up."""

    def page(request):
        request.head(200)
        try:
            while not request.loopback.closing.is_set():
                request.wfile.write(block)
        except ConnectionError:
            pass

    return page


def status(code, **headers):
    """Answer with an error."""
    return lambda request: request.head(code, Content_Length="0", **headers)


def zipped(content):
    """Answer as servers do that squeeze text on the way."""

    def page(request):
        squeezed = gzip.compress(content)
        request.head(200, Content_Length=str(len(squeezed)), Content_Encoding="gzip")
        request.wfile.write(squeezed)

    return page


def redirect(address):
    """Send the client elsewhere."""
    return lambda request: request.head(302, Location=address, Content_Length="0")


def stall(content):
    """Send half of it, then nothing more, but never hang up."""

    def page(request):
        request.head(200, Content_Length=str(len(content)))
        request.wfile.write(content[: len(content) // 2])
        request.wfile.flush()
        request.loopback.closing.wait(30)

    return page


def drip(content, seconds):
    """Send all of it, in 20 pieces that take `seconds` together."""

    def page(request):
        request.head(200, Content_Length=str(len(content)))
        step = -(-len(content) // 20)
        try:
            for start in range(0, len(content), step):
                request.wfile.write(content[start : start + step])
                request.wfile.flush()
                request.loopback.closing.wait(seconds / 20)
        except ConnectionError:
            pass

    return page
