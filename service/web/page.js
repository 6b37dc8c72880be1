"use strict";

const at = (id) => document.getElementById(id);
let models = [], defaultModel = null, answer = null, sent = new Map();
let picked = null; // a file goes to the server byte by byte: its encoding and packing are read there

function headers(extra) {
  const key = at("key").value.trim();
  return key ? { ...extra, Authorization: `Bearer ${key}` } : extra;
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The server cannot be reached. Is it running?");
  }
  const body = await response.json();
  if (response.status === 401 || response.status === 403) at("keybox").hidden = false;
  if (!response.ok) {
    const more = (body.errors || []).slice(1, 6).map((fault) => `${fault.loc.join(".")}: ${fault.msg}`);
    throw new Error([body.detail, ...more].join("\n"));
  }
  return body;
}

async function loadModels() {
  try {
    const known = await call("/models", { headers: headers({}) });
    models = known.models;
    defaultModel = known.default;
  } catch (error) {
    show(error);
    return false;
  }
  at("model").replaceChildren(...models.map((model) => {
    const name = `${model.name}@${model.version}`;
    return new Option(model.freq ? `${name} (${model.freq})` : name, name, false, name === defaultModel);
  }));
  chooseModel();
  return true;
}

function chosen() {
  return models.find((model) => `${model.name}@${model.version}` === at("model").value);
}

function chooseModel() {
  const model = chosen();
  if (!model) return;
  at("horizon").max = model.limits.horizon;
  at("horizon").placeholder = `up to ${model.limits.horizon}`;
}

function show(error) {
  at("error").textContent = error ? error.message : "";
  at("error").style.whiteSpace = "pre-line";
  at("error").hidden = !error;
}

// Bare numbers become a table with one column; anything else is a table, which the server reads and judges.
function asTable(text) {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (!trimmed) throw new Error("Paste some values first, or fill in the example.");
  const words = trimmed.includes(",") || trimmed.includes(";") ? trimmed.split(/[,;\n]/) : trimmed.split(/\s+/);
  const cells = words.map((word) => word.trim());
  if (cells.some((cell) => cell !== "" && !/^(null|nan)$/i.test(cell) && Number.isNaN(Number(cell)))) return trimmed + "\n";
  return "target\n" + cells.map((cell) => (/^(null|nan|)$/i.test(cell) ? '""' : cell)).join("\n") + "\n";
}

// What was sent, by series, to draw it; a table of another dialect is the server's to read, and is not drawn.
function readBack(table) {
  if (typeof table !== "string" || !/(^|,)\s*"?target"?\s*(,|\r?\n|$)/.test(table.split("\n", 1)[0])) return new Map();
  const rows = table.trim().split(/\r?\n/).map((line) => line.split(",").map((cell) => cell.trim().replace(/^"|"$/g, "")));
  const target = rows[0].indexOf("target"), item = rows[0].indexOf("item_id");
  const series = new Map();
  for (const row of rows.slice(1)) {
    const name = item < 0 ? "" : row[item];
    if (!series.has(name)) series.set(name, []);
    const value = row[target];
    series.get(name).push(value === "" || value === undefined || Number.isNaN(Number(value)) ? null : Number(value));
  }
  return series;
}

async function forecast(event) {
  event.preventDefault();
  show(null);
  at("go").disabled = true;
  at("status").textContent = "Forecasting…";
  try {
    if (!models.length && !(await loadModels())) return;
    const table = picked ?? asTable(at("values").value);
    const query = new URLSearchParams({ model: at("model").value });
    if (at("horizon").value) query.set("horizon", at("horizon").value);
    const options = { "Content-Type": "text/csv", Accept: "application/json" };
    answer = await call(`/forecast?${query}`, { method: "POST", headers: headers(options), body: table });
    sent = readBack(table);
    const items = answer.forecasts.map((one) => one.item_id ?? "");
    at("item").replaceChildren(...items.map((name, index) => new Option(name || `series ${index + 1}`, index)));
    at("itembox").hidden = items.length < 2;
    draw();
  } catch (error) {
    at("result").hidden = true;
    show(error);
  } finally {
    at("go").disabled = false;
    at("status").textContent = "";
  }
}

function draw() {
  const one = answer.forecasts[Number(at("item").value) || 0];
  at("result").hidden = Boolean(one.error);
  show(one.error ? new Error(one.error.detail) : null);
  if (one.error) return;
  const levels = Object.keys(one.quantiles).sort((a, b) => a - b);
  const times = one.mean.map((_, step) => (one.start && step === 0 ? one.start : `+${step + 1}`));
  const range = `${levels[0]} to ${levels[levels.length - 1]}`;
  const labels = {
    width: Math.max(320, at("chart").clientWidth),
    summary: `Forecast of ${one.mean.length} steps, from ${tidy(one.mean[0])} to ${tidy(one.mean[one.mean.length - 1])}`,
    first: (count) => `${count} steps before`,
    last: one.start ? `from ${one.start}, ${one.mean.length} × ${one.freq}` : `${one.mean.length} steps ahead`,
  };
  at("chart").replaceChildren(fanChart(sent.get(one.item_id ?? "") ?? [], one, labels));
  const season = one.season > 1 ? `, with a season of ${one.season} steps` : "";
  const name = `${answer.model.name}@${answer.model.version}`;
  at("caption").textContent = `Mean (line) and quantiles ${range} (bands), by ${name}${season}.`;
  at("warnings").replaceChildren(...one.warnings.map((warning) => {
    const entry = document.createElement("li");
    entry.textContent = warning.detail;
    return entry;
  }));
  const line = (tag, cells) => {
    const row = document.createElement("tr");
    for (const cell of cells) row.append(Object.assign(document.createElement(tag), { textContent: cell }));
    return row;
  };
  at("table").replaceChildren(
    line("th", ["step", "mean", ...levels]),
    ...one.mean.map((mean, step) => line("td", [times[step], mean, ...levels.map((l) => one.quantiles[l][step])].map(
      (cell) => (typeof cell === "number" ? tidy(cell) : cell)))),
  );
}

function example() {
  const model = chosen();
  const season = model?.season ?? 24;
  const lines = ["target"];
  for (let step = 0; step < 8 * season; step++) {
    const wave = 100 + 20 * Math.sin((2 * Math.PI * step) / season) + 6 * Math.sin(step * 1.7) * Math.cos(step * 0.31);
    lines.push(step === 5 * season ? '""' : wave.toFixed(1));
  }
  picked = null;
  at("values").value = lines.join("\n");
  at("values").focus();
}

at("form").addEventListener("submit", forecast);
at("example").addEventListener("click", example);
at("model").addEventListener("change", chooseModel);
at("item").addEventListener("change", draw);
at("key").addEventListener("change", () => { show(null); loadModels(); });
at("file").addEventListener("change", async () => {
  const [file] = at("file").files;
  picked = file ?? null;
  if (file) at("values").value = await file.text();
});
at("values").addEventListener("input", () => { picked = null; });
loadModels();
