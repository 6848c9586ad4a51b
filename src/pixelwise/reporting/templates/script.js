"use strict";
(() => {
  const PAGE = 60;
  const form = document.querySelector("form.filter");
  const rows = [...document.querySelectorAll("#claims .claims > li")];
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  let limit = PAGE;

  const matching = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.words.trim().toLowerCase();
    return rows.filter((row) =>
      ["verdict", "basis", "source", "subject"].every((name) => !wanted[name] || row.dataset[name] === wanted[name]) &&
      (!words || row.textContent.toLowerCase().includes(words)));
  };

  const show = () => {
    const found = new Set(matching());
    let shown = 0;
    for (const row of rows) {
      row.hidden = !found.has(row) || shown >= limit;
      if (!row.hidden) shown += 1;
    }
    const total = found.size === 1 ? "1 claim" : `${found.size} claims`;
    count.textContent = shown < found.size ? `${total}, the first ${shown} shown` : total;
    more.hidden = shown >= found.size;
    more.textContent = `Show the other ${found.size - shown}`;
  };

  const changed = () => { limit = PAGE; show(); };

  // A link to anything inside what is folded away opens it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const row = target.closest("#claims .claims > li");
    if (row && row.hidden) {
      for (const field of form.querySelectorAll("select, input")) field.value = "";
      limit = rows.length;
      show();
    }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
    const summary = target.querySelector("summary");
    if (summary && target.tagName === "DETAILS") summary.focus({ preventScroll: true });
  };

  // The figure of a claim is in the page once; an opened row shows it too.
  const preview = (event) => {
    const details = event.target;
    const figure = document.getElementById(`figure-${details.parentNode.dataset.figure}`);
    if (!details.open || !figure || details.querySelector(".preview")) return;
    const picture = figure.querySelector("picture").cloneNode(true);
    picture.lastElementChild.className = "preview";
    details.querySelector(".evidence").append(picture);
  };
  for (const row of rows) if (row.dataset.figure) row.querySelector("details").addEventListener("toggle", preview);

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  more.addEventListener("click", () => {
    const next = rows.find((row) => row.hidden);
    limit = rows.length;
    show();
    const summary = next && next.querySelector("summary");
    if (summary) summary.focus();
  });
  for (const link of document.querySelectorAll("[data-pick]")) {
    link.addEventListener("click", () => { form.reset(); form.elements.verdict.value = link.dataset.pick; form.elements.basis.value = link.dataset.basis; setTimeout(changed); });
  }
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => { if (event.target.closest('a[href^="#"]')) setTimeout(reveal); });
  show();
  reveal();
})();
