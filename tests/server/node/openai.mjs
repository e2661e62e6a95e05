// The openai package: a whole answer, a stream, a tool call, Responses, an error. Argument: base URL.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "x", maxRetries: 0 });
const messages = [{ role: "user", content: "Why?" }];
const whole = await client.chat.completions.create({ model: "panel", messages });

let streamed = "";
let usage = null;
const options = { stream: true, stream_options: { include_usage: true } };
for await (const chunk of await client.chat.completions.create({ model: "panel", messages, ...options })) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}

const tools = [{ type: "function", function: { name: "add", parameters: { type: "object" } } }];
const runner = client.chat.completions.stream({ model: "tools", messages, tools });
const called = (await runner.finalChatCompletion()).choices[0];

const response = await client.responses.create({ model: "panel", input: "Why?" });
let told = "";
for await (const event of await client.responses.create({ model: "panel", input: "Why?", stream: true })) {
  if (event.type === "response.output_text.delta") told += event.delta;
}

let status = 0;
try {
  await client.chat.completions.create({ model: "other", messages });
} catch (error) {
  status = error instanceof OpenAI.NotFoundError ? error.status : -1;
}

console.log(JSON.stringify({
  whole: whole.choices[0].message.content,
  tokens: whole.usage.total_tokens,
  streamed,
  streamedTokens: usage.total_tokens,
  call: called.message.tool_calls[0].function,
  reason: called.finish_reason,
  response: response.output_text,
  told,
  status,
}));
