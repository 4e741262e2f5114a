"""Plain mails to people, each once however often it is asked for."""

from markupsafe import escape

from shared.runtime import Runtime


def tell(world: Runtime, key: str, to: tuple[str, ...], subject: str, text: str) -> None:
    """Send a mail, unless the one with that key was sent already."""
    from shared.gateways.mail import Message  # noqa: PLC0415 - see shared.importing

    mail = world.azure.mail
    if mail.state(key) == "unsent":
        mail.send(key, Message(to=to, subject=subject[:200], text=text, html=f"<pre>{escape(text)}</pre>"))
