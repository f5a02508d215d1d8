// Print the first-load JavaScript of each exported page, gzipped: every script that its HTML references. `--json` prints JSON.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const out = fileURLToPath(new URL("../out", import.meta.url));
const pages = readdirSync(out, { recursive: true }).filter((path) => path.endsWith("index.html"));
const sizes = Object.fromEntries(pages.sort().map((page) => [`/${page.replace("index.html", "")}`, scriptBytes(page)]));

/** Return the gzipped bytes of a page's scripts. `nomodule` scripts are skipped: supported browsers do not load them. */
function scriptBytes(page) {
  const html = readFileSync(join(out, page), "utf8");
  const tags = [...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag).filter((tag) => !/nomodule/i.test(tag));
  const names = new Set(tags.flatMap((tag) => /src="([^"]+)"/.exec(tag)?.[1] ?? []));
  return [...names].reduce((sum, name) => sum + gzipSync(readFileSync(join(out, name))).length, 0);
}

if (process.argv.includes("--json")) console.log(JSON.stringify(sizes));
else
  for (const [page, bytes] of Object.entries(sizes))
    console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${page}`);
