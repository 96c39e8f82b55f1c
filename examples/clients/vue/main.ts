import { createSSRApp, h, Suspense } from "vue";
import { renderToString } from "vue/server-renderer";
import { PersonCard } from "./person-card.ts";

// Rendered on a server, so that the sample needs no browser; in an application mount the same component.
const url = process.env["TEXTGRAPH_URL"] ?? "http://localhost:4000/graphql";
const phoneNumber = process.argv[2] ?? "+12015554821";
const app = createSSRApp({ render: () => h(Suspense, null, [h(PersonCard, { url, phoneNumber })]) });
console.log(await renderToString(app));
