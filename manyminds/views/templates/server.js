"use strict";
// Asks an ensemble over the server's own Chat Completions, and lists the runs. All text is set as text.
const at = (id) => document.getElementById(id);
let stopping = null;
let asked = null; // the question whose run has not been found yet
let listed = ""; // the runs as they are shown
let known = new Set(); // addresses of runs that were there before it

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
  const parts = [`${told.method}: ${told.calls} calls`, `${tokens.toLocaleString("en")} tokens`, cost, `${told.seconds} s`];
  if (told.simulated) parts.push("simulated");
  at("cost").textContent = parts.join(", ");
  at("state").textContent = told.degraded ? `Degraded: ${told.degraded}` : "Done.";
}

async function ask() {
  const headers = { "content-type": "application/json" };
  if (at("key")) headers.authorization = `Bearer ${at("key").value}`;
  const messages = [{ role: "user", content: at("question").value }];
  const body = JSON.stringify({ model: new FormData(at("form")).get("model"), messages, stream: true });
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

async function submit(event) {
  event.preventDefault();
  for (const id of ["answer", "thought", "cost"]) at(id).textContent = "";
  at("result").hidden = false;
  at("thinking").hidden = true;
  at("state").textContent = "Asking…";
  if (at("follow")) at("follow").hidden = true;
  known = new Set((await runs()).map((run) => run.address));
  asked = at("question").value.trim();
  busy(true);
  try {
    await ask();
  } catch (error) {
    at("state").textContent = error.name === "AbortError" ? "Stopped." : `No answer: ${error.message}`;
  }
  busy(false);
  list();
}

async function runs() {
  if (!at("runs")) return [];
  const response = await fetch("/runs");
  return response.ok ? response.json() : [];
}

async function list() {
  const found = await runs();
  follow(found.find((run) => !known.has(run.address) && run.question.trim() === asked));
  const now = JSON.stringify(found);
  if (!found.length || now === listed) return; // a new list would take the focus from a link
  listed = now;
  const rows = found.map((run) => {
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
  at("runs").replaceChildren(...rows);
}

// Shows the run of the question that was asked; its page follows it by itself.
function follow(run) {
  if (!run || !at("live")) return;
  asked = null;
  at("live").src = run.address;
  at("follow").hidden = false;
}

at("stop")?.addEventListener("click", () => stopping?.abort());
at("form")?.addEventListener("submit", submit);
if (at("runs")) {
  list();
  setInterval(list, 1000);
}
