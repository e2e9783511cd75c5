// Access tokens of Limen, checked with go-oidc (Debian: golang-github-coreos-go-oidc-dev).
// With modules the import is github.com/coreos/go-oidc/v3/oidc, and nothing else changes.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	oidc "github.com/coreos/go-oidc"
)

// Checker checks the tokens of one issuer for one audience.
type Checker struct{ verifier *oidc.IDTokenVerifier }

// NewChecker follows the issuer's keys, and keeps them for as long as the issuer says.
func NewChecker(ctx context.Context) Checker {
	issuer := os.Getenv("ISSUER") // https://login.example, as its tokens say it
	algorithms := os.Getenv("ALGORITHMS") // its LIMEN_ALGORITHM
	if algorithms == "" {
		algorithms = "ES256"
	}
	return Checker{oidc.NewVerifier(
		issuer,
		oidc.NewRemoteKeySet(ctx, issuer+"/.well-known/jwks.json"),
		&oidc.Config{
			ClientID:             os.Getenv("AUDIENCE"), // its LIMEN_AUDIENCE: this service
			SupportedSigningAlgs: strings.Split(algorithms, ","),
		},
	)}
}

// Check answers the claims of a good access token, and an error for any other.
func (c Checker) Check(ctx context.Context, token string) (map[string]interface{}, error) {
	if err := checkType(token); err != nil {
		return nil, err
	}
	found, err := c.verifier.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	if found.IssuedAt.After(time.Now().Add(5 * time.Second)) {
		return nil, errors.New("issued in the future")
	}
	claims := map[string]interface{}{}
	if err := found.Claims(&claims); err != nil {
		return nil, err
	}
	for _, name := range []string{"iat", "sub", "jti", "client_id"} {
		if claims[name] == nil {
			return nil, errors.New("no " + name)
		}
	}
	return claims, nil
}

// checkType says whether it calls itself an access token: go-oidc is made for ID tokens and does not look. It
// is looked at before the signature, which covers it, is checked.
func checkType(token string) error {
	raw, err := base64.RawURLEncoding.DecodeString(strings.SplitN(token, ".", 2)[0])
	if err != nil {
		return err
	}
	header := struct {
		Typ string `json:"typ"`
		Kid string `json:"kid"`
	}{}
	if err := json.Unmarshal(raw, &header); err != nil {
		return err
	}
	if typ := strings.ToLower(header.Typ); typ != "at+jwt" && typ != "application/at+jwt" {
		return errors.New("this is no access token")
	}
	if header.Kid == "" { // without one, go-oidc tries every key
		return errors.New("it names no key")
	}
	return nil
}
