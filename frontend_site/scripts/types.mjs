// `npm run types [-- --check]`: generates src/api/schema.d.ts from docs/openapi.json. With --check nothing is written, and
// the exit code is 1 if the file is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import openapiTS, { astToString } from "openapi-typescript";

const description = new URL("../../docs/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);
const ast = await openapiTS(description, { defaultNonNullable: false });
const types = `// Written by scripts/types.mjs from docs/openapi.json; do not edit.\n\n${astToString(ast)}`;
const current = existsSync(target) ? readFileSync(target, "utf8") : "";

if (current === types) process.exit(0);
if (process.argv.includes("--check")) {
  console.error("src/api/schema.d.ts is out of date with docs/openapi.json; run `npm run types`");
  process.exit(1);
}
writeFileSync(target, types);
