import { defineConfig } from "vite";

export default defineConfig({
  server: { port: 5180 },
  preview: { port: 5180 },
  build: { target: "esnext", sourcemap: true },
  // One copy each, whichever package asks for it: the kit is a folder of its own.
  resolve: { dedupe: ["graphql", "@apollo/client", "react", "react-dom"] },
});
