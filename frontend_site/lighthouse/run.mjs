// Score pages of a running product with Lighthouse, each in its own tab, signed in where the page requires it.
//
// Reads from standard input: {chromium, arguments, base, account: {email, password}, out, pages: [{name, path, phone, signedIn}]}.
// Writes out/scores.json and out/NAME.html, and prints a line for each page.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import lighthouse, { defaultConfig, desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";

const ATTEMPTS = 3; // on a busy machine Lighthouse occasionally misses the start of a page load
const CATEGORIES = ["performance", "accessibility", "best-practices"];
const task = await json(process.stdin);
mkdirSync(task.out, { recursive: true });
const browser = await puppeteer.launch({ executablePath: task.chromium, args: task.arguments, defaultViewport: null });
try {
  const results = {};
  for (const page of task.pages) {
    const tab = await browser.newPage();
    if (page.signedIn) await signIn(tab);
    results[page.name] = await score(tab, page);
    await tab.close();
  }
  writeFileSync(join(task.out, "scores.json"), JSON.stringify(results, null, 2));
} finally {
  await browser.close();
}

async function signIn(tab) {
  await tab.goto(`${task.base}/sign-in/`);
  await tab.locator("input[name=email]").fill(task.account.email);
  await tab.locator("input[name=password]").fill(task.account.password);
  await tab.locator("button[type=submit]").click();
  await tab.waitForFunction(() => location.pathname === "/dashboard/");
}

/** Return the page's scores in percent and, for each category, the audits that cost points. */
async function score(tab, { name, path, phone }) {
  const { lhr, report } = await visit(tab, task.base + path, phone ? defaultConfig : desktopConfig);
  writeFileSync(join(task.out, `${name}.html`), report);
  const scores = Object.fromEntries(CATEGORIES.map((id) => [id, Math.round(100 * (lhr.categories[id].score ?? 0))]));
  console.log(`${name.padEnd(20)}${CATEGORIES.map((id) => `${id} ${String(scores[id]).padStart(3)}`).join("   ")}`);
  return Object.fromEntries(CATEGORIES.map((id) => [id, { score: scores[id], lost: failedAudits(lhr, id) }]));
}

async function visit(tab, url, config) {
  const flags = { onlyCategories: CATEGORIES, output: "html", logLevel: "error" };
  for (let attempt = 1; ; attempt += 1) {
    const result = await lighthouse(url, flags, config, tab);
    const error = result.lhr.runtimeError;
    if (!error) return result;
    if (attempt === ATTEMPTS) throw new Error(`${url}: ${error.message}`);
  }
}

function failedAudits({ categories, audits }, id) {
  const counted = categories[id].auditRefs.filter(({ weight }) => weight > 0).map((ref) => audits[ref.id]);
  return counted.filter(({ score }) => score !== null && score < 1).map((audit) => `${audit.id}: ${audit.title}`);
}
