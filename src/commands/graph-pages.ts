import { type Link, type Picture, PRICES } from "./graph-picture.ts";

const MEANING = PRICES.map(([word, meaning]) => `\`${word}\`: ${meaning}`).join("; ");

const INTRODUCTION = [
  "The types that have an id, and every field that leads from one to another. In a type's box are the fields of `Query` that lead to it.",
  `Beside each field stands what it costs at most: ${MEANING}.`,
];

/** docs/graph.md: the picture, and the same as a table. */
export function writeMarkdown({ links }: Picture): string {
  return `---
aside: false
pageClass: wide
---

<!-- \`npm run picture\` writes this page and its pictures from the schema. -->

# The graph and its prices

${INTRODUCTION.join(" ")} [Prices](prices.md) says how they add up.

<div class="picture" role="region" aria-label="Picture of the graph" tabindex="0">

![The types of the graph, the links between them, and what each link costs. The tables below say the same.](graph-prices.svg)

</div>

A server outside production shows the same at \`/explorer/graph\`, beside [the explorer](getting-started.md).

## Ways in

| field of \`Query\` | leads to | costs at most | calls |
| --- | --- | --- | --- |
${rows(links.filter(isWayIn), ({ field }) => `\`${field}\``)}

## Links

| field | leads to | costs at most | calls |
| --- | --- | --- | --- |
${rows(
  links.filter((link) => !isWayIn(link)),
  ({ from, field }) => `\`${from}.${field}\``,
)}
`;
}

function isWayIn({ from }: Link): boolean {
  return from === "Query";
}

function rows(links: readonly Link[], name: (link: Link) => string): string {
  return links
    .map((link) => {
      const calls = link.calls.map((call) => `\`${call}\``).join(", ");
      return `| ${name(link)} | ${link.to} | ${link.price} | ${calls || "none"} |`;
    })
    .join("\n");
}

/** /explorer/graph: one file, with nothing to load. */
export function writePage({ links }: Picture, svg: string): string {
  const [what, prices] = INTRODUCTION.map((sentence) => sentence.replaceAll(/`([^`]+)`/g, "<code>$1</code>"));
  return `<!DOCTYPE html>
<!-- npm run picture writes this page from the schema. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>textgraph: the graph and its prices</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/explorer/explorer.css">
</head>
<body class="page">
<header class="bar"><a href="/explorer">Explorer</a></header>
<main>
<h1>The graph and its prices</h1>
<p>${what}</p>
<p>${prices}</p>
<div class="picture" role="region" aria-label="Picture of the graph" tabindex="0">
${svg}</div>
<h2>Ways in</h2>
${table(links.filter(isWayIn), "field of Query", ({ field }) => field)}
<h2>Links</h2>
${table(
  links.filter((link) => !isWayIn(link)),
  "field",
  ({ from, field }) => `${from}.${field}`,
)}
</main>
</body>
</html>
`;
}

function table(links: readonly Link[], heading: string, name: (link: Link) => string): string {
  const body = links.map((link) => {
    const calls = link.calls.map((call) => `<code>${call}</code>`).join("<br>");
    return `<tr><th scope="row"><code>${name(link)}</code></th><td>${link.to}</td><td>${link.price}</td><td>${calls || "none"}</td></tr>`;
  });
  return `<div class="table" role="region" aria-label="${heading === "field" ? "Links" : "Ways in"}" tabindex="0">
<table>
<thead><tr><th scope="col">${heading}</th><th scope="col">leads to</th><th scope="col">costs at most</th><th scope="col">calls</th></tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
</div>`;
}
