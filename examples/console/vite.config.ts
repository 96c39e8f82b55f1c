import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/**
 * What is needed in turn until the first screen is there. Each is one script with all that it imports, also if other parts
 * of the console import some of that: a browser fetches few files at a time.
 */
const STEPS = ["main.ts", "app.tsx", "signed-in.tsx"].map((name) => join(import.meta.dirname, "src", name));
const SCRIPTS = ["index", "app", "signed-in"];

type GetModule = (id: string) => { readonly importedIds: readonly string[] } | null;

/** A module, what it imports, and so on. What it loads later is not in it. */
function importsOf(id: string, getModule: GetModule, found = new Set<string>()): Set<string> {
  if (!found.has(id)) {
    found.add(id);
    for (const each of getModule(id)?.importedIds ?? []) {
      importsOf(each, getModule, found);
    }
  }
  return found;
}

let steps: readonly Set<string>[] | undefined;

/** The script that a module is put into; null if that is left to Vite, as it is for the page's own script. */
function scriptOf(id: string, build: { readonly getModuleInfo: GetModule }): string | null {
  steps ??= STEPS.map((step) => importsOf(step, (each) => build.getModuleInfo(each)));
  const step = steps.findIndex((modules) => modules.has(id));
  return step > 0 ? (SCRIPTS[step] ?? null) : null;
}

/** Lets the browser fetch the scripts of the first screen while it does not know yet that it needs them. */
function preloadFirst(): Plugin {
  return {
    name: "preload-first",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle = {} }) => {
        const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
        const first = chunks.filter(({ name }) => SCRIPTS.includes(name));
        const files = new Set(first.flatMap(({ fileName, imports }) => [...imports, fileName]));
        const own = chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName);
        return [...files.difference(new Set(own))].map((file) => ({
          tag: "link",
          // Behind what the sign-in itself needs.
          injectTo: "body" as const,
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}`, fetchpriority: "low" },
        }));
      },
    },
  };
}

/** Has Chromium compile a script's functions while it comes in, and not each when it is first called: https://v8.dev/blog/explicit-compile-hints */
const HINT = "//# allFunctionsCalledOnLoad\n";

/** Puts the hint of the first scripts before what Vite puts there, because only the first line counts. */
function hintFirst(): Plugin {
  return {
    name: "hint-first",
    generateBundle: {
      order: "post",
      handler: (_, bundle) => {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type === "chunk" && chunk.code.includes(HINT)) {
            chunk.code = HINT + chunk.code.replace(HINT, "");
          }
        }
      },
    },
  };
}

/** Writes each file once more for either compression, which `serve.ts` serves. */
function compress(): Plugin {
  return {
    name: "compress",
    writeBundle: ({ dir = "" }, bundle) => {
      for (const name of Object.keys(bundle).filter((each) => /\.(?:html|js|css)$/.test(each))) {
        const path = join(dir, name);
        const contents = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(contents));
        writeFileSync(`${path}.gz`, gzipSync(contents));
      }
    },
  };
}

export default defineConfig({
  server: { port: 5180 },
  build: {
    target: "esnext",
    sourcemap: true,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: scriptOf }] },
        postBanner: ({ name }) => (SCRIPTS.includes(name) ? HINT.trim() : ""),
      },
    },
  },
  plugins: [preloadFirst(), hintFirst(), compress()],
  // One copy each, whichever package asks for it: the kit is a folder of its own.
  resolve: { dedupe: ["graphql", "@apollo/client", "react", "react-dom"] },
});
