# Access tokens of Limen, checked with the commands jose, jq and curl: for a script, not for every request.
: "${ISSUER:?}" "${AUDIENCE:?}" "${ALGORITHMS:=ES256}" # https://login.example · its LIMEN_AUDIENCE · its LIMEN_ALGORITHM
keys=$(mktemp) && key=$(mktemp)
trap 'rm -f "$keys" "$key"' EXIT
curl -fsS --max-time 5 "$ISSUER/.well-known/jwks.json" >"$keys" || exit 1

# Prints the claims of a good access token; fails for any other. `jose` checks the signature and nothing else.
check() {
    printf %s "$1" | grep -Eqx '[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+' || return 1
    header=$(printf %s "${1%%.*}" | jose b64 dec -i- 2>/dev/null) || return 1
    printf %s "$header" | jq -ce --arg algorithms "$ALGORITHMS" --slurpfile set "$keys" '
        select((.typ | ascii_downcase | ltrimstr("application/")) == "at+jwt" and (has("crit") | not))
        | select(.alg as $alg | $algorithms | split(",") | index($alg))
        | . as $header | $set[0].keys[] | select(.kid == $header.kid and .alg == $header.alg)
    ' >"$key" 2>/dev/null || return 1
    claims=$(printf %s "$1" | jose jws ver -i- -k "$key" -O- 2>/dev/null) || return 1
    printf %s "$claims" | jq -ce --arg iss "$ISSUER" --arg aud "$AUDIENCE" --argjson now "$(date +%s)" '
        select(.iss == $iss and ([.aud] | flatten | index($aud)))
        | select((.exp | numbers) > $now - 5 and (.iat | numbers) <= $now + 5)
        | select(.nbf == null or (.nbf | numbers) <= $now + 5)
        | select((.sub and .jti and .client_id))
    ' 2>/dev/null
}
