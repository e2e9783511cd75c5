"""What a person is told about an error: by its code, so that it can be said in every language."""

from __future__ import annotations

import math

from limen.errors import LimenError, Throttled, Unavailable
from limen.problems import status_of
from limen.server.pages.texts import Texts, msg

_BY_CODE = {
    "sign_in_failed": msg("E-mail address or password is wrong."),
    "sign_in_shut": msg("Too many wrong passwords: signing in is shut until the password is reset."),
    "password_wrong": msg("This is not the current password."),
    "password_too_short": msg("This has fewer than %(least)s characters."),
    "password_too_long": msg("This is longer than a password can be here."),
    "password_common": msg("This is one of the most common passwords, which attackers try first."),
    "password_contextual": msg("This is a name or an address that anybody would guess."),
    "password_malformed": msg("This cannot be a password: it has a character that cannot be typed."),
    "password_changed": msg(
        "The password was changed meanwhile, in another window perhaps. Please try again."
    ),
    "email_malformed": msg("This is not an e-mail address. It needs an @ and a name behind it."),
    "name_malformed": msg("A name is one line of at most 100 characters."),
    "email_unchanged": msg("This is your address already."),
    "email_unproven": msg(
        "This address is not confirmed yet. Follow the link in the letter that we sent you."
    ),
    "email_taken": msg("This address has an account by now."),
    "mail_off": msg("This service sends no mail, so this cannot be done here."),
    "account_changed": msg("The account was changed meanwhile. Please try again."),
    "ticket_void": msg("This link no longer works."),
    "password_empty": msg("Please type a password."),
    "factor_wrong": msg("This is not right. Codes are good once, and for a short time."),
    "registration_closed": msg("Nobody can register here. Please ask whoever runs this service."),
    "session_unknown": msg("This session had ended already."),
    "cross_site": msg("This came from another site, so nothing was done. Please try it from here."),
    "method_not_allowed": msg("This address cannot be used in this way."),
    "not_found": msg("There is nothing at this address."),
    "credential_ambiguous": msg(
        "Your browser kept two sign-ins at once. Both were taken away; please sign in again."
    ),
    "invalid_request": msg("The form did not come as it was sent. Please try again."),
    "internal_error": msg("Something went wrong here, and it is our fault. The log has the details."),
    "insufficient_scope": msg("Your account may not do this."),
}
_BY_STATUS = {
    403: msg("This is not allowed."),
    413: msg("That was too much at once."),
    429: msg("Too many attempts. Please try again in %(seconds)s s."),
    503: msg("We cannot tell just now. Please try again in a moment."),
}
_TITLES = {
    400: msg("That did not arrive well"),
    403: msg("Not allowed"),
    404: msg("Nothing here"),
    429: msg("Please wait a moment"),
    500: msg("Our fault"),
    503: msg("Not just now"),
}
_OTHERWISE = msg("This could not be done.")


def sentence(texts: Texts, error: LimenError, **values: object) -> str:
    """The error in words. Never its own message, which is for developers and in English."""
    known = _BY_CODE.get(error.code) or _BY_STATUS.get(status_of(error)) or _OTHERWISE
    if isinstance(error, Throttled | Unavailable):
        values["seconds"] = math.ceil(max(error.retry_after, 1))
    return texts.say(known, **values)


def title(texts: Texts, error: LimenError) -> str:
    return texts.say(_TITLES.get(status_of(error), _OTHERWISE))
