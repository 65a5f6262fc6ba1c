// Activation: one client, its commands, and what restarts it.

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { createClient, createStatusItem, startClient } from "./client";
import { publishNativeAot, runDoctor } from "./commands";
import { affectsServerCommand } from "./config";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("aotd", { log: true });
  const status = createStatusItem();

  const restart = async (): Promise<void> => {
    await deactivate();
    client = createClient(output, status);
    await startClient(client, output);
  };

  const withClient = (name: string, action: (running: LanguageClient) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(name, async () => {
      if (client?.isRunning() !== true) {
        await restart();
      }
      if (client?.isRunning() === true) {
        await action(client).catch((error: unknown) => reportFailure(output, name, error));
      }
    });

  context.subscriptions.push(
    output,
    status,
    withClient("aotd.publishNativeAot", publishNativeAot),
    withClient("aotd.runDoctor", (running) => runDoctor(running, output)),
    vscode.commands.registerCommand("aotd.restartServer", restart),
    vscode.commands.registerCommand("aotd.showOutput", () => output.show(true)),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => (affectsServerCommand(event) ? restart() : undefined)),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  const stopping = client;
  client = undefined;
  await stopping?.dispose();
}

function reportFailure(output: vscode.LogOutputChannel, command: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  output.error(`${command}: ${reason}`);
  void vscode.window.showErrorMessage(`aotd: ${reason}`);
}
