"""The status list of ended sessions, for verifiers that are not ours (IETF Token Status List)."""
