// The explorer's Explain: sends the operation of the open tab to POST /explain, which runs nothing, and shows the answer as a
// tree. GraphiQL tells of its tabs by `onTabChange`, an option of its own; what it was opened with is in its storage.

/** @import { Plan, PlannedField } from "../../operations/explain.ts" */

/**
 * @typedef {object} Tab
 * @property {string | null} query
 * @property {string | null} variables
 * @property {string | null} headers
 * @property {string | null} operationName
 */
/** @typedef {{ readonly tabs: readonly Tab[], readonly activeTabIndex: number }} Tabs */

const button = find("explain", HTMLButtonElement);
const panel = find("plan", HTMLElement);
const heading = find("plan-heading", HTMLElement);
const content = find("plan-content", HTMLElement);
const close = find("plan-close", HTMLButtonElement);

let tabs = keptTabs();
/** The number of the last request: an answer that comes after a later one is not shown. */
let asked = 0;

/** @param {Tabs} changed */
export function onTabChange(changed) {
  tabs = changed;
}

button.addEventListener("click", explain);
addEventListener("keydown", (event) => {
  if (event.altKey && event.code === "KeyE" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    explain();
  }
});
close.addEventListener("click", hide);
panel.addEventListener("keydown", ({ key }) => key === "Escape" && hide());

async function explain() {
  asked += 1;
  const own = asked;
  panel.hidden = false;
  button.setAttribute("aria-expanded", "true");
  show(element("p", "", "Asking …"));
  const shown = await ask(tabs.tabs[tabs.activeTabIndex]);
  if (own === asked && !panel.hidden) {
    show(...shown);
    heading.focus();
  }
}

function hide() {
  panel.hidden = true;
  button.setAttribute("aria-expanded", "false");
  button.focus();
}

/**
 * @param {Tab | undefined} tab
 * @returns {Promise<Node[]>}
 */
async function ask(tab) {
  if (tab === undefined || (tab.query ?? "").trim() === "") {
    return [failure("This tab has no operation. Write one, then press Explain again.")];
  }
  try {
    const response = await fetch("/explain", {
      method: "POST",
      headers: { ...readJson("headers", tab.headers), "content-type": "application/json" },
      body: JSON.stringify({
        query: tab.query,
        variables: readJson("variables", tab.variables),
        ...(tab.operationName === null ? {} : { operationName: tab.operationName }),
      }),
    });
    /** @type {{ plan?: Plan, errors?: readonly { message: string }[] }} */
    const { plan, errors = [] } = await response.json();
    return plan === undefined ? errors.map(({ message }) => failure(message)) : describe(plan);
  } catch (error) {
    return [failure(error instanceof SyntaxError ? error.message : "The server did not answer. Is it still running?")];
  }
}

/**
 * @param {string} what
 * @param {string | null} text
 * @returns {Record<string, string>}
 */
function readJson(what, text) {
  if ((text ?? "").trim() === "") {
    return {};
  }
  try {
    return JSON.parse(text ?? "");
  } catch {
    throw new SyntaxError(`The tab's ${what} are no JSON: {"first": 10}.`);
  }
}

/**
 * @param {Plan} plan
 * @returns {Node[]}
 */
function describe({ kind, name, atMost, warm, allowed, refused, dearest, fields }) {
  const each = kind === "subscription" ? " for each event" : "";
  const verdict =
    refused === null
      ? element("p", "allowed", `It would run: ${calls(allowed.calls)} and ${objects(allowed.objects)} are allowed.`)
      : failure(refused);
  return [
    element("p", "operation", name === null ? kind : `${kind} ${name}`),
    element(
      "p",
      "most",
      `At most ${calls(atMost.calls)} and ${objects(atMost.objects)}${each}; ${calls(warm.calls)} while lists are kept.`,
    ),
    verdict,
    ...(dearest === null || dearest.calls + dearest.objects === 0
      ? []
      : [
          element(
            "p",
            "dearest",
            "Leave out, or ask for less of, ",
            element("code", "", dearest.path),
            ` first: ${calls(dearest.calls)} and ${objects(dearest.objects)}.`,
          ),
        ]),
    fields.length === 0
      ? element("p", "", "None of its fields costs anything.")
      : tree(fields, Math.max(1, atMost.calls), dearest?.path ?? null, ""),
  ];
}

/**
 * @param {readonly PlannedField[]} fields
 * @param {number} whole The calls of the operation.
 * @param {string | null} dearest
 * @param {string} above The path of the field that these are fields of, with a dot.
 * @returns {HTMLElement}
 */
function tree(fields, whole, dearest, above) {
  const items = fields.map((field) => {
    const path = `${above}${field.name}`;
    const { atMost, warm, times } = field;
    const item = element("li", path === dearest ? "dearest" : "");
    item.append(
      element(
        "div",
        "field",
        element("code", "name", field.name),
        element("span", "type", field.field === field.name ? "" : field.field),
      ),
      element(
        "div",
        "cost",
        ...(atMost.calls === 0 ? [] : [element("strong", "", calls(atMost.calls)), `, ${number(warm.calls)} warm`]),
        ...(atMost.objects === 0 ? [] : [`${atMost.calls === 0 ? "" : ", "}${objects(atMost.objects)}`]),
        ...(times > 1 ? [`, asked for ${number(times)} times`] : []),
      ),
    );
    if (atMost.calls > 0) {
      const share = element("meter", "");
      share.setAttribute("max", String(whole));
      share.setAttribute("value", String(atMost.calls));
      share.setAttribute("aria-label", `${field.name}: its part of all calls`);
      item.append(share);
    }
    if (field.calls.length > 0) {
      item.append(
        element("ul", "routes", ...field.calls.map((route) => element("li", "", element("code", "", route)))),
      );
    }
    if (field.fields.length > 0) {
      item.append(tree(field.fields, whole, dearest, `${path}.`));
    }
    return item;
  });
  return element("ul", "tree", ...items);
}

/** @param {readonly Node[]} nodes */
function show(...nodes) {
  content.replaceChildren(...nodes);
}

/** @param {string} message */
function failure(message) {
  return element("p", "refused", message);
}

/**
 * @param {string} name
 * @param {string} className
 * @param {readonly (Node | string)[]} children
 */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className !== "") {
    made.className = className;
  }
  made.append(...children);
  return made;
}

/** @param {number} count */
function calls(count) {
  return `${number(count)} ${count === 1 ? "call" : "calls"}`;
}

/** @param {number} count */
function objects(count) {
  return `${number(count)} ${count === 1 ? "object" : "objects"}`;
}

/** @param {number} value */
function number(value) {
  return value.toLocaleString("en");
}

/** @returns {Tabs} */
function keptTabs() {
  try {
    return JSON.parse(localStorage.getItem("graphiql:tabState") ?? "");
  } catch {
    return { tabs: [], activeTabIndex: 0 };
  }
}

/**
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}
