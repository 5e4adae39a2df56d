// Prepared answers to the demo page's example questions, which show more than an echo would.

const STREAM = `Streaming is ten lines, and **stopping really stops**: the socket to the server is closed, so nobody pays for what nobody reads.

\`\`\`js
import { HuggingFace } from "hfetch";

const hf = new HuggingFace({ apiKey: "hf_…", budget: { usd: 0.05, per: "day" } });
const stream = await hf.chat.completions.create({
  model: "meta-llama/Llama-3.1-8B-Instruct",
  messages: [{ role: "user", content: "Say hello." }],
  stream: true,
});
for await (const text of stream.text()) console.log(text);
console.log((await stream.settled).cost.usd);
\`\`\`

Every call ends in *exactly one* settlement, whatever its end:

| outcome | when |
|---|---|
| \`ok\` | the answer is complete |
| \`aborted\` | you stopped it |
| \`truncated\` | the connection was lost |
| \`error\` | the server or a limit said no |

The figures beside this chat come from those settlements.`;

const BACKPRESSURE = `A stream has two ends that run at their own speed.

1. The **server** produces tokens as fast as the model allows.
2. The **network** delivers them in pieces that have nothing to do with events: a piece may end in the middle of a character.
3. The **page** draws them when it has time.

Without backpressure the fast end fills memory for the slow one. With it, a reader who pauses makes the sender pause:

- nothing is read from the socket until you ask for it,
- so the buffers in between fill up *once*, and stay that size,
- and \`break\` ends the wait of **everyone** upstream.

> A stream nobody reads should cost nothing.`;

const MARKDOWN = `## Text

**Bold**, *italic*, ~~struck~~, \`inline code\`, and a [link](https://huggingface.co/docs/inference-providers).

## Lists

- Streams arrive in pieces
  - some end inside a word
  - some end inside a ~~sentence~~ **tag**
- Nothing that is already drawn moves
- [x] sanitised
- [ ] trusted

## Code

\`\`\`python
def budget_left(spent: float, limit: float = 0.05) -> float:
    """What may still be spent, in USD."""
    return max(0.0, limit - spent)  # never negative
\`\`\`

\`\`\`rust
fn settle(reserved: u64, actual: u64) -> i64 {
    i64::try_from(reserved).unwrap_or(i64::MAX) - i64::try_from(actual).unwrap_or(0)
}
\`\`\`

## A table

| model | context | price per million tokens |
|:--|--:|--:|
| small | 16K | $0.02 |
| large | 131K | $0.59 |

> And a quotation, to end with.

<script>alert("this is shown as text or not at all")</script>`;

const SHOWN = new Map([
  ["Show what Markdown can do.", MARKDOWN],
  ["Why do streams need backpressure?", BACKPRESSURE],
  ["How do I stream with hfetch?", STREAM],
]);

const NOTE = "\n\n---\n\n*No model wrote this: it is the stand-in endpoint's prepared answer.*";

/** The prepared answer to a question, or undefined. */
export function prepared(question) {
  const answer = SHOWN.get(question);
  return answer && answer + NOTE;
}
