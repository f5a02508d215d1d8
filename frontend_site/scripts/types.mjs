// `npm run types [-- --check]`: generates the API's types from docs/openapi.json, for the TypeScript client and the web app.
// With --check nothing is written, and the exit code is 1 if the file is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url);
const NAME = "clients/typescript/src/schema.ts";
const check = process.argv.includes("--check");
const ast = await openapiTS(new URL("docs/openapi.json", root), { defaultNonNullable: false });
const types = `// Written by frontend_site/scripts/types.mjs from docs/openapi.json; do not edit.\n\n${astToString(ast)}`;

const target = new URL(NAME, root);
if (!existsSync(target) || readFileSync(target, "utf8") !== types) {
  if (check) {
    console.error(`${NAME} is out of date with docs/openapi.json; run \`npm run types\``);
    process.exitCode = 1;
  } else {
    writeFileSync(target, types);
  }
}
