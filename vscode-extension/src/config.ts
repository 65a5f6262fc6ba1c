// Settings of the editor into typed values; the only module that knows their names.

import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

/** Program and arguments that start the server. */
export interface ServerCommand {
  readonly program: string;
  readonly arguments: readonly string[];
}

/** What the publish command asks for; an empty runtime identifier leaves the choice to the project. */
export interface PublishSettings {
  readonly configuration: string;
  readonly runtimeIdentifier: string;
}

const SECTION = "aotd";

export function affectsServerCommand(event: vscode.ConfigurationChangeEvent): boolean {
  return event.affectsConfiguration(`${SECTION}.serverCommand`);
}

/**
 * The configured command; else the `aotd` of a trusted folder's `.venv`; else `aotd` on PATH.
 * A folder that is not trusted never chooses which program runs.
 */
export function serverCommand(): ServerCommand {
  const [program, ...rest] = vscode.workspace.getConfiguration(SECTION).get<string[]>("serverCommand", []);
  // Nothing of a workspace that is not trusted is run; granting trust starts the server anew.
  const verb = vscode.workspace.isTrusted ? ["lsp"] : ["--restricted", "lsp"];
  if (program !== undefined) {
    return { program, arguments: [...rest, ...verb] };
  }
  return { program: workspaceProgram() ?? "aotd", arguments: verb };
}

export function publishSettings(project: vscode.Uri): PublishSettings {
  const settings = vscode.workspace.getConfiguration(`${SECTION}.publish`, project);
  return {
    configuration: settings.get<string>("configuration", "Release"),
    runtimeIdentifier: settings.get<string>("runtimeIdentifier", ""),
  };
}

function workspaceProgram(): string | undefined {
  if (!vscode.workspace.isTrusted) {
    return undefined;
  }
  const inside = process.platform === "win32" ? path.join("Scripts", "aotd.exe") : path.join("bin", "aotd");
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === "file")
    .map((folder) => path.join(folder.uri.fsPath, ".venv", inside))
    .find((candidate) => fs.existsSync(candidate));
}
