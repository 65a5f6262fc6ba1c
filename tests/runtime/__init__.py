"""Tests of the C runtime and of its replacement for libSystem.Native."""
