from pydantic_ai_ import ChatClient as Client  # noqa: F401
