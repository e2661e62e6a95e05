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
  const cost = told.cost === null ? "cost unknown" : dollars(told.cost);
  const tokens = told.tokens.input + told.tokens.output;
  const parts = [`${told.method}: ${told.calls} calls`, `${tokens.toLocaleString("en")} tokens`, cost, `${seconds(told.seconds)} s`];
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
  offer(found);
  const shown = found.filter(wanted);
  const now = JSON.stringify([shown, found.length]);
  if (!found.length || now === listed) return; // a new list would take the focus from a link
  listed = now;
  at("total").textContent = total(shown, found.length);
  const rows = shown.map((run) => {
    const row = document.createElement("li");
    const link = document.createElement("a");
    link.href = run.address;
    link.textContent = run.question.slice(0, 160);
    const about = document.createElement("span");
    about.className = "mm-dim";
    about.textContent = `${run.method}, ${run.state}`;
    row.append(link, document.createElement("br"), about);
    if (run.members) {
      const members = document.createElement("span");
      members.className = "mm-dim";
      members.textContent = run.members.slice(0, 200);
      row.append(document.createElement("br"), members);
    }
    return row;
  });
  at("runs").replaceChildren(...rows);
}

// Whether a run is one that the filter lets through.
function wanted(run) {
  const given = new FormData(at("filter"));
  const text = given.get("text").trim().toLowerCase();
  const method = given.get("method");
  const within = `${run.question}\n${run.members}`.toLowerCase();
  return (!method || run.method === method) && (!text || within.includes(text));
}

// Puts the methods of the runs into the filter.
function offer(found) {
  const select = at("filter").elements.method;
  const there = new Set([...select.options].map((option) => option.value));
  for (const run of found) {
    if (there.has(run.method)) continue;
    there.add(run.method);
    const option = document.createElement("option");
    option.textContent = run.method;
    select.append(option);
  }
  at("filter").hidden = found.length < 2;
}

// How many runs are shown, and what they cost together.
function total(shown, all) {
  const count = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
  const known = shown.map((run) => run.cost).filter((cost) => cost !== null);
  const sum = known.reduce((a, b) => a + b, 0);
  const parts = [shown.length < all ? `${shown.length} of ${count(all, "run")}` : count(all, "run")];
  if (known.length) parts.push(dollars(sum));
  if (shown.length > known.length) parts.push(`${count(shown.length - known.length, "cost")} unknown`);
  return parts.join(", ");
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
  at("filter").addEventListener("input", list);
  at("filter").addEventListener("submit", (event) => event.preventDefault());
  list();
  setInterval(list, 1000);
}
