"""The very line to change, for programs that are known. Where one has none here, the catalogue's stands."""

from __future__ import annotations

from collections.abc import Mapping

_COOKIE = {
    "nginx": "Take proxy_cookie_path, proxy_cookie_domain and proxy_cookie_flags out of Limen's location.",
    "caddy": "Take `header_down Set-Cookie …` out of reverse_proxy.",
    "haproxy": "Take `http-response replace-header Set-Cookie …` and `cookie …` out of the backend.",
    "apache": "Take ProxyPassReverseCookie… and `Header edit Set-Cookie` out of Limen's <Location>.",
    "traefik": "Take middlewares that change Set-Cookie off Limen's router.",
}
_LEAVE = {
    "nginx": "Take proxy_hide_header, and `add_header` of the same name, out of Limen's location.",
    "caddy": "Take `header_down -…` and `header …` of that name out of Limen's route.",
    "haproxy": "Take `http-response del-header …` and `set-header …` of that name out of the backend.",
    "apache": "Take `Header unset …` and `Header set …` of that name out of Limen's <Location>.",
    "traefik": "Take customResponseHeaders of that name out of the headers middleware of Limen's router.",
}
_CACHE = {
    **_LEAVE,
    "nginx": "Take expires, proxy_cache and `add_header Cache-Control` out of Limen's location.",
}

