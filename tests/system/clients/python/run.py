"""One client, told on its input what to do, line by line, and saying on its output what came of it.

python run.py <client>, with BASE_URL.
"""
import asyncio
import gc
import importlib
import inspect
import json
import os
import sys

QUESTION = "What is the capital of France?"
WEATHER = "How warm is it in Paris?"


def describe(error):
    chain, at = [], error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    status = next((found for each in chain for found in [getattr(each, "status_code", None)] if found), None)
    return {"name": type(error).__name__, "message": " <- ".join(f"{type(each).__name__}: {each}" for each in chain), "status": status, "code": getattr(error, "code", None)}


async def read(stream, leave=False):
    told = {"text": "", "pieces": 0}
    try:
        if inspect.isasyncgen(stream):
            async for piece in stream:
                if piece:
                    told["text"] += piece
                    told["pieces"] += 1
        else:
            for piece in stream:
                if piece:
                    told["text"] += piece
                    told["pieces"] += 1
                    if leave:
                        stream.close()
                        break
    except BaseException as error:
        told["error"] = describe(error)
    return told


async def result_of(given):
    return await given if inspect.isawaitable(given) else given


async def tell(client, feature, model):
    if feature == "chat":
        return {"text": await result_of(client.chat(model, QUESTION))}
    if feature == "abort" and hasattr(client, "leave"):
        return {"text": await client.leave(model, QUESTION), "pieces": 1}
    if feature in ("stream", "abort"):
        return await read(client.stream(model, QUESTION), leave=feature == "abort")
    if feature == "tools":
        return {"text": await result_of(client.tools(model, WEATHER))}
    if feature == "structured":
        value = await result_of(client.structured(model, WEATHER))
        return {"value": value if isinstance(value, dict) else value.model_dump()}
    return {"vectors": [list(vector) for vector in await result_of(client.embeddings(model, ["one", "two"]))]}


async def answer(Client, order):
    try:
        client = Client(os.environ["BASE_URL"], order["key"], order.get("retries"))
        return await tell(client, order["feature"], order["model"])
    except BaseException as error:
        return {"error": describe(error)}


def main():
    client = importlib.import_module(sys.argv[1]).Client
    loop = asyncio.new_event_loop()
    for line in sys.stdin:
        told = loop.run_until_complete(answer(client, json.loads(line)))
        # Reference cycles may still hold what was left.
        gc.collect()
        sys.stdout.write("\n@" + json.dumps(told, default=str) + "\n")
        sys.stdout.flush()
    os._exit(0)


main()
