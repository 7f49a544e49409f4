"use strict";

// Sort by a column: numbers by size, words by letter, what has no value last; the second click turns it round.
function sortBy(header) {
  const table = header.closest("table");
  const column = [...header.parentNode.children].indexOf(header);
  const direction = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const rows = [...table.tBodies[0].rows].map((row) => [row.cells[column].dataset.value, row]);
  const isNumeric = rows.every(([value]) => value === undefined || value.trim() !== "" && !isNaN(value));
  rows.sort(([a], [b]) => {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return direction * (isNumeric ? a - b : a.localeCompare(b, "en"));
  });
  for (const other of header.parentNode.children) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

// Keep the rows that hold every word.
function filterBy(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = input.parentNode.nextElementSibling.querySelector("tbody").rows;
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += !row.hidden;
  }
  const all = rows.length === 1 ? "1 row" : `${rows.length} rows`;
  input.nextElementSibling.value = shown === rows.length ? all : `${shown} of ${all}`;
}

// Beside what is pointed at or focused, within the window.
function showLabel(target) {
  const label = document.getElementById("label");
  const owner = target.closest?.("[data-label]");
  label.hidden = !owner;
  if (!owner) return;
  label.textContent = owner.dataset.label;
  const { left, bottom } = owner.getBoundingClientRect();
  label.style.left = `${Math.max(4, Math.min(left, innerWidth - label.offsetWidth - 4))}px`;
  label.style.top = `${Math.max(4, Math.min(bottom + 6, innerHeight - label.offsetHeight - 4))}px`;
}

function switchTheme() {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = isDark ? "light" : "dark";
}

document.addEventListener("click", (event) => {
  const header = event.target.closest("th");
  if (header) sortBy(header);
  else if (event.target.id === "theme") switchTheme();
});
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
document.addEventListener("input", (event) => event.target.type === "search" && filterBy(event.target));
document.addEventListener("pointerover", (event) => showLabel(event.target));
document.addEventListener("focusin", (event) => showLabel(event.target));
