// The smallest page with useChat: a button to ask, one to stop, and the last answer.
import { useChat } from "@ai-sdk/react";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";

export function show(transport) {
  function Page() {
    const { messages, sendMessage, stop, status } = useChat({ transport });
    useEffect(() => void (document.body.dataset.status = status), [status]);
    const last = messages.at(-1);
    const text = last?.role === "assistant" ? last.parts.map((part) => part.text ?? "").join("") : "";
    return (
      <>
        <button className="ask" onClick={() => sendMessage({ text: "Hello" })} />
        <button className="stop" onClick={stop} />
        <pre>{text}</pre>
      </>
    );
  }
  createRoot(document.getElementById("root")).render(<Page />);
}
