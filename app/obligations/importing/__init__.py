"""Bringing a register into a project, in steps: look at the file, check its rows, accept them, undo that."""
