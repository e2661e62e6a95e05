// The AI SDK: a text, a stream with reasoning, an agent's loop with a tool, an error. Argument: base URL.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const provider = createOpenAICompatible({ name: "manyminds", baseURL: process.argv[2], apiKey: "x" });
const prompt = "Why?";
const whole = await generateText({ model: provider("panel"), prompt });

const stream = streamText({ model: provider("thinking"), prompt });
let streamed = "";
for await (const part of stream.textStream) streamed += part;

const asked = [];
const add = tool({
  description: "Add.",
  inputSchema: z.object({ a: z.number() }),
  execute: async ({ a }) => { asked.push(a); return a + 1; },
});
const agent = await generateText({
  model: provider("tools"), prompt, tools: { add }, stopWhen: stepCountIs(3),
});

let status = 0;
try {
  await generateText({ model: provider("other"), prompt, maxRetries: 0 });
} catch (error) {
  status = error.statusCode;
}

console.log(JSON.stringify({
  whole: whole.text,
  tokens: whole.usage.totalTokens,
  streamed,
  reasoning: await stream.reasoningText,
  agent: agent.text,
  asked,
  steps: agent.steps.length,
  status,
}));
