// `npm run types [-- --check]`: generates the types of the web app and of the TypeScript client from docs/openapi.json.
// With --check nothing is written, and the exit code is 1 if a file is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url);
const TARGETS = ["frontend_site/src/api/schema.d.ts", "clients/typescript/src/schema.ts"];
const check = process.argv.includes("--check");
const ast = await openapiTS(new URL("docs/openapi.json", root), { defaultNonNullable: false });
const types = `// Written by frontend_site/scripts/types.mjs from docs/openapi.json; do not edit.\n\n${astToString(ast)}`;

for (const name of TARGETS) {
  const target = new URL(name, root);
  if (existsSync(target) && readFileSync(target, "utf8") === types) continue;
  if (check) {
    console.error(`${name} is out of date with docs/openapi.json; run \`npm run types\``);
    process.exitCode = 1;
  } else {
    writeFileSync(target, types);
  }
}
