"""One suite for every framework: each example runs as a server of its own, and each is asked the same.

An application of examples/ that takes part answers

| request | answer |
|---|---|
| `GET /` | 200 to anybody |
| `GET /me` | `{"account": id}`, to whoever is signed in |
| `GET /notes` | 200 with the scope `notes:read` |
| `POST /fresh` | `{"account": id}`, where the sign-in is at most five minutes old (RFC 9470) |
| WebSocket `/echo` | says each text again, to whoever is signed in, until the credential ends: then 1008 |

and the routes of Limen below /auth; its settings are those of the environment (`Limen.from_env()`).

To add a framework: one file in `frameworks/` that says how its example is started and what it cannot do.
"""
