
"use strict";
(() => {
  const table = document.querySelector("#accounts table");
  if (!table) return;
  document.documentElement.classList.add("js");
  const bodies = Array.from(table.tBodies);
  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const all = shown.textContent;
  const chosen = new Set();
  let texts = null;

  // Hides what does not hold every word, or has none of the chosen verdicts.
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length > 0 && texts === null) {
      texts = new Map(bodies.map((body) => [body, body.textContent.toLowerCase()]));
    }
    let count = 0;
    for (const body of bodies) {
      const fits =
        (chosen.size === 0 || chosen.has(body.classList[0])) &&
        words.every((word) => texts.get(body).includes(word));
      if (body.hidden === fits) body.hidden = !fits;
      if (fits) count += 1;
    }
    shown.textContent = count === bodies.length ? all : count + " of " + all;
  };
  let pending = 0;
  filter.addEventListener("input", () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(apply);
  });

  for (const total of document.querySelectorAll(".total")) {
    total.addEventListener("click", () => {
      const verdict = total.dataset.verdict;
      const on = !chosen.delete(verdict);
      if (on) chosen.add(verdict);
      total.setAttribute("aria-pressed", String(on));
      apply();
    });
  }

  // Sorts by a number where the cell names one, else by its text; equal rows keep their order.
  const sort = (head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (body) => {
      const cell = body.firstElementChild.children[column];
      return cell.dataset.sort === undefined ? cell.textContent : Number(cell.dataset.sort);
    };
    const keyed = bodies.map((body, place) => ({ body, place, key: key(body) }));
    const order = new Intl.Collator("en", { numeric: true }).compare;
    keyed.sort((a, b) => {
      const found = typeof a.key === "number" ? a.key - b.key : order(a.key, b.key);
      return (down ? -found : found) || a.place - b.place;
    });
    // Rows of a table that is on the page are moved ten times as slowly.
    const [parent, next, focus] = [table.parentNode, table.nextSibling, document.activeElement];
    table.remove();
    table.append(...keyed.map(({ body }) => body));
    parent.insertBefore(table, next);
    focus.focus({ preventScroll: true });
  };
  for (const button of table.tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => sort(button.parentElement, Number(button.dataset.column)));
  }

  table.addEventListener("click", (event) => {
    const link = event.target.closest("td:first-child > a");
    if (!link || link.closest(".more")) return;
    event.preventDefault();
    const open = link.closest("tbody").classList.toggle("open");
    link.setAttribute("aria-expanded", String(open));
  });
  const expand = document.getElementById("expand");
  expand.addEventListener("click", () => {
    const on = table.classList.toggle("all");
    expand.setAttribute("aria-pressed", String(on));
  });
})();
