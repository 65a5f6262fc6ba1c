// One running `aotd lsp` as a language client, and its state as a status bar item.

import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, State, TransportKind } from "vscode-languageclient/node";

import { serverCommand } from "./config";

/** Payload of the server's `aotd/status` notification. */
interface ServerStatus {
  readonly state: "busy" | "ready" | "failed";
  readonly text: string;
  readonly detail: string;
}

const DOCUMENTS = [
  { scheme: "file", language: "csharp" },
  { scheme: "file", pattern: "**/*.{csproj,props,targets,globalconfig,xml}" },
  { scheme: "file", pattern: "**/{global.json,.editorconfig}" },
];

export function createClient(output: vscode.LogOutputChannel, status: vscode.StatusBarItem): LanguageClient {
  const command = serverCommand();
  output.info(`starting ${[command.program, ...command.arguments].join(" ")}`);
  const options: LanguageClientOptions = {
    documentSelector: DOCUMENTS,
    outputChannel: output,
    traceOutputChannel: output,
    diagnosticCollectionName: "aotd",
  };
  const server = { command: command.program, args: [...command.arguments], transport: TransportKind.stdio };
  const client = new LanguageClient("aotd", "aotd", server, options);
  client.onDidChangeState(({ newState }) => showClientState(status, newState));
  client.onNotification("aotd/status", (current: ServerStatus) => showServerStatus(status, current));
  return client;
}

/** Starts `client`; a server that cannot be started is said once, with the setting that mends it. */
export async function startClient(client: LanguageClient, output: vscode.LogOutputChannel): Promise<void> {
  try {
    await client.start();
  } catch (error) {
    output.error(error instanceof Error ? error : String(error));
    void offerSettings();
  }
}

async function offerSettings(): Promise<void> {
  const open = "Open Settings";
  const message = "aotd did not start. Install it with pip, or set aotd.serverCommand to where it is.";
  if ((await vscode.window.showErrorMessage(message, open)) === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "aotd.serverCommand");
  }
}

export function createStatusItem(): vscode.StatusBarItem {
  const status = vscode.window.createStatusBarItem("aotd.status", vscode.StatusBarAlignment.Left, 0);
  status.name = "aotd";
  status.command = "aotd.showOutput";
  showClientState(status, State.Stopped);
  status.show();
  return status;
}

function showClientState(status: vscode.StatusBarItem, state: State): void {
  switch (state) {
    case State.Starting:
      return show(status, "$(loading~spin) aotd", "aotd is starting", undefined);
    case State.Running:
      return show(status, "$(check) aotd", "aotd is running", undefined);
    case State.Stopped:
      return show(status, "$(circle-slash) aotd", "aotd is not running", "statusBarItem.warningBackground");
  }
}

function showServerStatus(status: vscode.StatusBarItem, current: ServerStatus): void {
  const icon = { busy: "$(loading~spin)", ready: "$(check)", failed: "$(error)" }[current.state];
  const background = current.state === "failed" ? "statusBarItem.errorBackground" : undefined;
  show(status, `${icon} aotd: ${current.text}`, current.detail || current.text, background);
}

function show(status: vscode.StatusBarItem, text: string, tooltip: string, background: string | undefined): void {
  status.text = text;
  status.tooltip = tooltip;
  status.backgroundColor = background === undefined ? undefined : new vscode.ThemeColor(background);
}
