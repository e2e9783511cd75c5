"""Letters in words: headers that nobody can split, templates that run nothing, every language."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from limen.errors import Misconfigured, Rejected
from limen.letters import Kind, Letter, LetterSealer
from limen.mail.writing import Scribe, one_line
from limen.secret import Secret
from limen.settings import load
from support.stores import NOW, chance

SEALER = LetterSealer(Secret(bytes(range(32))))
VALUES = {
    "link": "https://app.example/reset?token=abc",
    "hours": "24",
    "email": "ada@example.org",
    "new_email": "ada@new.example",
    "name": "Ada <b>&</b>",
    "forgot": "https://app.example/forgot",
    "sign_in": "https://app.example/sign-in",
}


def scribe(**options: Any) -> Scribe:
    return Scribe(load({"mail": "console:", **options}).settings)


def written(
    by: Scribe, kind: Kind = Kind.RESET, to: str = "ada@example.org", language: str = "", **values: str
) -> EmailMessage:
    letter = Letter(kind, to, VALUES | values, language)
    posted = SEALER.post(letter, now=NOW, lifetime=60, entropy=chance)
    found = message_from_bytes(by.write(posted, letter).data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_every_letter_has_a_subject_a_text_and_a_page_in_every_language(kind: Kind, language: str) -> None:
    message = written(scribe(), kind, language=language)
    assert message["Subject"]
    text, page = body(message, "plain"), body(message, "html")
    linked = kind in (Kind.VERIFY, Kind.RESET, Kind.LEAVE, Kind.ENTER)
    assert (VALUES["link"] in text) == linked
    assert (VALUES["link"] in page) == linked
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert "Ada &lt;b&gt;&amp;&lt;/b&gt;" in page
    assert "Ada <b>&</b>" in text
    assert "<script" not in page
    assert "http" not in page.replace(VALUES["link"], "").replace(
        "https://app.example/", ""
    )  # nothing is fetched
    assert str(message["Subject"]) in page


@pytest.mark.parametrize("kind", Kind)
def test_every_letter_is_translated(kind: Kind) -> None:
    by = scribe()
    texts = {body(written(by, kind, language=x), "plain") for x in ("en", "de", "ar")}
    assert len(texts) == 3


def test_a_language_that_is_not_there_is_english_and_a_narrower_one_its_own() -> None:
    by = scribe()
    assert written(by, language="tlh")["Subject"] == written(by)["Subject"]
    assert written(by, language="de-AT")["Subject"] == written(by, language="de")["Subject"]


def test_a_message_says_who_wrote_it_when_and_that_nobody_reads_answers() -> None:
    by = scribe(brand_name="App", mail_from="no-reply@app.example")
    message = written(by)
    assert message["From"] == "App <no-reply@app.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@app.example>")
    assert message["Date"].datetime.timestamp() == int(NOW)
    assert written(by, name="x")["Message-ID"] != message["Message-ID"]


EVIL = [
    "a\r\nBcc: eve@evil.example",
    "a\nBcc: eve@evil.example",
    "a\rX: y",
    "a\u2028X: y",
    "a\0b",
    "a\x0b\x0cb",
    "\x1b[31m",
    "a\x85b",
]


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_W06_A26_no_value_splits_a_header(evil: str) -> None:
    by = scribe()
    for name in VALUES:
        message = written(by, Kind.LEAVE, **{name: evil})
        assert set(message.keys()) == set(written(by).keys())
        assert message["Bcc"] is None
        assert message["To"] == "ada@example.org"
    assert one_line(evil).isprintable()


@pytest.mark.parametrize(
    "evil",
    ["ada@example.org\r\nBcc: eve@evil.example", "ada@example.org, eve@evil.example", "a b@c", "@", ""],
)
def test_W06_A26_an_address_that_is_none_is_written_to_nobody(evil: str) -> None:
    with pytest.raises(Rejected):
        written(scribe(), to=evil)


def test_W06_a_subject_of_an_operators_own_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "reset.txt").write_text("Reset {{ brand }}{{ name }}\n\nBody {{ link }}\n")
    message = written(scribe(templates=str(tmp_path)), name="x\r\nBcc: eve@evil.example")
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


def test_a_template_of_an_operators_own_takes_the_place_of_ours_and_of_no_other(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "reset.txt").write_text("Mine\n\nFollow {{ link }}, {{ name }}\n")
    (tmp_path / "mail" / "letter.html").write_text("<p>House paper</p>{% block main %}{% endblock %}")
    by = scribe(templates=str(tmp_path))
    message = written(by)
    assert message["Subject"] == "Mine"
    assert body(message, "plain").startswith(f"Follow {VALUES['link']}, Ada <b>&</b>")
    assert VALUES["link"] in body(message, "html")
    assert "Limen" in written(by, Kind.VERIFY)["Subject"]


def test_a_sentence_of_an_operators_own_takes_the_place_of_ours_and_makes_a_language(tmp_path: Path) -> None:
    ours = "Set a new password for %(brand)s"
    (tmp_path / "texts.toml").write_text(
        f'[en]\n"{ours}" = "Forgot, %(brand)s?"\n[nl]\n"{ours}" = "Nieuw %(brand)s"\n'
    )
    by = scribe(templates=str(tmp_path))
    assert written(by)["Subject"] == "Forgot, Limen?"
    assert written(by, language="nl")["Subject"] == "Nieuw Limen"
    assert written(by, language="de")["Subject"] == written(scribe(), language="de")["Subject"]


@pytest.mark.parametrize("text", ['[en]\n"Set a new password for %(brand)s" = "%(secret)s"', "no toml"])
def test_a_sentence_that_cannot_be_said_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "texts.toml").write_text(text)
    with pytest.raises(Misconfigured, match="templates"):
        scribe(templates=str(tmp_path))


@pytest.mark.parametrize(
    "evil",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ brand.__init__.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ _.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__['os'] }}",
        "{% include '../../../../etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ range(10**9)|list }}",
        "{{ nothing_of_the_kind }}",
        "{{ unclosed",
        "{% for x in %}",
    ],
)
def test_W22_a_template_runs_nothing_and_is_refused_at_the_start(tmp_path: Path, evil: str) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "reset.txt").write_text(f"Subject\n\n{evil}\n")
    with pytest.raises(Misconfigured, match="mail/reset cannot be written"):
        scribe(templates=str(tmp_path))


def test_W22_a_value_is_never_a_template() -> None:
    text = body(written(scribe(), name="{{ 7*7 }} %(link)s {% raw %}"), "plain")
    assert "{{ 7*7 }} %(link)s {% raw %}" in text
    assert "49" not in text
