"use strict";
// Shows the calls, a batch at a time, from the page's data. Text goes into the page as text only.
(() => {
  const BATCH = 100;
  const FIELDS = ["number", "member", "role", "layer", "status", "text", "first", "answer", "error",
    "begin", "seconds", "tokensIn", "tokensOut", "cost", "attempts", "prompt", "inside", "reused",
    "messages", "where"];
  const form = document.getElementById("filter");
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const count = document.getElementById("count");
  let data, calls, found, shown, unfolded = false;

  function read(root) {
    data = JSON.parse(root.getElementById("data").textContent);
    calls = data.calls.map((row) =>
      Object.fromEntries(row.map((value, place) => [FIELDS[place], value])));
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function messages(call) {
    return JSON.parse(data.texts[call.messages]).map(([role, place]) => [role, data.texts[place]]);
  }

  function searched(call) {
    if (call.searched === undefined) {
      const parts = [call.member, call.role, call.answer || "", call.error, data.texts[call.text]];
      for (const [, text] of messages(call)) parts.push(text);
      call.searched = parts.join("\n").toLowerCase();
    }
    return call.searched;
  }

  function message(title, text, className) {
    const box = element("div", "mm-message " + (className || ""));
    box.append(element("h3", "", title));
    const pre = element("pre", "", text);
    pre.tabIndex = 0;
    box.append(pre);
    return box;
  }

  function unfold(details, call) {
    if (details.children.length > 1) return;
    const facts = ["begun after " + seconds(call.begin) + " s", "attempts " + call.attempts];
    if (call.prompt) facts.push("prompt " + call.prompt);
    if (call.inside) facts.push("inside " + call.inside);
    if (call.answer !== null) facts.push("answer read: " + call.answer + (call.where ? " (" + call.where + ")" : ""));
    details.append(element("p", "mm-message mm-dim", facts.join(" · ")));
    for (const [role, text] of messages(call)) details.append(message(role, text));
    if (call.error) details.append(message("error", call.error, "mm-wrong"));
    if (data.texts[call.text])
      details.append(message(call.member + " answers", data.texts[call.text], "mm-said"));
  }

  function row(call) {
    const details = element("details", "mm-call" + (call.status === "ok" ? "" : " mm-bad"));
    const summary = element("summary");
    summary.append(element("span", "mm-dim", "#" + call.number), element("strong", "", call.member),
      element("span", "mm-dim", call.role + ", " + data.word + " " + call.layer));
    if (call.status !== "ok") summary.append(element("span", "mm-badge mm-bad", call.status));
    if (call.reused) summary.append(element("span", "mm-badge", "from a " + call.reused));
    const numbers = [seconds(call.seconds) + " s",
      call.tokensIn + " + " + call.tokensOut + " tokens"];
    if (call.cost !== null) numbers.push(dollars(call.cost));
    summary.append(element("span", "mm-numbers", numbers.join(", ")),
      element("span", "mm-first", call.first));
    details.append(summary);
    details.addEventListener("toggle", () => unfold(details, call));
    details.open = unfolded;
    return details;
  }

  function show() {
    const batch = document.createDocumentFragment();
    for (const call of found.slice(shown, shown + BATCH)) batch.append(row(call));
    shown = Math.min(found.length, shown + BATCH);
    list.append(batch);
  }

  function filter() {
    const wanted = new FormData(form);
    const text = wanted.get("text").toLowerCase().trim();
    found = calls.filter((call) =>
      ["member", "role", "status"].every((key) => !wanted.get(key) || call[key] === wanted.get(key))
      && (!text || searched(call).includes(text)));
    count.textContent = found.length === calls.length ? calls.length.toLocaleString("en")
      : found.length.toLocaleString("en") + " of " + calls.length.toLocaleString("en");
    list.replaceChildren();
    shown = 0;
    show();
  }

  function fold(event) {
    const button = event.target.closest("[data-fold]");
    if (!button) return;
    const open = Boolean(button.dataset.fold);
    for (const part of document.querySelectorAll("details.mm-part")) part.open = open;
    unfolded = open;
    for (const details of list.children) details.open = open;
  }

  // A live page asks the server for news and takes over what has changed, folds and filters kept.
  async function follow(known) {
    let mark = known;
    try {
      const answer = await fetch(data.live, mark ? { headers: { "If-None-Match": mark } } : {});
      if (answer.status === 200) {
        mark = answer.headers.get("ETag");
        update(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } catch {
      // The server may be restarted: ask again later.
    }
    if (!data.finished) setTimeout(follow, 1000, mark);
  }

  function update(news) {
    const name = (part) => part.querySelector("summary").firstChild.textContent.trim();
    const folds = new Map();
    for (const part of document.querySelectorAll("#run details.mm-part"))
      folds.set(name(part), part.open);
    const open = new Set();
    list.querySelectorAll("details").forEach((details, place) => {
      if (details.open) open.add(found[place].number);
    });
    read(news);
    document.getElementById("run").replaceWith(news.getElementById("run"));
    for (const part of document.querySelectorAll("#run details.mm-part"))
      if (folds.has(name(part))) part.open = folds.get(name(part));
    for (const key of ["member", "role", "status"]) {
      const chosen = form.elements[key].value;
      form.elements[key].replaceWith(news.getElementById("filter").elements[key]);
      form.elements[key].value = chosen;
    }
    const before = shown;
    filter();
    while (shown < Math.min(before, found.length)) show();
    list.querySelectorAll("details").forEach((details, place) => {
      details.open = open.has(found[place].number);
    });
  }

  read(document);
  filter();
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", fold);
  new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting) && shown < found.length) show();
  }, { rootMargin: "1200px" }).observe(more);
  if (data.live && !data.finished) follow("");
})();
