"""Reading a register as it is really kept: pure functions over text, without Django."""
