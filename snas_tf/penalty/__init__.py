"""The penalty on the expected cost of a child (Eq. 9 to 11)."""
