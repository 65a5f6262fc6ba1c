"""What the server does on each message of the editor: one request or notification per file.

Each module has `METHOD` and `handle(session, params)`; `server/lsp/server.py` lists them.
"""
