"""A name, a logo, a colour, and an operator's own templates and texts: what is taken, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from limen.errors import Misconfigured
from limen.server.pages.look import Look
from limen.settings import load
from support.http import served

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'


def look(**options: Any) -> Look:
    return Look.of(load({name: str(value) for name, value in options.items()}).settings)


# -- the brand ---------------------------------------------------------------------------------------------


def test_the_colour_stands_in_the_style_and_in_the_icon_by_day_and_by_night() -> None:
    found = look(brand_color="#8c2f63").assets.files
    style = found["pages.css"].decode()
    assert style.count("--accent:") == 4  # ours, and theirs after it
    assert "--accent:#8c2f63" in style
    assert b"#8c2f63" in found["icon.svg"]
    assert look().assets.files["pages.css"].count(b"--accent:") == 2


def test_a_logo_is_a_file_of_the_pages(tmp_path: Path) -> None:
    logo = tmp_path / "our.SVG"
    logo.write_bytes(SVG)
    found = look(brand_logo=logo)
    assert found.assets.files["logo.svg"] == SVG
    assert found.assets.folder != look().assets.folder


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("logo.txt", SVG, "no .svg"),
        ("logo.svg", b"\x89PNG", "not such a picture"),
        ("logo.png", SVG, "not such a picture"),
        ("logo.webp", b"RIFF" + b"x" * 100_000, "at most"),
        ("logo.png", None, "cannot be read"),
    ],
)
def test_what_is_no_logo_is_refused(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Misconfigured, match=said):
        look(brand_logo=tmp_path / name)


@pytest.mark.parametrize("name", ["", "x" * 61, "a\nb", "a\x00b"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured, match="brand_name"):
        look(brand_name=name)


# -- templates and texts -------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_template_takes_the_place_of_ours_and_may_go_on_with_it(tmp_path: Path) -> None:
    (tmp_path / "sign-in.html").write_text(
        '{% extends "limen/sign-in.html" %}{% block main %}<p>Only staff.</p>{{ super() }}{% endblock %}'
    )
    (tmp_path / "texts.toml").write_text(
        '[en]\n"Sign in" = "Welcome <back>"\n[nl]\nlanguage = "Nederlands"\n'
    )
    async with served(templates=str(tmp_path)) as site:
        text = (await site.client().get("/sign-in")).text
        assert "<p>Only staff.</p>" in text
        assert "<h1>Welcome <back></h1>" in text  # their text is markup, as a template of theirs is
        assert 'name="password"' in text
        assert "Only staff" not in (await site.client().get("/register")).text
        dutch = (await site.client().get("/sign-in", params={"lang": "nl"})).text
        assert '<html lang="nl" dir="ltr">' in dutch
        assert ">Nederlands</a>" in dutch
        assert "Sign in" in dutch  # what they do not say, we say in English


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("sign-in.html", "{% extends %}", "sign-in.html cannot be used"),
        ("sign-in.html", "{{ x", "sign-in.html cannot be used"),
        ("texts.toml", "[en", "cannot be read"),
        ("texts.toml", '[english-of-here]\n"a" = "b"', "no language"),
        ("texts.toml", 'en = "x"', "no language"),
        ("texts.toml", '[en]\n"Sign in" = 3', "give a text"),
        ("texts.toml", '[en]\n"Sign in" = "%(secret)s"', "give a text"),
        ("texts.toml", '[en]\n"Sign in" = "100 %"', "percent sign"),
        ("texts.toml", '[en]\n"in %(span)s" = "%(span)d"', "percent sign"),
    ],
)
def test_a_slip_is_seen_when_the_server_is_made(tmp_path: Path, file: str, content: str, said: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(Misconfigured, match=said):
        look(templates=tmp_path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="is no folder"):
        look(templates=tmp_path / "nowhere")


ATTACKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ texts.gettext.__globals__ }}",
    "{{ texts.say.__func__.__globals__ }}",
    "{{ url.func.__globals__ }}",
    "{{ url.__closure__ }}",
    "{{ url.__code__.co_consts }}",
    "{{ url.args[0].auth }}",
    "{{ asset.func }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ _.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ ''|attr('__class__') }}",
    "{{ '%s'|format(url) }}",
    "{{ texts.own.update({}) }}",
    "{% include '../../pyproject.toml' %}",
    "{% include '/etc/passwd' %}",
]


@pytest.mark.anyio
@pytest.mark.parametrize("attack", ATTACKS)
async def test_W22_a_template_runs_no_code_and_sees_no_part_of_the_server(
    tmp_path: Path, attack: str
) -> None:
    (tmp_path / "sign-in.html").write_text("BEGIN" + attack + "END")
    async with served(templates=str(tmp_path)) as site:
        answer = await site.client().get("/sign-in")
        for leak in (
            "<class",
            "functools",
            "limen.auth.Limen",
            "Site(",
            "root:x",
            "[project]",
            "<module",
            "_asset",
        ):
            assert leak not in answer.text.replace("&lt;", "<")
        assert answer.status_code in (200, 500)


@pytest.mark.anyio
async def test_a_page_of_errors_that_is_broken_itself_breaks_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "refused.html").write_text("{{ nothing }}")
    async with served(templates=str(tmp_path)) as site:
        for path, status in (("/nowhere", 500), ("/register", 500), ("/sign-in", 200)):
            answer = await site.client(**{"sec-fetch-mode": "navigate"}).request(
                "PUT" if path == "/register" else "GET", path
            )
            assert answer.status_code == status
            assert "nothing" not in answer.text


def test_W22_what_a_template_asks_for_and_was_not_given_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "own.html").write_text("{{ secret }}")
    with pytest.raises(UndefinedError):
        look(templates=tmp_path).page("own.html", {})
    (tmp_path / "own.html").write_text("{{ ().__class__.__base__ }}")
    with pytest.raises(SecurityError):
        look(templates=tmp_path).page("own.html", {})
