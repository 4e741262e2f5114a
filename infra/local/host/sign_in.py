"""`/.auth/...` for browsers: App Service Authentication's sign-in, played by asking who you are."""

from html import escape
from urllib.parse import quote, urlsplit

from aiohttp import web

from infra.local.host.identity import COOKIE, Principals

PREFIX = "/.auth/"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem; }}
input, button {{ font: inherit; padding: .5rem .7rem; width: 100%; box-sizing: border-box; margin: .4rem 0; }}</style>
</head><body><h1>Sign in</h1><p>This machine plays Entra ID. In Azure your organisation's sign-in stands here.</p>
<form method="post"><label for="mail">Mail address of somebody in the estate</label>
<input id="mail" name="mail" type="email" required autofocus placeholder="bob@contoso.com">
<p role="alert">{problem}</p><button>Sign in</button></form></body></html>"""


async def handle(request: web.Request, principals: Principals) -> web.StreamResponse:
    """Sign in as somebody whom the embedding knows, or sign out."""
    path = request.rel_url.path
    if path == f"{PREFIX}logout":
        answer = web.Response(status=302, headers={"Location": _back(request)})
        answer.del_cookie(COOKIE, path="/")
        return answer
    if not path.startswith(f"{PREFIX}login/"):
        return web.Response(status=404)
    if request.method != "POST":
        return _page("")
    mail = str((await request.post()).get("mail", ""))[:200]
    if principals(mail) is None:
        return _page(f"Nobody here has the address '{mail}'.")
    answer = web.Response(status=302, headers={"Location": _back(request)})
    answer.set_cookie(COOKIE, quote(mail, safe="@"), path="/", httponly=True, samesite="Lax")
    return answer


def _page(problem: str) -> web.Response:
    return web.Response(text=_PAGE.format(problem=escape(problem)), content_type="text/html")


def _back(request: web.Request) -> str:
    """Where to go on; never to another site."""
    wanted = request.rel_url.query.get("post_login_redirect_uri") or "/"
    parts = urlsplit(wanted)
    here = not parts.scheme and not parts.netloc and wanted.startswith("/") and "\\" not in wanted
    return wanted if here else "/"
