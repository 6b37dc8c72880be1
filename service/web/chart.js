"use strict";

// A fan chart as SVG: the past as a line with holes, the forecast as nested bands around its mean.
function fanChart(past, forecast, labels) {
  const W = labels.width, H = Math.max(260, 0.42 * labels.width), left = 60, right = 12, top = 12, bottom = 36;
  const levels = Object.keys(forecast.quantiles).sort((a, b) => a - b);
  const steps = forecast.mean.length;
  const shown = past.slice(-Math.max(4 * steps, 48));
  const known = shown.filter((v) => v !== null);
  const all = known.concat(forecast.mean, ...levels.map((level) => forecast.quantiles[level]));
  let low = all.reduce((a, b) => Math.min(a, b), Infinity), high = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  low -= room; high += room;
  const count = shown.length + steps;
  const x = (i) => left + ((W - left - right) * i) / Math.max(1, count - 1);
  const y = (v) => top + ((H - top - bottom) * (high - v)) / (high - low);
  const node = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const svg = node("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": labels.summary });
  for (let i = 0; i <= 4; i++) {
    const value = low + ((high - low) * i) / 4;
    svg.append(node("line", { class: "grid", x1: left, x2: W - right, y1: y(value), y2: y(value) }));
    svg.append(node("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, tidy(value)));
  }
  const ahead = (values) => values.map((v, i) => `${x(shown.length + i)},${y(v)}`);
  for (let i = 0; i < Math.floor(levels.length / 2); i++) {
    const upper = ahead(forecast.quantiles[levels[levels.length - 1 - i]]);
    const lower = ahead(forecast.quantiles[levels[i]]).reverse();
    svg.append(node("polygon", { class: "band", points: upper.concat(lower).join(" ") }));
  }
  let path = "", pen = "M";
  shown.forEach((v, i) => {
    if (v === null) { pen = "M"; return; }
    path += `${pen}${x(i)},${y(v)}`;
    pen = "L";
    const alone = (shown[i - 1] ?? null) === null && (shown[i + 1] ?? null) === null;
    if (alone) svg.append(node("circle", { class: "dot", cx: x(i), cy: y(v), r: 2.5 }));
  });
  svg.append(node("path", { class: "past", d: path || "M0,0" }));
  const last = shown[shown.length - 1];
  const joint = last === null || last === undefined ? [] : [`${x(shown.length - 1)},${y(last)}`];
  svg.append(node("polyline", { class: "ahead", points: joint.concat(ahead(forecast.mean)).join(" ") }));
  const now = x(shown.length - 0.5);
  svg.append(node("line", { class: "now", x1: now, x2: now, y1: top, y2: H - bottom }));
  svg.append(node("text", { x: left, y: H - 10 }, labels.first(shown.length)));
  svg.append(node("text", { x: W - right, y: H - 10, "text-anchor": "end" }, labels.last));
  return svg;
}

function tidy(value) {
  const size = Math.abs(value);
  return size !== 0 && (size >= 1e6 || size < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(5)));
}
