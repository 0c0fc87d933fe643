"""The web chat: the only importer of gradio. Decides nothing about answers, only how they are shown."""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio reads it once, when it is first imported

from assistant.web.app import create_app
from assistant.web.server import serve

__all__ = ["create_app", "serve"]
