"use strict";

// /openapi.json, readable: every path, its parameters, bodies and answers, then every shape.
function make(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function table(heads, rows) {
  const made = make("table"), head = make("tr");
  heads.forEach((text) => head.append(make("th", text)));
  made.append(head);
  for (const cells of rows) {
    const row = make("tr");
    for (const cell of cells) {
      const box = make("td", undefined, "text");
      box.append(cell);
      row.append(box);
    }
    made.append(row);
  }
  const scroll = make("div", undefined, "scroll");
  scroll.append(made);
  return scroll;
}

function kind(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop(), link = make("a", name);
    link.href = `#${name}`;
    return link;
  }
  const span = make("span");
  const join = (parts, mark) => parts.forEach((part, index) => span.append(index ? mark : "", kind(part)));
  if (schema.anyOf) join(schema.anyOf, " | ");
  else if (schema.type === "array") span.append("list of ", kind(schema.items));
  else if (schema.additionalProperties && typeof schema.additionalProperties === "object") {
    span.append("object of ", kind(schema.additionalProperties));
  } else span.append(schema.enum ? schema.enum.map((one) => JSON.stringify(one)).join(" | ")
    : schema.const !== undefined ? JSON.stringify(schema.const) : schema.type || "anything");
  const limits = { minimum: "≥", maximum: "≤", exclusiveMinimum: ">", exclusiveMaximum: "<" };
  for (const [name, sign] of Object.entries(limits)) if (name in schema) span.append(` ${sign} ${schema[name]}`);
  return span;
}

function operation(path, method, told) {
  const part = make("section"), head = make("h2");
  head.append(make("span", method.toUpperCase(), "method"), ` ${path}`);
  part.append(head, make("p", told.description || told.summary || ""));
  if (told.parameters?.length) {
    part.append(table(["parameter", "in", "type", ""], told.parameters.map(
      (one) => [make("code", one.name), one.in, kind(one.schema), one.description || ""])));
  }
  const bodies = Object.entries(told.requestBody?.content || {});
  if (bodies.length) part.append(table(["body", "shape"], bodies.map(([type, body]) => [make("code", type), kind(body.schema)])));
  part.append(table(["answer", "", "shape"], Object.entries(told.responses).map(([status, answer]) => {
    const shapes = make("span");
    for (const [type, body] of Object.entries(answer.content || {})) {
      const line = make("div");
      line.append(make("code", type), " ", kind(body.schema));
      shapes.append(line);
    }
    return [make("code", status), answer.description, shapes];
  })));
  return part;
}

function shape(name, schema) {
  const part = make("section"), head = make("h2", name);
  head.id = name;
  part.append(head, make("p", schema.description || ""));
  const needed = schema.required || [];
  part.append(table(["field", "type", ""], Object.entries(schema.properties || {}).map(([field, told]) =>
    [make("code", needed.includes(field) ? `${field} *` : field), kind(told), told.description || ""])));
  return part;
}

const SAMPLE = `curl ${location.origin}/forecast -H 'Content-Type: application/json' -d '
{"series": [{"item_id": "plant-7", "target": [12.1, null, 12.9], "session": "plant-7"}], "horizon": 3}'`;

fetch("/openapi.json").then((response) => response.json()).then((api) => {
  const main = document.getElementById("main");
  main.replaceChildren(make("p", api.info.description), make("pre", SAMPLE));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, told] of Object.entries(methods)) main.append(operation(path, method, told));
  }
  main.append(make("p", "Fields with * are required.", "quiet"));
  for (const [name, schema] of Object.entries(api.components.schemas)) main.append(shape(name, schema));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}).catch((error) => document.getElementById("main").replaceChildren(make("p", `The documents cannot be read: ${error}`)));
