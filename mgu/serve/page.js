"use strict";

const EVERY_MS = 2000;
const byId = (id) => document.getElementById(id);
let report = 0;

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function showExperiment(own) {
  const item = document.createElement("li");
  const bar = document.createElement("progress");
  const over = ["done", "diverged", "failed", "unreadable"].reduce((sum, state) => sum + (own.counts[state] ?? 0), 0);
  bar.max = Math.max(own.total, 1);
  bar.value = over;
  bar.setAttribute("aria-label", `${over} of ${own.total} runs of ${own.name} are over`);
  item.append(element("strong", own.name), bar, element("span", own.text), element("span", own.left, "left"));
  return item;
}

function showRun(own) {
  const row = document.createElement("tr");
  const epochs = own.epochs === null ? "setting up" : `${own.epochs_done} of at most ${own.epochs}`;
  row.append(...[own.name, own.experiment, epochs, own.left].map((text) => element("td", text)));
  return row;
}

function showList(details, number, words, items, more) {
  details.hidden = !number;
  details.querySelector("summary").textContent = words;
  details.querySelector("tbody, ul").replaceChildren(...items);
  if (more) details.querySelector("tbody, ul").append(element("li", `and ${more} more`));
}

function showReasons(id, reasons, more, word) {
  const number = reasons.length + more;
  const lines = reasons.map(([name, reason]) => element("li", `${name}: ${reason}`));
  showList(byId(id), number, `${number} ${word}`, lines, more);
}

function show(state) {
  if (!state.experiments) return showFault("The runs are being read for the first time.");
  byId("experiments").replaceChildren(...state.experiments.map(showExperiment));
  const running = state.running.length + state.more_running;
  showList(byId("runs"), running, `${running} under way`, state.running.map(showRun), state.more_running);
  showReasons("failures", state.failed, state.more_failed, "failed");
  showReasons("unreadable", state.unreadable, state.more_unreadable, "unreadable");
  showFault(state.fault);
  document.title = running ? `${running} under way: mgu runs` : "mgu runs";
  if (state.report !== report) renew(state.report);
}

function showFault(text) {
  byId("fault").hidden = !text;
  byId("fault").textContent = text ?? "";
}

// The report is loaded anew, and is left as its reader had it: place, theme, filters, order of rows, what is open.
function renew(version) {
  const frame = byId("report");
  const before = frame.contentDocument;
  const kept = {
    top: frame.contentWindow.scrollY,
    theme: before.documentElement.dataset.theme,
    filters: [...before.querySelectorAll("input[type=search]")].map((input) => input.value),
    orders: [...before.querySelectorAll("th")].map((header) => header.getAttribute("aria-sort")),
    open: [...before.querySelectorAll("details")].map((details) => details.open),
  };
  frame.addEventListener("load", () => restore(frame, kept), { once: true });
  frame.contentWindow.location.replace("/report");
  report = version;
}

function restore(frame, kept) {
  const page = frame.contentDocument;
  if (kept.theme) page.documentElement.dataset.theme = kept.theme;
  page.querySelectorAll("details").forEach((details, place) => { details.open = kept.open[place] ?? false; });
  page.querySelectorAll("th").forEach((header, place) => {
    const clicks = { ascending: 1, descending: 2 }[kept.orders[place]] ?? 0;
    for (let click = 0; click < clicks; click++) header.querySelector("button").click();
  });
  page.querySelectorAll("input[type=search]").forEach((input, place) => {
    input.value = kept.filters[place] ?? "";
    if (input.value) input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  frame.contentWindow.scrollTo(0, kept.top);
}

async function follow() {
  try {
    const answer = await fetch("/state");
    show(await answer.json());
  } catch {
    showFault("mgu-run serve has ended: this page is as it was then.");
  }
  setTimeout(follow, document.hidden ? 5 * EVERY_MS : EVERY_MS);
}

follow();
