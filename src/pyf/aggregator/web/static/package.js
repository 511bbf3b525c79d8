// The chart of a package that can be worked with. What the page holds before is a drawing that needs
// no script; the chart library is loaded when somebody first asks for more than that.

const place = document.querySelector("[data-chart]") || document.createElement("div");
const DIMENSIONS = {
  overall: "Overall",
  python_major: "Python major",
  python_minor: "Python minor",
  system: "Operating system",
  version: "Package version",
  installer: "Installer",
  country: "Country",
};
const RANGES = ["30", "60", "90", "120", "180", "all"];
const STEPS = { day: "by day", week: "by week", month: "by month" };
const MOST_LINES = 12;
const DAY = 86400000;
const answers = new Map();
let library = null;
let drawn = 0;

const asked = (() => {
  const given = new URLSearchParams(location.search);
  const one = (name, known, usual) => (known.includes(given.get(name)) ? given.get(name) : usual);
  return {
    by: one("by", Object.keys(DIMENSIONS), "overall"),
    range: one("range", RANGES, "90"),
    step: one("step", Object.keys(STEPS), "day"),
    unit: one("unit", ["absolute", "percent"], "absolute"),
    mirrors: one("mirrors", ["0", "1"], "0"),
    mean: one("mean", ["0", "1"], "1"),
    from: given.get("from") || "",
    to: given.get("to") || "",
  };
})();

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// ---- the data

async function rowsOf(dimension) {
  if (!answers.has(dimension)) {
    const answer = await fetch(`/api/packages/${encodeURIComponent(place.dataset.package)}/${dimension}`);
    if (!answer.ok) throw new Error(`the site answered ${answer.status}`);
    answers.set(dimension, (await answer.json()).data);
  }
  return answers.get(dimension);
}

const iso = (time) => new Date(time).toISOString().slice(0, 10);

function everyDay(rows) {
  const last = asked.to || place.dataset.through;
  const first = asked.from || (asked.range === "all"
    ? rows.reduce((least, row) => (row.date < least ? row.date : least), last)
    : iso(Date.parse(last) - (Number(asked.range) - 1) * DAY));
  const days = [];
  for (let time = Date.parse(first); time <= Date.parse(last); time += DAY) days.push(iso(time));
  return days;
}

function startOf(day) {
  if (asked.step === "month") return `${day.slice(0, 8)}01`;
  const time = Date.parse(day);
  return iso(time - ((new Date(time).getUTCDay() + 6) % 7) * DAY);
}

