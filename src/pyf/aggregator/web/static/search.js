// Search as you type. The browser asks the search server itself, with a key that may only search;
// everything that is drawn here the site draws as well where scripts are off.

const PAUSE = 150;
const BEGIN = "\u0001";
const END = "\u0002";
const MANY = 10; // values that one still looks through by eye

const form = document.querySelector("[data-search]");
const config = JSON.parse(form.dataset.config);
const box = form.elements.q;
const places = Object.fromEntries(
  ["facets", "count", "chips", "hits", "pages"].map((name) => [name, form.querySelector(`[data-${name}]`)]),
);
let latest = 0;
let timer = 0;

document.documentElement.classList.add("scripted");

// ---- what is asked for, from the address and into it

function readAddress() {
  const given = new URLSearchParams(location.search);
  const chosen = {};
  for (const facet of config.facets) {
    const values = given.getAll(facet.name).filter(Boolean);
    if (values.length) chosen[facet.name] = [...new Set(values)];
  }
  return {
    q: (given.get("q") || "").trim(),
    profile: given.get("profile") || "",
    sort: given.get("sort") || "",
    page: Number(given.get("page")) || 1,
    old: given.get("old") === "1",
    chosen,
  };
}

function address(asked) {
  const query = new URLSearchParams();
  if (asked.q) query.set("q", asked.q);
  if (asked.profile) query.set("profile", asked.profile);
  if (asked.sort) query.set("sort", asked.sort);
  for (const [name, values] of Object.entries(asked.chosen)) values.forEach((value) => query.append(name, value));
  if (asked.old) query.set("old", "1");
  if (asked.page > 1) query.set("page", String(asked.page));
  return query.size ? `/?${query}` : "/";
}

const order = (asked) => asked.sort || (asked.q ? "relevance" : "downloads");

// ---- the request

const quoted = (value) => "`" + value.replaceAll("`", "") + "`";

function narrowedBy(facet, values) {
  if (!Object.keys(facet.ranges).length) return `${facet.field}:=[${values.map(quoted)}]`;
  const parts = values.filter((value) => facet.ranges[value])
    .map((value) => `${facet.field}:[${facet.ranges[value].join("..")}]`);
  return parts.length ? `(${parts.join(" || ")})` : "";
}

function filterBy(asked, { without = null, putAway = false } = {}) {
  const parts = [config.newest];
  if (putAway || !asked.old) parts.push(putAway ? config.putAway : config.current);
  for (const facet of config.facets) {
    const values = asked.chosen[facet.name] || [];
    if (values.length && facet.name !== without) parts.push(narrowedBy(facet, values));
  }
  return parts.filter(Boolean).join(" && ");
}

function nameFirst(query) {
  const relevance = config.sorts.relevance;
  const name = query.trim().toLowerCase().replace(/[-_.\s]+/g, "-")
    .replace(/[^a-z0-9@/-]/g, "").replace(/^-+|-+$/g, "");
  if (!name) return relevance;
  return `_eval([(name_normalized:=${name}):2,(name_normalized:=${name}*):1]):desc,${relevance}`;
}

function searches(asked) {
  const usual = { ...config.parameters, collection: config.collection, q: asked.q || "*" };
  const active = config.facets.filter((facet) => (asked.chosen[facet.name] || []).length);
  const free = config.facets.filter((facet) => !active.includes(facet));
  const wanted = order(asked);
  const all = [{
    ...usual,
    filter_by: filterBy(asked),
    sort_by: wanted === "relevance" ? nameFirst(asked.q) : config.sorts[wanted],
    facet_by: free.map((facet) => facet.facetBy).join(","),
    per_page: config.perPage,
    page: asked.page,
    highlight_fields: "name,summary",
    highlight_full_fields: "name,summary",
    highlight_start_tag: BEGIN,
    highlight_end_tag: END,
  }];
  for (const facet of active) {
    all.push({ ...usual, filter_by: filterBy(asked, { without: facet.name }), facet_by: facet.facetBy, per_page: 0 });
  }
  if (!asked.old) all.push({ ...usual, filter_by: filterBy(asked, { putAway: true }), per_page: 0 });
  return { active, body: { searches: all } };
}

