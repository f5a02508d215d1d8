// `npm run types [-- --check]`: docs/openapi.json -> src/api/schema.d.ts. With --check: exit code 1 where they differ.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import openapiTS, { astToString } from "openapi-typescript";

const description = new URL("../../docs/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);
const ast = await openapiTS(description, { defaultNonNullable: false });
const types = `// Written by scripts/types.mjs from docs/openapi.json; do not edit.\n\n${astToString(ast)}`;
const current = existsSync(target) ? readFileSync(target, "utf8") : "";

if (current === types) process.exit(0);
if (process.argv.includes("--check")) {
  console.error("src/api/schema.d.ts is not what docs/openapi.json says; run `npm run types`");
  process.exit(1);
}
writeFileSync(target, types);
