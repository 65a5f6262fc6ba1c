"""C source of what the class library imports from libSystem.IO.Compression.Native; linked, with zlib, into programs that compress."""
