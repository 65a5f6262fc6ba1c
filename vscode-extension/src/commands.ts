// Commands of the palette into `workspace/executeCommand` requests, and their results into messages.

import * as vscode from "vscode";
import { ExecuteCommandRequest, type LanguageClient } from "vscode-languageclient/node";

import { publishSettings } from "./config";

/** One element of the result of the server command `aotd.projects`. */
interface Project {
  readonly name: string;
  readonly path: string;
  readonly folder: string;
}

/** Result of the server command `aotd.publish`; `path` is the native program, absent unless it succeeded. */
interface PublishResult {
  readonly succeeded: boolean;
  readonly cancelled: boolean;
  readonly message: string;
  readonly path?: string;
}

export async function publishNativeAot(client: LanguageClient): Promise<void> {
  const project = await chooseProject(client);
  if (project === undefined) {
    return;
  }
  await vscode.workspace.saveAll(false);
  const settings = publishSettings(vscode.Uri.file(project.path));
  const result = await execute<PublishResult>(client, "aotd.publish", {
    project: project.path,
    configuration: settings.configuration,
    rid: settings.runtimeIdentifier,
  });
  await showPublishResult(project, result);
}

export async function runDoctor(client: LanguageClient, output: vscode.LogOutputChannel): Promise<void> {
  const report = await execute<string>(client, "aotd.doctor");
  output.info(`doctor\n${report}`);
  output.show(true);
}

async function chooseProject(client: LanguageClient): Promise<Project | undefined> {
  const projects = await execute<Project[]>(client, "aotd.projects");
  if (projects.length === 0) {
    await vscode.window.showWarningMessage("aotd: no project with a program to publish in this workspace.");
    return undefined;
  }
  if (projects.length === 1) {
    return projects[0];
  }
  const items = projects.map((project) => ({ label: project.name, description: project.folder, project }));
  const picked = await vscode.window.showQuickPick(items, { title: "Publish Native AOT", placeHolder: "Project to publish" });
  return picked?.project;
}

async function showPublishResult(project: Project, result: PublishResult): Promise<void> {
  if (result.cancelled) {
    await vscode.window.showInformationMessage(`aotd: publish of ${project.name} was cancelled.`);
  } else if (!result.succeeded || result.path === undefined) {
    const problems = "Show Problems";
    const failed = `aotd: publish of ${project.name} failed: ${result.message}`;
    if ((await vscode.window.showErrorMessage(failed, problems)) === problems) {
      await vscode.commands.executeCommand("workbench.actions.view.problems");
    }
  } else {
    await offerProgram(project, result.path, result.message);
  }
}

async function offerProgram(project: Project, program: string, message: string): Promise<void> {
  const reveal = "Reveal";
  const run = "Run in Terminal";
  const chosen = await vscode.window.showInformationMessage(`aotd: ${message}`, reveal, run);
  if (chosen === reveal) {
    // A program on another machine cannot be shown by this one's file manager.
    const command = vscode.env.remoteName === undefined ? "revealFileInOS" : "revealInExplorer";
    await vscode.commands.executeCommand(command, vscode.Uri.file(program));
  } else if (chosen === run) {
    const terminal = vscode.window.createTerminal({ name: project.name, cwd: project.folder });
    terminal.show();
    terminal.sendText(quoted(program));
  }
}

function quoted(program: string): string {
  return process.platform === "win32" ? `& "${program}"` : `'${program.replaceAll("'", `'\\''`)}'`;
}

function execute<Result>(client: LanguageClient, command: string, ...parameters: unknown[]): Promise<Result> {
  return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: parameters }) as Promise<Result>;
}
