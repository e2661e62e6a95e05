"use strict";
// Asks an ensemble over the server's own Chat Completions, and lists the runs. All text is set as text.
const at = (id) => document.getElementById(id);
let stopping = null;

function show(chunk) {
  const delta = chunk.choices?.[0]?.delta ?? {};
  if (delta.reasoning) {
    at("thinking").hidden = false;
    at("thought").textContent += delta.reasoning;
  }
  at("answer").textContent += delta.content ?? "";
  if (chunk.manyminds) report(chunk.manyminds);
  if (chunk.error) throw new Error(chunk.error.message);
}

function report(told) {
  const cost = told.cost === null ? "cost unknown" : `$${told.cost.toFixed(6)}`;
  const tokens = told.tokens.input + told.tokens.output;
  const parts = [`${told.method}: ${told.calls} calls`, `${tokens} tokens`, cost, `${told.seconds} s`];
  if (told.simulated) parts.push("simulated");
  at("cost").textContent = parts.join(", ");
  at("state").textContent = told.degraded ? `Degraded: ${told.degraded}` : "Done.";
}

async function ask() {
  const headers = { "content-type": "application/json" };
  if (at("key")) headers.authorization = `Bearer ${at("key").value}`;
  const messages = [{ role: "user", content: at("question").value }];
  const body = JSON.stringify({ model: at("model").value, messages, stream: true });
  stopping = new AbortController();
  const options = { method: "POST", headers, body, signal: stopping.signal };
  const response = await fetch("/v1/chat/completions", options);
  if (!response.ok) throw new Error((await response.json()).error.message);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") show(JSON.parse(line.slice(6)));
    }
  }
}

function busy(now) {
  at("send").disabled = now;
  at("stop").hidden = !now;
}

at("stop").addEventListener("click", () => stopping?.abort());
at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  for (const id of ["answer", "thought", "cost"]) at(id).textContent = "";
  at("result").hidden = false;
  at("thinking").hidden = true;
  at("state").textContent = "Asking…";
  busy(true);
  try {
    await ask();
  } catch (error) {
    at("state").textContent = error.name === "AbortError" ? "Stopped." : `No answer: ${error.message}`;
  }
  busy(false);
  list();
});

async function list() {
  const place = at("runs");
  if (!place) return;
  const response = await fetch("/runs");
  if (!response.ok) return;
  const rows = (await response.json()).map((run) => {
    const row = document.createElement("li");
    const link = document.createElement("a");
    link.href = run.address;
    link.textContent = run.question.slice(0, 160);
    const about = document.createElement("span");
    about.className = "mm-dim";
    about.textContent = `${run.method}, ${run.state}`;
    row.append(link, document.createElement("br"), about);
    return row;
  });
  if (rows.length) place.replaceChildren(...rows);
}

if (at("runs")) {
  list();
  setInterval(list, 2000);
}
