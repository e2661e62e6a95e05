"""Methods served as models over the OpenAI protocols (extra `server`)."""
