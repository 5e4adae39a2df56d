// The page: useChat as in its documentation, with one tool that only a browser can run.
import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithToolCalls } from "ai";
import { useState } from "react";
import { createRoot } from "react-dom/client";

const transport = new DefaultChatTransport({ api: "/api/chat" });

const tools = {
  local_time: () => ({ time: new Date().toISOString(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
};

function Chat() {
  const [text, setText] = useState("");
  const { messages, sendMessage, addToolOutput, regenerate, stop, status, error } = useChat({
    transport,
    // A tool's answer is sent at once, and the model continues.
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
    onToolCall({ toolCall: { toolName: tool, toolCallId } }) {
      if (Object.hasOwn(tools, tool)) addToolOutput({ tool, toolCallId, output: tools[tool]() });
      else addToolOutput({ tool, toolCallId, state: "output-error", errorText: "There is no such tool." });
    },
  });
  const busy = status === "submitted" || status === "streaming";

  function submit(event) {
    event.preventDefault();
    if (busy || text.trim() === "") return;
    sendMessage({ text });
    setText("");
  }

  return (
    <>
      {messages.map((message) => (
        <Message key={message.id} {...message} />
      ))}
      {error && (
        <p role="alert">
          {error.message} <button onClick={() => regenerate()}>Try again</button>
        </p>
      )}
      <form onSubmit={submit} data-status={status}>
        <input aria-label="Your message" value={text} onChange={(event) => setText(event.target.value)} />
        {busy ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button>Send</button>
        )}
      </form>
    </>
  );
}

function Message({ role, parts, metadata }) {
  return (
    <article className={role}>
      {parts.map((part, at) => (
        <Part key={at} {...part} />
      ))}
      {metadata?.usage && (
        <small>
          {metadata.usage.total_tokens} tokens, {metadata.durationMs} ms
        </small>
      )}
    </article>
  );
}

function Part({ type, text, state, output, errorText }) {
  if (type === "text") return <p>{text}</p>;
  if (type === "reasoning") {
    return (
      <details>
        <summary>Thinking</summary>
        {text}
      </details>
    );
  }
  if (!type.startsWith("tool-")) return null;
  return (
    <pre data-state={state}>
      {type.slice("tool-".length)}: {errorText ?? (output === undefined ? "…" : JSON.stringify(output))}
    </pre>
  );
}

createRoot(document.getElementById("root")).render(<Chat />);
