"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const size = data.nodes.length, steps = data.time.length;
const TYPES = { float32: Float32Array, int32: Int32Array, int8: Int8Array };
const COLOURS = { influence: "#0072B2", direct: "#D55E00", indirect: "#009E73" };
const LONGEST = 10;
const element = (id) => document.getElementById(id);

// Arrays are compressed, see echolesion.report.explorer.packed.
async function unpacked(array) {
  const bytes = Uint8Array.from(atob(array.data), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new TYPES[array.type](await new Response(stream).arrayBuffer());
}

async function unpackAll(object) {
  const entries = Object.entries(object).map(async ([name, array]) => [name, await unpacked(array)]);
  return Object.fromEntries(await Promise.all(entries));
}

const number = (value, digits = 3) => (value === 0 ? "0" : Number(value).toPrecision(digits));
const state = { regime: null, source: 0, target: 1, shown: "magnitude", order: "" };
const unpackedRegimes = {};
let regime, place;

function options(id, names, labels = names) {
  element(id).replaceChildren(...names.map((name, k) => new Option(labels[k], name)));
}

// The course of a part of the influence, or nothing if only the strongest are in the page and this is not one of them.
function course(part, source, target) {
  const k = place[source * size + target];
  if (k < 0) return null;
  const step = regime[part + "_step"][k];
  const values = Array.from(regime[part + "_course"].subarray(k * steps, (k + 1) * steps), (value) => value * step);
  return { values, error: regime[part + "_error"][k] };
}

function routes(source, target) {
  const weight = (i, j) => Math.abs(regime.weights[i * size + j]);
  const found = [];
  const add = (path, product) => { if (product > 0) found.push({ path, product }); };
  add([source, target], weight(source, target));
  for (let k = 0; k < size; k++) {
    const first = weight(source, k);
    if (k === source || k === target || first === 0) continue;
    add([source, k, target], first * weight(k, target));
    for (let l = 0; l < size; l++) {
      if (l === source || l === target || l === k) continue;
      const last = weight(l, target);
      if (last > 0) add([source, k, l, target], first * weight(k, l) * last);
    }
  }
  return found.sort((a, b) => b.product - a.product).slice(0, LONGEST);
}

function orderOfNodes() {
  const nodes = [...Array(size).keys()];
  if (state.order === "exerted influence" || state.order === "felt influence") {
    const sums = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const power = regime.magnitude[i * size + j] * Math.abs(regime.magnitude[i * size + j]);
        sums[state.order === "exerted influence" ? i : j] += power;
      }
    }
    return nodes.sort((a, b) => sums[b] - sums[a]);
  }
  if (state.order === "name") return nodes.sort((a, b) => data.nodes[a].localeCompare(data.nodes[b], "en", { numeric: true }));
  const group = data.groups[state.order];
  return group ? nodes.sort((a, b) => group[a].localeCompare(group[b], "en", { numeric: true }) || a - b) : nodes;
}

const layout = (more) => ({
  margin: { l: 60, r: 10, t: 10, b: 45 }, font: { size: 12 }, paper_bgcolor: "rgba(0,0,0,0)", legend: { orientation: "h", yanchor: "bottom", y: 1.02 }, ...more,
});
const config = { displaylogo: false, responsive: true };
const names = (source, target) => `${data.nodes[source]} on ${data.nodes[target]}`;

function told(source, target) {
  const k = source * size + target;
  const parts = [["influence", "magnitude"], ["direct", "direct"], ["indirect", "indirect"]].map(
    ([label, key]) => `${label} ${number(regime[key][k])} ± ${number(regime[key + "_se"][k], 2)}`
  );
  const weight = regime.weights[k];
  return `${parts.join(", ")} (s.e.); ${weight === 0 ? "no connection" : `weight ${number(weight)}`}`;
}

function drawMatrix() {
  const order = orderOfNodes(), values = regime[state.shown], signed = state.shown === "weights";
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Magnitudes are shown by their logarithm, over the three decades below the largest.
  const shade = (value) => (signed ? value : value > 0 ? Math.log10(Math.max(value / largest, 1e-3)) : -3);
  const z = order.map((i) => order.map((j) => (i === j ? null : shade(values[i * size + j]))));
  const scale = signed ? { zmin: -largest, zmax: largest, colorscale: "RdBu", reversescale: true } : { zmin: -3, zmax: 0, colorscale: "Cividis" };
  const ticks = signed ? {} : { tickvals: [-3, -2, -1, 0], ticktext: [-3, -2, -1, 0].map((power) => number(largest * 10 ** power)) };
  const trace = { type: "heatmap", z, hoverinfo: "none", ...scale, colorbar: { thickness: 12, len: 0.8, ...ticks } };
  const at = { x: order.indexOf(state.target), y: order.indexOf(state.source) };
  const marker = { type: "scatter", x: [at.x], y: [at.y], mode: "markers", hoverinfo: "none",
    marker: { symbol: "square-open", size: 12, color: "#e00", line: { width: 2 } } };
  const step = Math.max(1, Math.ceil(size / 25));
  const shownTicks = order.map((_, k) => k).filter((k) => k % step === 0);
  const axis = { automargin: true, tickvals: shownTicks, ticktext: shownTicks.map((k) => data.nodes[order[k]]), tickfont: { size: 9 }, constrain: "domain" };
  const plot = element("matrix");
  Plotly.react(plot, [trace, marker], layout({
    height: Math.min(560, plot.clientWidth), margin: { l: 80, r: 0, t: 10, b: 80 }, showlegend: false,
    xaxis: { ...axis, title: { text: "target" } }, yaxis: { ...axis, title: { text: "source" }, autorange: "reversed", scaleanchor: "x" },
  }), config);
  plot.removeAllListeners("plotly_hover");
  plot.removeAllListeners("plotly_click");
  const nodesAt = (event) => [order[Math.round(event.points[0].y)], order[Math.round(event.points[0].x)]];
  plot.on("plotly_hover", (event) => {
    const [source, target] = nodesAt(event);
    element("readout").textContent = source === target ? "" : `${names(source, target)}: ${told(source, target)}`;
  });
  plot.on("plotly_click", (event) => {
    const [source, target] = nodesAt(event);
    if (source !== target) choose({ source, target });
  });
}