function lengthOf(start) {
  if (asked.step === "week") return 7;
  const [year, month] = start.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

// First days of weeks or months with the places of their days; one that is not whole would be a drop.
function steps(days) {
  if (asked.step === "day") return days.map((day, i) => [day, [i]]);
  const found = new Map();
  days.forEach((day, i) => found.set(startOf(day), [...(found.get(startOf(day)) || []), i]));
  return [...found].filter(([start, places]) => places.length === lengthOf(start));
}

function summed(values, places) {
  if (places.some((i) => values[i] === null)) return null;
  return places.reduce((whole, i) => whole + values[i], 0);
}

function trailingMean(values) {
  return values.map((_, i) => {
    const known = values.slice(Math.max(0, i - 6), i + 1).filter((value) => value !== null);
    return known.length >= 4 ? known.reduce((a, b) => a + b, 0) / known.length : null;
  });
}

// A day is known when overall has a row of it; then a category without a row has 0 downloads.
async function lines() {
  const [rows, overall] = await Promise.all([rowsOf(asked.by), rowsOf("overall")]);
  const every = everyDay(overall);
  const buckets = steps(every);
  const days = buckets.map(([start]) => start);
  const known = new Set(overall.map((row) => row.date));
  const by = new Map();
  for (const row of rows) {
    if (!by.has(row.category)) by.set(row.category, new Map());
    by.get(row.category).set(row.date, row.downloads);
  }
  if (asked.by === "overall" && asked.mirrors === "0") by.delete("with_mirrors");
  let found = [...by].map(([category, counts]) => ({
    label: category === "null" ? "unknown" : category.replace("_", " "),
    daily: every.map((day) => (known.has(day) ? counts.get(day) || 0 : null)),
  })).map(({ label, daily }) => ({ label, values: buckets.map(([, places]) => summed(daily, places)) }));
  const sum = (line) => line.values.reduce((whole, value) => whole + (value || 0), 0);
  found.sort((a, b) => sum(b) - sum(a));
  if (found.length > MOST_LINES) {
    const rest = found.splice(MOST_LINES - 1);
    found.push({ label: "other", values: days.map((_, i) => (rest[0].values[i] === null ? null : rest.reduce((w, line) => w + line.values[i], 0))) });
  }
  if (asked.unit === "percent" && asked.by !== "overall") {
    const whole = days.map((_, i) => found.reduce((total, line) => total + (line.values[i] || 0), 0));
    found = found.map((line) => ({ ...line, values: line.values.map((value, i) => (value === null || !whole[i] ? null : (100 * value) / whole[i])) }));
  }
  return { every, days, found };
}

// ---- the drawing

function came(node) {
  return new Promise((resolve, reject) => {
    node.onload = resolve;
    node.onerror = () => reject(new Error("the chart library did not come"));
    document.head.append(node);
  });
}

function load() {
  // Plotly writes its rules into the sheet of this id; a style element of its own would be inline.
  const sheet = el("link", { rel: "stylesheet", id: "plotly.js-style-global", href: place.dataset.sheet });
  // Where an element of such an id is, it adds no sheet for maps, of which there are none.
  if (!library) place.dataset.sheets.split(" ").filter(Boolean).forEach((id) => document.head.append(el("meta", { id })));
  library ??= came(sheet)
    .then(() => came(el("script", { src: place.dataset.library })))
    .then(() => window.Plotly);
  return library;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];

function traces(days, found) {
  return found.flatMap((line, i) => {
    const look = { color: colour(`--c${(i % 8) + 1}`), width: 2, dash: DASHES[Math.floor(i / 2) % DASHES.length] };
    const usual = { x: days, name: line.label, mode: asked.step === "day" ? "lines" : "lines+markers", type: "scatter", connectgaps: false };
    const suffix = asked.unit === "percent" && asked.by !== "overall" ? " %" : "";
    const hovertemplate = `%{y:,.${suffix ? 1 : 0}f}${suffix}`;
    if (asked.mean === "0" || asked.step !== "day") return [{ ...usual, y: line.values, line: look, hovertemplate }];
    return [
      { ...usual, y: line.values, line: { ...look, width: 1, dash: "solid" }, opacity: 0.35, showlegend: false, hoverinfo: "skip" },
      { ...usual, y: trailingMean(line.values), line: look, hovertemplate },
    ];
  });
}

function releases(days) {
  const shown = new Set(days);
  return place.dataset.releases.split(";").filter(Boolean).map((text) => text.trim().split(" "))
    .filter(([day]) => shown.has(day)).slice(0, 25);
}

function layout(every) {
  const marks = releases(every);
  const percent = asked.unit === "percent" && asked.by !== "overall";
  const ink = colour("--text");
  const axis = { gridcolor: colour("--line"), zerolinecolor: colour("--line"), color: ink };
  return {
    paper_bgcolor: colour("--back"),
    plot_bgcolor: colour("--back"),
    font: { color: ink, family: "system-ui, sans-serif", size: 13 },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("--panel"), bordercolor: colour("--edge"), font: { color: ink } },
    margin: { l: 60, r: 16, t: 34, b: 40 },
    legend: { orientation: "h", y: -0.16 },
    xaxis: { ...axis, type: "date" },
    yaxis: { ...axis, rangemode: "tozero", ticksuffix: percent ? " %" : "", separatethousands: true },
    shapes: marks.map(([day]) => ({ type: "line", x0: day, x1: day, yref: "paper", y0: 0, y1: 1, line: { color: colour("--edge"), width: 1, dash: "dot" } })),
    annotations: marks.map(([day, version]) => ({ x: day, yref: "paper", y: 1.07, text: version, showarrow: false, font: { size: 11, color: colour("--quiet") } })),
  };
}

