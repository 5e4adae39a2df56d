from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from question import City, weather


class Client:
    def __init__(self, base_url, key, retries):
        self.given = {"api_base": base_url, "api_key": key, **({} if retries is None else {"max_retries": retries})}

    def model(self, model):
        return OpenAILike(model=model, is_chat_model=True, is_function_calling_model=True, context_window=8192, **self.given)

    def chat(self, model, text):
        return self.model(model).chat([ChatMessage(role="user", content=text)]).message.content

    def stream(self, model, text):
        stream = self.model(model).stream_chat([ChatMessage(role="user", content=text)])
        try:
            for chunk in stream:
                yield chunk.delta
        finally:
            stream.close()

    def tools(self, model, text):
        warm = FunctionTool.from_defaults(weather)
        llm = self.model(model)
        history = [ChatMessage(role="user", content=text)]
        first = llm.chat_with_tools([warm], chat_history=history)
        call = llm.get_tool_calls_from_response(first)[0]
        result = ChatMessage(role="tool", content=weather(**call.tool_kwargs), additional_kwargs={"tool_call_id": call.tool_id})
        return llm.chat_with_tools([warm], chat_history=[*history, first.message, result]).message.content

    def structured(self, model, text):
        return self.model(model).as_structured_llm(City).complete(text).raw

    def embeddings(self, model, texts):
        return OpenAILikeEmbedding(model_name=model, **self.given).get_text_embedding_batch(texts)
