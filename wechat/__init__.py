"""How WeChat speaks: its cryptography, a client for its servers, and a sandbox that answers as they do."""