MENDS: Mapping[str, Mapping[str, str]] = {
    "tls_old": {
        "nginx": "ssl_protocols TLSv1.2 TLSv1.3;",
        "apache": "SSLProtocol -all +TLSv1.2 +TLSv1.3",
        "haproxy": "ssl-default-bind-options ssl-min-ver TLSv1.2",
        "caddy": "tls { protocols tls1.2 tls1.3 }",
        "traefik": "tls.options.default.minVersion: VersionTLS12",
    },
    "clear_text": {
        "nginx": "server { listen 80; return 301 https://$host$request_uri; }",
        "caddy": "Take `auto_https off` out, or write: http:// { redir https://{host}{uri} permanent }",
        "haproxy": "http-request redirect scheme https code 301 unless { ssl_fc }",
        "apache": "Redirect permanent / https://auth.example/",
        "traefik": "entryPoints.web.http.redirections.entryPoint.to: websecure",
    },
    "clear_believed": {"nginx": "proxy_set_header X-Forwarded-Proto $scheme;"},
    "host_foreign": {
        "nginx": "proxy_set_header Host $http_host;",
        "caddy": "Take `header_up Host …` out of reverse_proxy.",
        "haproxy": "Take `http-request set-header Host …` out.",
        "apache": "ProxyPreserveHost On",
        "traefik": "loadBalancer.passHostHeader: true",
    },
    "scheme_untold": {
        "nginx": "proxy_set_header X-Forwarded-Proto $scheme;  # and its address in trusted_proxies",
        "haproxy": "http-request set-header X-Forwarded-Proto https if { ssl_fc }  # and trusted_proxies",
        "apache": 'RequestHeader set X-Forwarded-Proto "https"  # and its address in trusted_proxies',
        "caddy": "reverse_proxy sends it by itself: name Caddy's address in trusted_proxies.",
        "traefik": "Traefik sends it by itself: name its address in trusted_proxies.",
    },
    "scheme_believed": {
        "nginx": "proxy_set_header X-Forwarded-Proto $scheme;",
        "haproxy": "http-request set-header X-Forwarded-Proto https if { ssl_fc }",
        "apache": 'RequestHeader set X-Forwarded-Proto "https"',
        "caddy": "Take the clients out of `servers { trusted_proxies … }`.",
        "traefik": "entryPoints.websecure.forwardedHeaders.insecure: false",
    },
    "source_believed": {
        "nginx": "proxy_set_header X-Forwarded-For $remote_addr;",
        "haproxy": "http-request set-header X-Forwarded-For %[src]",
        "apache": "RequestHeader unset X-Forwarded-For early",
        "caddy": "Take the clients out of `servers { trusted_proxies … }`.",
        "traefik": "entryPoints.websecure.forwardedHeaders.insecure: false",
    },
    "user_passed": {
        "nginx": 'proxy_set_header Remote-User "";  # and Remote-Email, -Groups, -Name, -Scopes',
        "caddy": "request_header -Remote-*",
        "haproxy": "http-request del-header Remote- -m beg",
        "apache": "RequestHeader unset Remote-User",
        "traefik": 'headers.customRequestHeaders.Remote-User: ""',
    },
    "request_named": {
        "nginx": 'proxy_set_header X-Request-Id $request_id;  # and traceparent "", tracestate ""',
        "caddy": "request_header -X-Request-Id  # and -Traceparent, -Tracestate",
        "haproxy": "http-request del-header ^(x-request-id|traceparent|tracestate)$ -m reg",
        "apache": "RequestHeader unset X-Request-Id early  # and traceparent, tracestate",
        "traefik": 'headers.customRequestHeaders.X-Request-Id: ""  # and Traceparent, Tracestate',
    },
    "authorization_lost": {
        "nginx": "proxy_set_header Authorization $http_authorization;",
        "caddy": "Take `header_up -Authorization` out of reverse_proxy.",
        "haproxy": "Take `http-request del-header Authorization` out.",
        "apache": "Take `RequestHeader unset Authorization` out.",
        "traefik": "Take basicAuth with removeHeader off Limen's router.",
    },
    "authorization_cut": {
        "nginx": "large_client_header_buffers 4 16k;",
        "haproxy": "tune.bufsize 32768",
        "apache": "LimitRequestFieldSize 16380",
        "caddy": "servers { max_header_size 16kb }",
    },
    "cookies_lost": {
        "nginx": 'Take `proxy_set_header Cookie ""` out of Limen\'s location.',
        "haproxy": "Take `http-request del-header Cookie` out.",
        "caddy": "Take `header_up -Cookie` out of reverse_proxy.",
    },
    "cookie_changed": _COOKIE,
    "set_cookie_merged": _COOKIE,
    "set_cookie_lost": {
        **_LEAVE,
        "nginx": "Take proxy_hide_header and proxy_cache out of the location.",
    },
    "challenge_lost": _LEAVE,
    "errors_replaced": {
        "nginx": "proxy_intercept_errors off;",
        "caddy": "Take handle_response and handle_errors out of Limen's route.",
        "haproxy": "Take `http-response return status …` and errorfiles for 4xx out of the backend.",
        "apache": "ProxyErrorOverride Off",
        "traefik": "Take the errors middleware off Limen's router.",
        "cloudflare": "Turn custom error pages off for this host.",
    },
    "store_allowed": _CACHE,
    "keys_unkept": _CACHE,
    "keys_kept_long": _CACHE,
    "kept_by_cache": {**_CACHE, "cloudflare": "Add a cache rule for this host: bypass."},
    "headers_lost": _LEAVE,
    "hsts_lost": _LEAVE,
    "hsts_short": _LEAVE,
    "origin_lost": {
        "nginx": 'Take `proxy_set_header Origin ""` out of Limen\'s location.',
        "haproxy": "Take `http-request del-header Origin` out.",
        "caddy": "Take `header_up -Origin` out of reverse_proxy.",
        "apache": "Take `RequestHeader unset Origin` out.",
    },
    "cors_open": {
        "nginx": "Take `add_header Access-Control-Allow-…` out of Limen's location.",
        "caddy": "Take `header Access-Control-Allow-…` out of Limen's route.",
        "haproxy": "Take `http-response set-header Access-Control-…` out of the backend.",
        "apache": "Take `Header set Access-Control-…` out of Limen's <Location>.",
        "traefik": "Take accessControlAllow… out of the headers middleware of Limen's router.",
    },
    "answers_compressed": {
        "nginx": "gzip off;  # in Limen's location",
        "caddy": "Take `encode` out of Limen's route.",
        "haproxy": "Take `compression algo` out of the backend.",
        "apache": "SetEnv no-gzip 1",
        "traefik": "Take the compress middleware off Limen's router.",
    },
    "readiness_public": {
        "nginx": "location = /readyz { allow 10.0.0.0/8; deny all; … }",
        "caddy": "@probes path /readyz /metrics; respond @probes 404",
        "haproxy": "http-request deny if { path /readyz /metrics } !{ src 10.0.0.0/8 }",
        "apache": "ProxyPass /readyz !  # before the one for /",
        "traefik": "Add `&& !Path(`/readyz`)` to the rule of Limen's router.",
    },
    "metrics_public": {
        "nginx": "location = /metrics { deny all; }",
        "caddy": "@probes path /readyz /metrics; respond @probes 404",
        "haproxy": "http-request deny if { path /metrics } !{ src 10.0.0.0/8 }",
        "apache": "ProxyPass /metrics !  # before the one for /",
        "traefik": "Add `&& !Path(`/metrics`)` to the rule of Limen's router.",
    },
}
