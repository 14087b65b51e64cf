"""The package's version, in a module of its own so that a build can read it without imports."""

VERSION = "0.1.0"
