"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const filters = document.getElementById("filters");
  const buttons = all("button[data-kind]", filters);
  const reset = document.getElementById("reset");
  const shown = document.getElementById("shown");
  const cells = all(".cell");
  const everything = shown.textContent;

  // Pressed buttons of one kind widen, kinds narrow each other; nothing pressed: all is shown.
  const pressed = kind =>
    buttons.filter(b => b.dataset.kind === kind && b.getAttribute("aria-pressed") === "true").map(b => b.dataset.value);

  function show() {
    const wanted = { verdict: pressed("verdict"), study: pressed("study"), paper: pressed("paper") };
    const active = Object.values(wanted).some(values => values.length);
    const fits = item => Object.entries(wanted).every(([kind, values]) => !values.length || values.includes(item.dataset[kind]));
    for (const cell of cells) cell.classList.toggle("off", !fits(cell));
    for (const item of all(".claim, .printed tbody tr")) item.hidden = !fits(item);
    // A figure without claims goes with its study, and steps back where verdicts or papers are asked for.
    const only = wanted.verdict.length || wanted.paper.length;
    const studies = wanted.study;
    for (const part of all(".exhibit, .loose, .printed")) {
      const items = all(".claim, .stacked tbody tr", part);
      const inStudy = !studies.length || studies.includes(part.closest(".study").dataset.study);
      part.hidden = active && !(items.some(item => !item.hidden) || (inStudy && !only));
    }
    for (const study of all(".study")) study.hidden = active && all(".exhibit, .loose", study).every(part => part.hidden);
    for (const row of all(".matrix tbody tr")) row.hidden = studies.length > 0 && !studies.includes(row.dataset.study);
    tell(wanted);
    const count = cells.filter(cell => !cell.classList.contains("off")).length;
    shown.textContent = active ? `${count} of ${cells.length} claims shown.` : everything;
    reset.hidden = !active;
  }

  // Beside a choice: how many claims it has among those that the other kinds of filters let through.
  function tell(wanted) {
    const number = (within, kind, value) => within.filter(cell => cell.dataset[kind] === value).length;
    for (const button of buttons) {
      const others = Object.entries(wanted).filter(([kind, values]) => kind !== button.dataset.kind && values.length);
      const fitting = cells.filter(cell => others.every(([kind, values]) => values.includes(cell.dataset[kind])));
      const told = button.querySelector("[data-count]");
      if (told) told.textContent = number(fitting, button.dataset.kind, button.dataset.value);
    }
    const verdicts = buttons.filter(b => b.dataset.kind === "verdict").map(b => b.dataset.value);
    for (const row of all(".matrix tbody tr, .matrix tfoot tr")) {
      const within = (row.dataset.study ? all(".cell", row) : cells).filter(cell => !cell.classList.contains("off"));
      all(".count", row).forEach((place, i) => (place.textContent = number(within, "verdict", verdicts[i])));
    }
  }

  function clear() {
    for (const button of buttons) button.setAttribute("aria-pressed", "false");
    show();
  }

  // A link may lead to what a filter hides.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.closest("[hidden]")) {
      clear();
      target.scrollIntoView();
    }
  }

  filters.hidden = false;
  filters.addEventListener("submit", event => event.preventDefault());
  filters.addEventListener("click", event => {
    const button = event.target.closest("button[data-kind]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    show();
  });
  reset.addEventListener("click", () => {
    clear();
    buttons[0].focus();
  });
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => {
    for (const details of all(".claim details")) details.open = true;
    for (const image of all("img[loading]")) image.loading = "eager";
  });

  const theme = document.getElementById("theme");
  const night = matchMedia("(prefers-color-scheme: dark)");
  const remember = value => {
    try {
      if (value === undefined) return localStorage.getItem("anarch-theme");
      localStorage.setItem("anarch-theme", value);
    } catch {
      // a browser that keeps nothing for pages from disk
    }
    return null;
  };
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : night.matches);
  const label = () => theme.setAttribute("aria-pressed", String(isDark()));
  const kept = remember();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    label();
  });
  night.addEventListener("change", label);
  label();
})();