function drawCourse() {
  const { source, target } = state;
  element("pair").textContent = `Influence of ${names(source, target)}`;
  const traces = [];
  if (source === target) {
    element("summary").textContent = "A node has no influence on itself: choose two.";
  } else {
    const whole = course("influence", source, target), direct = course("direct", source, target);
    element("summary").textContent = told(source, target) +
      (whole ? "." : ". The page has the courses of the strongest pairs only, and this is none of them.");
    if (whole) {
      const half = data.quantile * whole.error;
      const ends = [...whole.values.map((v) => v + half), ...whole.values.map((v) => v - half).reverse()];
      traces.push({ x: [...data.time, ...[...data.time].reverse()], y: ends, fill: "toself", line: { width: 0 }, mode: "lines",
        fillcolor: "rgba(0,114,178,0.2)", hoverinfo: "skip", name: "95 % (mean over time)" });
      const indirect = whole.values.map((value, t) => value - direct.values[t]);
      for (const [name, values] of [["influence", whole.values], ["direct", direct.values], ["indirect", indirect]]) {
        traces.push({ x: data.time, y: values, name, mode: "lines", line: { color: COLOURS[name], width: name === "influence" ? 2.5 : 1.5 } });
      }
    }
  }
  Plotly.react("course", traces, layout({ height: 300, xaxis: { title: { text: "time (steps)" } }, yaxis: { title: { text: "influence" } } }), config);
  const rows = source === target ? [] : routes(source, target);
  element("routes").tBodies[0].replaceChildren(...rows.map(({ path, product }) => {
    const row = document.createElement("tr");
    for (const text of [path.map((node) => data.nodes[node]).join(" → "), number(product)]) row.insertCell().textContent = text;
    return row;
  }));
}

// The ten strongest influences of a source, or on a target.
function drawStrongest(id, title, at, node) {
  const others = [...Array(size).keys()].filter((other) => other !== node);
  const strongest = others.sort((a, b) => regime.magnitude[at(b)] - regime.magnitude[at(a)]).slice(0, LONGEST).reverse();
  element(`${id}_title`).textContent = title;
  const error = { type: "data", array: strongest.map((other) => data.quantile * regime.magnitude_se[at(other)]), color: "#000", thickness: 1 };
  Plotly.react(id, [{
    type: "bar", orientation: "h", x: strongest.map((other) => regime.magnitude[at(other)]), y: strongest.map((other) => data.nodes[other]),
    error_x: error, marker: { color: COLOURS.influence }, hovertemplate: "%{y}: %{x:.3g} ± %{error_x.array:.2g}<extra></extra>",
  }], layout({ height: 300, margin: { l: 110, r: 10, t: 10, b: 45 }, xaxis: { title: { text: "magnitude of influence" }, rangemode: "tozero" }, yaxis: { type: "category", automargin: true } }), config);
}

async function choose(change) {
  Object.assign(state, change);
  unpackedRegimes[state.regime] ??= await unpackAll(data.regimes[state.regime]);
  regime = unpackedRegimes[state.regime];
  for (const key of ["regime", "source", "target", "shown", "order"]) element(key).value = state[key];
  drawMatrix();
  drawCourse();
  drawStrongest("felt", `Who feels ${data.nodes[state.source]}`, (other) => state.source * size + other, state.source);
  drawStrongest("moved", `Who moves ${data.nodes[state.target]}`, (other) => other * size + state.target, state.target);
  document.body.dataset.ready = JSON.stringify(state);
}

async function start() {
  const kept = await unpacked(data.kept);
  place = new Int32Array(size * size).fill(-1);
  kept.forEach((pair, k) => { place[pair] = k; });
  options("regime", Object.keys(data.regimes));
  for (const id of ["source", "target"]) options(id, [...data.nodes.keys()], data.nodes);
  const orders = ["", ...Object.keys(data.groups), "name", "exerted influence", "felt influence"];
  options("order", orders, ["as in the file", ...orders.slice(1)]);
  for (const key of ["regime", "shown", "order"]) element(key).onchange = (event) => choose({ [key]: event.target.value });
  for (const key of ["source", "target"]) element(key).onchange = (event) => choose({ [key]: Number(event.target.value) });
  state.regime = Object.keys(data.regimes)[0];
  // Begin with the strongest influence.
  const magnitude = await unpacked(data.regimes[state.regime].magnitude);
  const strongest = magnitude.reduce((best, value, k) => (value > magnitude[best] ? k : best), 0);
  await choose({ source: Math.floor(strongest / size), target: strongest % size });
}

start();
