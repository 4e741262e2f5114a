"""Mails to people, each once however often it is asked for."""

from markupsafe import escape

from shared.gateways.mail import Message
from shared.runtime import Runtime


def tell(world: Runtime, key: str, to: tuple[str, ...], subject: str, text: str, html: str = "") -> None:
    """Send a plain mail, unless the one with that key was sent already."""
    send_once(
        world,
        key,
        Message(to=to, subject=subject[:200], text=text, html=html or f"<pre>{escape(text)}</pre>"),
    )


def send_once(world: Runtime, key: str, message: Message) -> None:
    """Send a mail, unless the one with that key was sent already."""
    if world.azure.mail.state(key) == "unsent":
        world.azure.mail.send(key, message)
