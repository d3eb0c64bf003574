"use strict";
// Verdicts of another scale or machine beside this page's: the reader picks its claims.csv, nothing is sent anywhere.
(() => {
  const picked = document.getElementById("others");
  const told = document.getElementById("compared");
  const claims = new Map([...document.querySelectorAll(".claim")].map(claim => [claim.dataset.id, claim]));
  const cells = new Map([...document.querySelectorAll(".cell")].map(cell => [cell.dataset.id, cell]));
  const badges = new Map();
  for (const entry of document.querySelectorAll(".legend .badge")) badges.set(entry.classList[1], entry);

  // RFC 4180: fields may be quoted, and hold commas, line ends and doubled quotes.
  function rows(text) {
    const table = [[]];
    const field = /("((?:[^"]|"")*)"|[^",\r\n]*)(,|\r?\n|$)/gy;
    while (field.lastIndex < text.length) {
      const match = field.exec(text);
      if (!match) return [];
      table.at(-1).push(match[2] === undefined ? match[1] : match[2].replaceAll('""', '"'));
      if (match[3] !== "," && field.lastIndex < text.length) table.push([]);
    }
    const [names, ...values] = table;
    return values.map(row => Object.fromEntries(names.map((name, i) => [name, row[i]])));
  }

  function number(text) {
    return text === "" || text === undefined ? "" : String(Number(Number(text).toPrecision(3)));
  }

  function beside(claim, row, name) {
    const line = document.createElement("div");
    const key = document.createElement("dt");
    const value = document.createElement("dd");
    line.className = "other";
    key.textContent = name;
    const interval = row.low && row.high ? ` [${number(row.low)}, ${number(row.high)}]` : "";
    value.append(badges.get(row.verdict).cloneNode(true), ` ${number(row.value)}${interval}`);
    line.append(key, value);
    claim.querySelector(".values").append(line);
  }

  function compare(name, table) {
    const known = table.filter(row => claims.has(row.id) && badges.has(row.verdict));
    if (!known.length) return `${name} is no claims.csv of this workflow.`;
    const verdict = row => claims.get(row.id).dataset.verdict;
    const judged = known.filter(row => ![row.verdict, verdict(row)].includes("not_judged"));
    for (const row of known) {
      beside(claims.get(row.id), row, name);
      if (row.verdict !== verdict(row)) cells.get(row.id)?.classList.add("differs");
    }
    const other = judged.filter(row => row.verdict !== verdict(row)).length;
    const decided = ["reproduced", "not_reproduced"];
    const against = judged.filter(
      row => row.verdict !== verdict(row) && decided.includes(row.verdict) && decided.includes(verdict(row))
    ).length;
    return `${name}: ${judged.length} claims are judged in both, ${other} otherwise, ${against} the opposite way.`;
  }

  picked.closest("p").hidden = false;
  picked.addEventListener("change", async () => {
    for (const line of document.querySelectorAll(".other")) line.remove();
    for (const cell of cells.values()) cell.classList.remove("differs");
    const sentences = [];
    for (const file of picked.files) sentences.push(compare(file.name, rows(await file.text())));
    told.textContent = sentences.join(" ");
  });
})();
