"""C sources of what the class library imports from libSystem.Security.Cryptography.Native.OpenSsl; OpenSSL itself is the system's."""
