"use strict";

// Runs before the page is drawn, so that it never shows the wrong theme first. A browser may refuse storage for files.
const remembered = {
  get() { try { return localStorage.getItem("hsbench-theme"); } catch { return null; } },
  set(theme) { try { localStorage.setItem("hsbench-theme", theme); } catch { /* the choice lasts for this page */ } },
};
if (remembered.get()) document.documentElement.dataset.theme = remembered.get();

function offerThemes() {
  const button = document.querySelector(".theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    remembered.set(next);
  });
}

// A cell sorts by data-value where it has one: a number, or nothing, which comes last in either direction.
function key(row, column) {
  const cell = row.cells[column];
  const value = cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
  return { missing: value === "", number: Number(value), value };
}

function compare(a, b, sign) {
  if (a.missing || b.missing) return a.missing - b.missing;
  const numbers = !Number.isNaN(a.number) && !Number.isNaN(b.number);
  return sign * (numbers ? a.number - b.number : a.value.localeCompare(b.value, "en", { numeric: true }));
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const original = [...body.rows];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const before = head.getAttribute("aria-sort");
    const next = { null: "ascending", ascending: "descending", descending: null }[before];
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    const rows = [...original];
    if (next) {
      head.setAttribute("aria-sort", next);
      const keys = new Map(rows.map((row) => [row, key(row, column)]));
      rows.sort((a, b) => compare(keys.get(a), keys.get(b), next === "ascending" ? 1 : -1));
    }
    body.append(...rows);
  }));
}

function makeFilterable(grid) {
  const input = grid.querySelector("input[type=search]");
  if (!input) return;
  const output = grid.querySelector("output");
  const rows = [...grid.querySelector("table").tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    output.value = input.value.trim() ? `${shown} of ${rows.length} rows` : "";
  });
}

document.addEventListener("DOMContentLoaded", () => {
  offerThemes();
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  document.querySelectorAll(".grid").forEach(makeFilterable);
  // Opens the folded parts of an entry that a link points to.
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) target.querySelectorAll("details").forEach((details) => { details.open = true; });
});
