"""C sources of what the class library imports from libSystem.Native; `compiler.link` compiles them into every program."""
