import { defineConfig, type Plugin } from "vite";
import { compression } from "vite-plugin-compression2";

/** What nearly everybody sees first, and what is needed around it. */
const FIRST = ["src/signed-in.tsx", "src/inbox/inbox.tsx"];

/** Lets the browser fetch the scripts of the first screen while the sign-in is still under way. */
function preloadFirst(): Plugin {
  return {
    name: "preload-first",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle = {} }) => {
        const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
        const first = chunks.filter(({ facadeModuleId }) => FIRST.some((path) => facadeModuleId?.endsWith(path)));
        const entry = new Set(
          chunks.filter(({ isEntry }) => isEntry).flatMap(({ fileName, imports }) => [fileName, ...imports]),
        );
        const files = new Set(first.flatMap(({ fileName, imports }) => [...imports, fileName]));
        return [...files.difference(entry)].map((file) => ({
          tag: "link",
          // Behind what the sign-in itself needs.
          injectTo: "body" as const,
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}`, fetchpriority: "low" },
        }));
      },
    },
  };
}

export default defineConfig({
  server: { port: 5180 },
  build: { target: "esnext", sourcemap: true },
  plugins: [preloadFirst(), compression({ algorithms: ["gzip", "brotliCompress"], include: /\.(?:html|js|css|svg)$/ })],
  // One copy each, whichever package asks for it: the kit is a folder of its own.
  resolve: { dedupe: ["graphql", "@apollo/client", "react", "react-dom"] },
});
