"""What fuzzing found once: target and input, each mended since. A finding of `make fuzz` prints its line."""

FOUND = (
    ("redis_event", b"(\x8d"),
    ("redis_event", b"1-0\nk\nsession\ns\nx\nu\nnan\nn\n2\na\n1\nw\nwhy"),
    ("redis_url", b"redis://u:pa?hush=ss@host"),
    ("redis_url", b"redis://host:" + b"9" * 5_000),
    ("postgres_url", b"postgresql://u:pa?hush=ss@host"),
    ("postgres_url", b"postgresql://h/d?direct=x:" + b"9" * 5_000),
)
