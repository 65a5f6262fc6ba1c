"""The .NET types and members that property functions may use, as tables of Python functions."""
