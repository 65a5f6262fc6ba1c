// Drives the workbench as a person would: one step per function, a picture when a step fails.
// Input: a JSON file with { url, folder, browser, artefacts, steps }; output: one JSON line per step on stdout.

import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const request = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(path.join(request.nodeModules, "resolve.js"))("playwright-core");
const PATIENCE_MS = request.patienceMs;

const steps = {
  async open(page) {
    await page.goto(`${request.url}/?folder=${encodeURIComponent(request.folder)}`);
    await page.locator(".monaco-workbench").waitFor({ timeout: PATIENCE_MS });
    const trust = page.getByRole("button", { name: "Yes, I trust the authors" });
    await trust.click({ timeout: PATIENCE_MS });
    await page.locator("#aotd\\.aotd\\.aotd\\.status, [id*='aotd.status']").first().waitFor({ timeout: PATIENCE_MS });
  },

  async showProblems(page) {
    await command(page, "Problems: Focus on Problems View");
    await page.locator(".markers-panel").waitFor({ timeout: PATIENCE_MS });
  },

  async expectProblem(page, { text }) {
    await problem(page, text).waitFor({ timeout: PATIENCE_MS });
  },

  async expectNoProblem(page, { text }) {
    await problem(page, text).waitFor({ state: "detached", timeout: PATIENCE_MS });
  },

  async openFile(page, { name }) {
    await page.keyboard.press("Control+P");
    await page.locator(".quick-input-widget input").fill(name);
    await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: name }).first().click({ timeout: PATIENCE_MS });
    await page.locator(`.tab.active[data-resource-name="${path.basename(name)}"]`).waitFor({ timeout: PATIENCE_MS });
  },

  async typeAt(page, { line, column, text }) {
    await goTo(page, `:${line}:${column}`);
    await page.keyboard.insertText(text);
  },

  async deleteLine(page, { line }) {
    await goTo(page, `:${line}`);
    await page.keyboard.press("Control+Shift+K");
  },

  async expectUnsaved(page) {
    await page.locator(".tab.active.dirty").waitFor({ timeout: PATIENCE_MS });
  },

  async command(page, { title }) {
    await command(page, title);
  },

  async expectMessage(page, { text }) {
    await page.locator(".notification-toast").filter({ hasText: text }).first().waitFor({ timeout: request.publishMs });
  },

  async pick(page, { text }) {
    await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: text }).first().click({ timeout: PATIENCE_MS });
  },

  async pressButton(page, { text, button }) {
    const toast = page.locator(".notification-toast").filter({ hasText: text }).first();
    await toast.getByRole("button", { name: button }).click({ timeout: PATIENCE_MS });
  },

  async expectTerminal(page, { text }) {
    await page.locator(".terminal-wrapper .xterm-rows, .xterm-accessibility").filter({ hasText: text }).first().waitFor({ timeout: PATIENCE_MS });
  },

  async expectStatus(page, { text }) {
    await page.locator(".statusbar-item").filter({ hasText: text }).first().waitFor({ timeout: PATIENCE_MS });
  },

  async expectOutput(page, { text }) {
    await page.locator(".output-view-container, .pane-body .view-lines").filter({ hasText: text }).first().waitFor({ timeout: PATIENCE_MS });
  },

  async picture(page, { name }) {
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(request.artefacts, `${name}.png`) });
  },

};

function problem(page, text) {
  return page.locator(".markers-panel .monaco-list-row").filter({ hasText: text }).first();
}

async function goTo(page, place) {
  await page.locator(".editor-instance .monaco-editor").first().click();
  await page.keyboard.press("Control+G");
  await page.locator(".quick-input-widget input").fill(place);
  await page.keyboard.press("Enter");
  await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
}

async function command(page, title) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input");
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: title }).first().click({ timeout: PATIENCE_MS });
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

mkdirSync(request.artefacts, { recursive: true });
const browser = await chromium.launch({
  executablePath: request.browser,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 });
let failed = false;
for (const [name, parameters] of request.steps) {
  const began = performance.now();
  try {
    const result = await steps[name](page, parameters ?? {});
    say({ step: name, parameters, ms: Math.round(performance.now() - began), result });
  } catch (error) {
    failed = true;
    await page.screenshot({ path: path.join(request.artefacts, "failed.png") });
    say({ step: name, parameters, error: String(error), screen: await page.locator("body").innerText() });
    break;
  }
}
await browser.close();
process.exitCode = failed ? 1 : 0;
