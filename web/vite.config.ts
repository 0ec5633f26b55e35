import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** React Aria brings its own texts in 34 languages; the page speaks two of them. */
function languagesOfThePage(): Plugin {
  const others = /\/intl\/[a-z]+\/(?!en-US|ru-RU)[a-z]{2}-[A-Z]{2}\.mjs$/;
  return {
    name: "languages-of-the-page",
    enforce: "pre",
    load: (id) => (others.test(id) ? "export default {};" : null),
  };
}

const yjs = /\/node_modules\/(yjs|y-websocket|y-protocols|lib0)\//;

export default defineConfig({
  plugins: [languagesOfThePage(), react()],
  build: {
    target: "es2022",
    // The hub's Content-Security-Policy has no "data:": every asset stays a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The libraries change more rarely than the page: browsers keep them over its updates.
    rollupOptions: {
      output: {
        manualChunks: (id) =>
          !id.includes("node_modules") ? undefined : yjs.test(id) ? "yjs" : "react",
      },
    },
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
  },
});