async function ask(asked) {
  const { active, body } = searches(asked);
  const answer = await fetch(`${config.url}/multi_search`, {
    method: "POST",
    headers: { "X-TYPESENSE-API-KEY": config.key, "Content-Type": "text/plain" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the search server answered ${answer.status}`);
  const { results } = await answer.json();
  const wrong = results.find((result) => result.error);
  if (wrong) throw new Error(wrong.error);
  const counts = {};
  for (const item of results[0].facet_counts) counts[item.field_name] = item.counts;
  active.forEach((facet, i) => (counts[facet.field] = results[i + 1].facet_counts[0].counts));
  const hidden = asked.old ? 0 : results.at(-1).found;
  return { found: results[0].found, hits: results[0].hits, counts, hidden };
}

// ---- drawing

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function icon(name) {
  const sprite = document.querySelector(".brand use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function marked(highlight, text) {
  const found = highlight?.value || highlight?.snippet || text || "";
  return found.split(BEGIN).flatMap((part, i) => {
    if (!i) return [part];
    const [inside, ...after] = part.split(END);
    return [el("mark", {}, inside), after.join("")];
  });
}

const number = (value) => value.toLocaleString("en-US");

function short(value) {
  for (const [size, sign] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (value >= size) return `${(value / size).toFixed(value / size >= 100 ? 0 : 1)} ${sign}`;
  }
  return String(value);
}

function ago(seconds) {
  const days = Math.floor((Date.now() / 1000 - seconds) / 86400);
  for (const [size, name] of [[365, "year"], [30, "month"], [1, "day"]]) {
    if (days >= size) {
      const count = Math.floor(days / size);
      return `${count} ${name}${count > 1 ? "s" : ""} ago`;
    }
  }
  return "today";
}

const known = (value) => value !== undefined && value !== null;

function tags(found) {
  const words = (list) => (list || []).map((word) => word.replaceAll("-", " "));
  const all = [
    ...words(found.flags).map((word) => ["bad", word]),
    found.is_vulnerable ? ["bad", "vulnerable"] : null,
    found.yanked ? ["warn", "yanked"] : null,
    found.status === "archived" || found.github_archived ? ["warn", "archived"] : null,
    ...words(found.insights).map((word) => ["good", word]),
  ];
  return all.filter(Boolean).flatMap(([kind, word]) => [" ", el("span", { class: `tag ${kind}` }, word)]);
}

function facts(found) {
  const shown = [];
  if (known(found.download_last_month)) {
    shown.push(el("span", { title: "Downloads of 30 days" }, icon("down"), ` ${short(found.download_last_month)} a month`));
  }
  if (known(found.github_stars)) shown.push(el("span", { title: "GitHub stars" }, icon("star"), ` ${short(found.github_stars)}`));
  if (known(found.health_score)) shown.push(el("span", {}, `Health ${found.health_score}`));
  if (found.upload_timestamp) {
    const at = new Date(found.upload_timestamp * 1000).toISOString();
    shown.push(el("span", {}, "Released ", el("time", { datetime: at, title: at }, ago(found.upload_timestamp))));
  }
  if (found.license) shown.push(el("span", {}, found.license));
  if (found.framework_versions?.length) shown.push(el("span", {}, found.framework_versions.slice(-4).join(", ")));
  return shown;
}

function drawHit(hit) {
  const found = hit.document;
  const link = el("a", { href: `/packages/${encodeURIComponent(found.name_normalized)}` }, marked(hit.highlight?.name, found.name));
  return el("li", {},
    el("h3", {}, link, " ", el("span", { class: "quiet small" }, found.version), tags(found)),
    el("p", {}, marked(hit.highlight?.summary, found.summary)),
    el("p", { class: "facts" }, facts(found)));
}

// "Plone 6.1" as words and numbers; one of more frequent words stands first, then the newest version.
function newestFirst(choices) {
  const split = new Map(choices.map(([value]) => {
    const at = value.lastIndexOf(" ");
    return [value, [value.slice(0, Math.max(at, 0)), (value.slice(at + 1).match(/[0-9]+/g) || []).map(Number)]];
  }));
  const most = new Map();
  for (const [value, count] of choices) {
    const [name] = split.get(value);
    most.set(name, Math.max(most.get(name) || 0, count));
  }
  return choices.sort(([a], [b]) => {
    const [[name, version], [other, older]] = [split.get(a), split.get(b)];
    if (name !== other) return most.get(other) - most.get(name) || (name < other ? -1 : 1);
    const at = version.findIndex((number, i) => number !== older[i]);
    if (at < 0) return version.length - older.length;
    return at < older.length ? older[at] - version[at] : 1;
  });
}

function drawFacet(facet, counts, chosen) {
  const listed = new Map(counts.filter((item) => item.count).map((item) => [item.value, item.count]));
  chosen.forEach((value) => listed.has(value) || listed.set(value, 0));
  const ordered = facet.versions ? newestFirst([...listed]) : [...listed];
  const choices = ordered.sort((a, b) => chosen.includes(b[0]) - chosen.includes(a[0]));
  if (!choices.length) return null;
  const boxes = choices.map(([value, count]) => el("label", {},
    el("input", { type: "checkbox", name: facet.name, value, checked: chosen.includes(value) }),
    el("span", {}, value), el("span", { class: "count" }, number(count))));
  const rest = boxes.splice(facet.shown);
  const before = places.facets.querySelector(`[data-facet="${facet.name}"]`);
  const open = before?.querySelector("details")?.open;
  const find = rest.length > MANY ? drawFind(facet, rest, before?.querySelector("[data-find]")?.value || "") : [];
  return el("fieldset", { class: "facet", "data-facet": facet.name },
    el("legend", {}, facet.label), boxes,
    rest.length ? el("details", { open }, el("summary", {}, `${rest.length} more`), find, rest) : null);
}

// A field above a long list that leaves only the values that hold what is typed.
function drawFind(facet, labels, typed) {
  const field = el("input", { type: "search", "data-find": true, "aria-label": `Find in ${facet.label}`, placeholder: "Find", autocomplete: "off" });
  const apply = () => labels.forEach((label) => {
    label.hidden = !label.querySelector("input").value.toLowerCase().includes(field.value.trim().toLowerCase());
  });
  field.value = typed;
  field.addEventListener("input", apply);
  field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  apply();
  return field;
}

function drawFacets(asked, counts) {
  const focused = document.activeElement?.closest?.("[data-facets] input");
  const before = focused && [focused.name, focused.value];
  const drawn = config.facets.map((facet) => drawFacet(facet, counts[facet.field] || [], asked.chosen[facet.name] || []));
  places.facets.querySelectorAll("[data-facet]").forEach((node) => node.remove());
  places.facets.querySelector("h2").after(...drawn.filter(Boolean));
  form.elements.old.checked = asked.old;
  if (before) {
    [...places.facets.querySelectorAll("input")].find((node) => node.name === before[0] && node.value === before[1])?.focus();
  }
}

function drawCount(asked, result) {
  const what = `${number(result.found)} package${result.found === 1 ? "" : "s"}${asked.q ? ` for “${asked.q}”` : ""}`;
  const more = result.hidden
    ? [" ", el("a", { href: address({ ...asked, old: true, page: 1 }) }, `and ${number(result.hidden)} archived`)] : [];
  places.count.replaceChildren(what, ...more);
}

function drawChips(asked) {
  const chips = Object.entries(asked.chosen).flatMap(([name, values]) => values.map((value) => {
    const chosen = { ...asked.chosen, [name]: values.filter((other) => other !== value) };
    return el("li", {}, el("a", { class: "tag", href: address({ ...asked, chosen, page: 1 }) }, `${value} `,
      el("span", { "aria-hidden": "true" }, "×"), el("span", { class: "hidden" }, ": remove")));
  }));
  if (chips.length) chips.push(el("li", {}, el("a", { class: "tag", href: address({ ...asked, chosen: {}, page: 1 }) }, "Clear all")));
  places.chips.replaceChildren(...chips);
}

function drawPages(asked, found) {
  const pages = Math.ceil(found / config.perPage);
  const link = (page, text, rel) => el("a", { class: "button", rel, href: address({ ...asked, page }) }, text);
  places.pages.replaceChildren(...[
    asked.page > 1 ? link(asked.page - 1, "Previous", "prev") : null,
    pages > 1 ? el("span", {}, `Page ${asked.page} of ${number(pages)}`) : null,
    asked.page < pages ? link(asked.page + 1, "Next", "next") : null,
  ].filter(Boolean));
}

function drawEmpty(asked) {
  form.querySelector("[data-empty]")?.remove();
  return el("div", { class: "panel", "data-empty": true },
    el("p", {}, Object.keys(asked.chosen).length ? "No packages match these filters." : "Nothing was found."),
    el("ul", {},
      Object.keys(asked.chosen).length
        ? el("li", {}, el("a", { href: address({ ...asked, chosen: {}, page: 1 }) }, "Search without what is chosen")) : null,
      el("li", {}, "Is it a package of this profile? ", el("a", { href: "/faqs#not-listed" }, "Why is my package not listed?"))));
}

function draw(asked, result) {
  places.hits.replaceChildren(...result.hits.map(drawHit));
  form.querySelector("[data-empty]")?.remove();
  if (!result.found) places.hits.after(drawEmpty(asked));
  drawFacets(asked, result.counts);
  drawCount(asked, result);
  drawChips(asked);
  drawPages(asked, result.found);
  form.elements.sort.value = order(asked);
  document.title = `${asked.q ? `${asked.q} – ` : ""}${document.title.split(" – ").slice(-2).join(" – ")}`;
}

async function show(asked) {
  const mine = ++latest;
  const busy = setTimeout(() => places.hits.setAttribute("aria-busy", "true"), 300);
  try {
    const result = await ask(asked);
    if (mine === latest) draw(asked, result);
  } catch (error) {
    // The site itself still answers, or says in words what is wrong.
    if (mine === latest) location.assign(address(asked));
  } finally {
    clearTimeout(busy);
    if (mine === latest) places.hits.removeAttribute("aria-busy");
  }
}

// What the site drew lacks only what needs a script.
config.facets.forEach((facet) => {
  const details = places.facets?.querySelector(`[data-facet="${facet.name}"] details`);
  const labels = [...(details?.querySelectorAll("label") || [])];
  if (labels.length > MANY) details.querySelector("summary").after(drawFind(facet, labels, ""));
});

// ---- what people do

function fromForm() {
  const given = new FormData(form);
  const chosen = {};
  for (const facet of config.facets) {
    const values = given.getAll(facet.name);
    if (values.length) chosen[facet.name] = values;
  }
  const before = readAddress();
  const q = box.value.trim();
  const usual = order({ sort: "", q });
  const sort = given.get("sort") === order({ ...before, sort: before.sort }) && !before.sort ? "" : given.get("sort");
  return { q, profile: given.get("profile") || before.profile, sort: sort === usual ? "" : sort, page: 1, old: given.has("old"), chosen };
}

function go(asked, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address(asked));
  show(asked);
}

box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => go(fromForm(), { replace: readAddress().q !== "" || history.state === "typing" }), PAUSE);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  go(fromForm());
});

form.addEventListener("change", (event) => {
  if (event.target === box || event.target.matches("[data-find]")) return;
  if (event.target.name === "profile") form.submit();
  else go(fromForm());
});

form.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/?'], a[href='/']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  const asked = readAddress();
  box.value = asked.q;
  const turned = link.closest("[data-pages]") !== null;
  show(asked).then(() => {
    if (!turned) return;
    places.count.scrollIntoView();
    places.hits.querySelector("a")?.focus({ preventScroll: true });
  });
});

addEventListener("popstate", () => {
  const asked = readAddress();
  box.value = asked.q;
  show(asked);
});

form.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && event.key !== "Escape") return;
  const links = [...places.hits.querySelectorAll("h3 a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "Escape" && at >= 0) box.focus();
  else if (event.key === "ArrowDown" && (document.activeElement === box || at >= 0)) links[at + 1]?.focus();
  else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || box).focus();
  else return;
  event.preventDefault();
});