async function draw() {
  const mine = ++drawn;
  told.textContent = "Loading the chart …";
  try {
    const [Plotly, { every, days, found }] = await Promise.all([load(), lines()]);
    if (mine !== drawn) return;
    place.querySelector("figure").hidden = true;
    stage.hidden = false;
    const options = { responsive: true, displaylogo: false, displayModeBar: false, locale: "en-US" };
    await Plotly.react(stage, traces(days, found), layout(every), options);
    const what = found.map((line) => line.label).join(", ");
    const by = asked.step === "day" ? "" : ` ${STEPS[asked.step]}, whole ones only`;
    told.textContent = !found.length ? "No data"
      : days.length ? `${DIMENSIONS[asked.by]}, ${every[0]} to ${every.at(-1)}${by}: ${what}`
      : `From ${every[0]} to ${every.at(-1)} there is no whole ${asked.step}.`;
  } catch (error) {
    told.textContent = `The chart cannot be drawn: ${error.message}. The drawing above stays.`;
  }
  const query = asked.step === "day" ? "" : `?bucket=${asked.step}`;
  csv.href = `/api/packages/${encodeURIComponent(place.dataset.package)}/${asked.by}.csv${query}`;
  csv.download = `${place.dataset.package}-${asked.by}.csv`;
}

function remember() {
  const given = new URLSearchParams(location.search);
  const usual = { by: "overall", range: "90", step: "day", unit: "absolute", mirrors: "0", mean: "1", from: "", to: "" };
  for (const [name, value] of Object.entries(asked)) {
    if (value === usual[name]) given.delete(name);
    else given.set(name, value);
  }
  history.replaceState(null, "", given.size ? `?${given}${location.hash}` : location.pathname + location.hash);
}

// ---- the controls

function change(changes) {
  Object.assign(asked, changes);
  remember();
  controls.querySelectorAll("button[data-set]").forEach((button) => {
    const [name, value] = button.dataset.set.split("=");
    button.setAttribute("aria-pressed", String(asked[name] === value && !(name === "range" && asked.from)));
  });
  draw();
}

function choice(legend, name, values) {
  return el("div", { class: "choice", role: "group", "aria-label": legend }, ...values.map(([value, label]) => {
    const button = el("button", { type: "button", "data-set": `${name}=${value}`, "aria-pressed": String(asked[name] === value) }, label);
    button.addEventListener("click", () => change(name === "range" ? { range: value, from: "", to: "" } : { [name]: value }));
    return button;
  }));
}

function toggle(name, label) {
  const box = el("input", { type: "checkbox", checked: asked[name] === "1" });
  box.addEventListener("change", () => change({ [name]: box.checked ? "1" : "0" }));
  return el("label", { class: "toggle" }, box, label);
}

function dayField(name, label) {
  const field = el("input", { type: "date", value: asked[name], max: place.dataset.through });
  field.addEventListener("change", () => change({ [name]: field.value }));
  return el("label", { class: "toggle" }, label, field);
}

function picture(format) {
  const button = el("button", { type: "button" }, format.toUpperCase());
  button.addEventListener("click", async () => {
    const Plotly = await load();
    if (stage.hidden) await draw();
    Plotly.downloadImage(stage, { format, width: 1200, height: 600, filename: `${place.dataset.package}-${asked.by}` });
  });
  return button;
}

const select = el("select", { "aria-label": "Downloads by" },
  ...Object.entries(DIMENSIONS).map(([value, label]) => el("option", { value, selected: asked.by === value }, label)));
select.addEventListener("change", () => change({ by: select.value }));
const step = el("select", { "aria-label": "Steps" },
  ...Object.entries(STEPS).map(([value, label]) => el("option", { value, selected: asked.step === value }, label)));
step.addEventListener("change", () => change({ step: step.value }));
const csv = el("a", { class: "button", href: `/api/packages/${encodeURIComponent(place.dataset.package)}/${asked.by}.csv` }, "CSV");
const told = el("p", { class: "small quiet", role: "status" });
const stage = el("div", { class: "stage", role: "img", "aria-label": "Downloads over time; the same numbers stand in the table and the files below" });
stage.hidden = true;
const controls = el("div", { class: "controls", role: "group", "aria-label": "Chart" },
  select, step,
  choice("Range", "range", RANGES.map((value) => [value, value === "all" ? "All" : `${value} d`])),
  choice("Unit", "unit", [["absolute", "Count"], ["percent", "Percent"]]),
  toggle("mirrors", "With mirrors"), toggle("mean", "7-day mean"), dayField("from", "From"), dayField("to", "To"),
  el("div", { class: "choice", role: "group", "aria-label": "Files" }, csv, picture("png"), picture("svg")));

if (place.isConnected) {
  place.prepend(controls);
  place.append(stage, told);
  if (/[?&](by|range|step|unit|mirrors|mean|from|to)=/.test(location.search)) draw();
  document.addEventListener("themechange", () => stage.hidden || draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => stage.hidden || draw());
}
