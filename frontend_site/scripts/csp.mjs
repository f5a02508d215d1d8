// Runs after `next build`. Moves every inline script of the exported pages into a file, so that the content security
// policy needs no hashes and does not change with the build. Fails if a page still has markup that the policy blocks.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const out = fileURLToPath(new URL("../out", import.meta.url));
const folder = "_next/static/inline";
const INLINE = /<script( id="[^"]*")?>([\s\S]*?)<\/script>/g;
const FORBIDDEN = [
  [/<script(?![^>]*\ssrc=)/, "an inline script"],
  [/<style[\s>]/, "an inline style sheet"],
  [/<[a-z][^<>]*\sstyle=/i, "a style attribute"],
  [/<[a-z][^<>]*\son[a-z]+=/i, "an event handler"],
  [/javascript:/i, "a javascript: URL"],
];

mkdirSync(join(out, folder), { recursive: true });
const pages = readdirSync(out, { recursive: true }).filter((path) => path.endsWith(".html"));
for (const page of pages) {
  const path = join(out, page);
  const html = readFileSync(path, "utf8").replaceAll(INLINE, (_, id = "", code) => {
    const name = `${folder}/${createHash("sha256").update(code).digest("hex").slice(0, 16)}.js`;
    writeFileSync(join(out, name), code);
    return `<script${id} src="/${name}"></script>`;
  });
  const markup = html.replaceAll(/<pre[\s\S]*?<\/pre>/g, "");
  for (const [pattern, name] of FORBIDDEN) {
    if (pattern.test(markup)) throw new Error(`${page} contains ${name}: ${pattern.exec(markup)?.[0].slice(0, 200)}`);
  }
  writeFileSync(path, html);
}
writeFileSync(join(out, "csp.json"), `${JSON.stringify({ "script-src": [] })}\n`);
console.log(`${pages.length} pages, no inline scripts or styles`);
