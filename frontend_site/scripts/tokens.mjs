// `npm run tokens`: runs scripts/tokens.py with the checkout's Python.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const python = process.env.PYTHON ?? `${root}.venv/bin/python`;
const script = fileURLToPath(new URL("tokens.py", import.meta.url));
const run = spawnSync(python, [script, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, PYTHONPATH: root },
});
if (run.error) console.error(`${python}: ${run.error.message}; run \`make setup\` to create it`);
process.exit(run.status ?? 1);
