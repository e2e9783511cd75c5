"""What an operation locks first. Those of one group go in this order, so that two groups meet no deadlock."""

ACCOUNT, SESSION, RING, NONE = 0, 1, 8, 9
